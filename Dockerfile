# One image a service: docker build --target edge|msr|logger|bridge|calibration|setup .
# All of them install the same wheel, each with its own extra only.
ARG PYTHON=python:3.13-slim-bookworm
ARG NODE=node:22-bookworm-slim

# --- the page's libraries, as package-lock.json names them ---
FROM ${NODE} AS page
WORKDIR /src/dashboard
COPY dashboard/package.json dashboard/package-lock.json dashboard/.npmrc ./
RUN npm ci --omit=dev --no-audit --no-fund

# --- one wheel: the packages, mosquitto.conf and the page ---
FROM ${PYTHON} AS wheel
WORKDIR /src
COPY . .
COPY --from=page /src/dashboard/node_modules dashboard/node_modules
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /dist .

# --- what every service stands on: its own user, one folder that is written to ---
FROM ${PYTHON} AS base
RUN groupadd --gid 10001 labwire \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/labwire labwire \
    && install -d -o labwire -g labwire /var/lib/labwire /var/lib/labwire/edge /var/lib/labwire/msr \
       /var/lib/labwire/logger /var/lib/labwire/bridge /var/lib/labwire/calibration
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
COPY --from=wheel /dist /dist
WORKDIR /var/lib/labwire

FROM base AS edge
# dialout: the group that may open serial lines.
RUN pip install --no-cache-dir "$(echo /dist/labwire-*.whl)[edge]" && rm -rf /dist && usermod --append --groups dialout labwire
USER labwire
HEALTHCHECK --interval=60s --timeout=10s --start-period=30s CMD ["labwire", "health", "edge", "--config", "/etc/labwire/edge.toml"]
ENTRYPOINT ["labwire", "edge"]
CMD ["run", "--config", "/etc/labwire/edge.toml"]

FROM base AS msr
RUN pip install --no-cache-dir "$(echo /dist/labwire-*.whl)[msr]" && rm -rf /dist
USER labwire
HEALTHCHECK --interval=60s --timeout=10s --start-period=30s CMD ["labwire", "health", "msr", "--config", "/etc/labwire/msr.toml"]
ENTRYPOINT ["labwire", "msr"]
CMD ["run", "--config", "/etc/labwire/msr.toml"]

FROM base AS logger
RUN pip install --no-cache-dir "$(echo /dist/labwire-*.whl)[logger,parquet]" && rm -rf /dist
USER labwire
HEALTHCHECK --interval=60s --timeout=10s --start-period=30s CMD ["labwire", "health", "logger", "--config", "/etc/labwire/logger.toml"]
ENTRYPOINT ["labwire", "logger"]
CMD ["run", "--config", "/etc/labwire/logger.toml"]

FROM base AS bridge
RUN pip install --no-cache-dir "$(echo /dist/labwire-*.whl)[bridge,calibration]" && rm -rf /dist
USER labwire
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s CMD ["labwire", "health", "bridge", "--config", "/etc/labwire/bridge.toml"]
ENTRYPOINT ["labwire", "bridge"]
CMD ["run", "--config", "/etc/labwire/bridge.toml"]

FROM base AS calibration
RUN pip install --no-cache-dir "$(echo /dist/labwire-*.whl)[calibration]" && rm -rf /dist
USER labwire
HEALTHCHECK --interval=60s --timeout=10s --start-period=30s CMD ["labwire", "health", "calibration", "--config", "/etc/labwire/calibration.toml"]
ENTRYPOINT ["labwire", "cal"]
CMD ["serve", "--config", "/etc/labwire/calibration.toml"]

# --- runs once before the others: Mosquitto's folder, passwords, the first token ---
FROM base AS setup
RUN apt-get update && apt-get install --yes --no-install-recommends mosquitto && rm -rf /var/lib/apt/lists/* \
    && pip install --no-cache-dir "$(echo /dist/labwire-*.whl)[bridge]" && rm -rf /dist
# As root: it gives each file to the service that reads it.
ENTRYPOINT ["sh", "/etc/labwire/setup.sh"]
