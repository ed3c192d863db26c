# Every target first makes the clone ready (scripts/setup.sh); the second time that costs a blink.
#   make demo ARGS='--host 0.0.0.0 --port 8080'      make test ARGS='-k spool'
.PHONY: help setup demo test check format bench faults clean

ARGS ?=

help:
	@echo "make demo    start the demonstration: a broker, simulated instruments, the log and the page"
	@echo "make test    all tests"
	@echo "make check   format, lint, types, import rules"
	@echo "make format  format the sources and apply the linter's safe fixes"
	@echo "make bench   the benchmarks, each beside a peer"
	@echo "make faults  faults drawn at random against the whole laboratory: is anything missing or double?"
	@echo "make clean   remove what make has made (not the data)"

setup:
	@sh scripts/setup.sh

demo: setup
	@exec .venv/bin/labwire demo $(ARGS)

test: setup
	sh scripts/node.sh npm --prefix dashboard --silent test
	.venv/bin/python -m pytest $(ARGS)

check: setup
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/lint-imports --no-logo
	sh scripts/node.sh npm --prefix dashboard --silent run check

format: setup
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .

bench: setup
	.venv/bin/python -m benchmarks $(ARGS)

faults: setup
	.venv/bin/python -m benchmarks.faults $(ARGS)

clean:
	rm -rf .venv build dist dashboard/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
