#!/bin/sh
# Builds InfluxDB 2 (influxd, without its web pages) from its Go module, for the tests and benchmarks of the projection.
# Nothing is installed: the program lies in ${XDG_CACHE_HOME:-~/.cache}/labwire/influxd, and the last line says its path.
# What is there already is not built again.
#
#   sh scripts/get-influxd.sh            about 5 minutes on two cores, 3 GB below Go's and cargo's caches
#   JOBS=1 sh scripts/get-influxd.sh     on a machine that others use
#
# Needs Go 1.23 or newer, Rust (cargo, 1.72 or newer), a C compiler, the system's pkg-config, and the way to
# the module proxy of Go and the crates of Rust. Where that is too much: Docker, or influxd from your own source on PATH.
set -eu
. "$(dirname "$0")/common.sh"

VERSION=2.7.12
MODULE=github.com/influxdata/influxdb/v2
cache=${XDG_CACHE_HOME:-$HOME/.cache}/labwire/influxd
jobs=${JOBS:-2}

[ -x "$cache/influxd" ] && up_to_date "$cache/version" "$VERSION" && { echo "$cache/influxd"; exit 0; }

need() { command -v "$1" >/dev/null 2>&1 || fail "building influxd needs $1 ($2)"; }
need go "Go 1.23 or newer: the package golang"
need cargo "Rust: the packages rustc and cargo"
need cc "a C compiler: the package gcc or clang"
need pkg-config "the package pkg-config; influxdata's own only puts libflux in front of it"

mkdir -p "$cache/bin"
say "building influxd $VERSION; its libflux first (Rust), then the server (Go)"

# Flux asks for Rust 1.72 by name and treats every warning as an error: newer compilers warn of more.
export RUSTUP_TOOLCHAIN="${RUSTUP_TOOLCHAIN:-stable}" CARGO_BUILD_JOBS="$jobs" GOTOOLCHAIN=local
cat >"$cache/bin/rustc-lenient" <<'END'
#!/bin/sh
case " $* " in *" --cap-lints"*) exec "$@" ;; *) exec "$@" --cap-lints warn ;; esac
END
chmod +x "$cache/bin/rustc-lenient"
export RUSTC_WRAPPER="$cache/bin/rustc-lenient"

module_dir() { (cd "$cache" && go mod download -json "$1" | sed -n 's/^[[:space:]]*"Dir": "\(.*\)",*$/\1/p'); }
source=$(module_dir "$MODULE@v$VERSION")
[ -n "$source" ] || fail "$MODULE@v$VERSION cannot be fetched; is the module proxy of Go reachable?"

cd "$source"
go build -p "$jobs" -o "$cache/bin/pkg-config" github.com/influxdata/pkg-config
tags=osusergo,netgo,sqlite_foreign_keys,sqlite_json # no "assets": the web pages are not in the module
case "$(go env GOARCH)" in amd64 | s390x) ;; *) tags=$tags,noasm ;; esac
PATH="$cache/bin:$PATH" go build -p "$jobs" -tags "$tags" -ldflags "-s -w -X main.version=v$VERSION -X main.commit=module" \
    -o "$cache/influxd.new" ./cmd/influxd
"$cache/influxd.new" version >&2
mv "$cache/influxd.new" "$cache/influxd"
echo "$VERSION" >"$cache/version"
echo "$cache/influxd"
