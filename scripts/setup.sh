#!/bin/sh
# Makes a clone of labwire ready to run: .venv with the Python parts, the page's libraries, Mosquitto.
# Called by every target of the Makefile. What is already there is not done again, so a second run costs a blink:
# each part remembers a checksum of what it was made from.
#
#   sh scripts/setup.sh            everything
#   sh scripts/setup.sh mosquitto  one part: python, page, mosquitto
#
# PYTHON=/path/to/python3.12 chooses the interpreter.
set -eu
cd "$(dirname "$0")/.."
. scripts/common.sh

usable_python() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

find_python() {
    for candidate in ${PYTHON:-} python3 python3.13 python3.12 python3.11 python3.14 python; do
        if usable_python "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    fail "labwire needs Python 3.11 or newer; found here: $(python3 --version 2>&1 || echo none). Install one" \
        "(python.org, your package manager, pyenv or uv), or name it: make PYTHON=/path/to/python3.12"
}

# Debian and Ubuntu ship Python without the part that makes a .venv.
make_venv() {
    python=$(find_python)
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        [ "$(package_manager)" = apt-get ] ||
            fail "$python has no venv module; install it with your package manager and run make again"
        install_package "python$version-venv" "$python cannot make a .venv without it"
    fi
    say "making .venv with $("$python" --version)"
    rm -rf .venv
    "$python" -m venv .venv
}

set_up_python() {
    key="$(pwd) $(cat pyproject.toml hatch_build.py 2>/dev/null | cksum)"
    up_to_date .venv/.labwire "$key" && return
    if ! { [ -x .venv/bin/python ] && usable_python .venv/bin/python && .venv/bin/python -m pip --version >/dev/null 2>&1; }; then
        make_venv
    fi
    say "installing the Python packages into .venv (the first time takes a few minutes)"
    .venv/bin/python -m pip install --disable-pip-version-check --quiet --editable '.[test]'
    echo "$key" >.venv/.labwire
}

set_up_page() {
    [ -f dashboard/package-lock.json ] || return 0
    key=$(cat dashboard/package-lock.json | cksum)
    up_to_date dashboard/node_modules/.labwire "$key" && return
    say "fetching the page's libraries (npm ci in dashboard/)"
    sh scripts/node.sh npm ci --prefix dashboard --no-audit --no-fund --loglevel=error
    echo "$key" >dashboard/node_modules/.labwire
}

have_mosquitto() { find_program mosquitto >/dev/null && find_program mosquitto_passwd >/dev/null; }

set_up_mosquitto() {
    have_mosquitto && return
    install_package mosquitto "the MQTT broker is not installed"
    have_mosquitto || fail "mosquitto and mosquitto_passwd are still not found after installing the package mosquitto;" \
        "install whatever your system calls the Mosquitto broker and run make again"
    stop_packaged_service
}

# Debian's package starts a broker on port 1883 at once; labwire runs its own, with its own users.
stop_packaged_service() {
    if [ "$(package_manager)" = apt-get ] && [ -d /run/systemd/system ]; then
        say "switching off the Mosquitto service that the package has just started (labwire starts its own broker;" \
            "'systemctl enable --now mosquitto' brings it back)"
        as_root systemctl disable --now --quiet mosquitto.service || true
    fi
}

case "${1:-all}" in
python) set_up_python ;;
page) set_up_page ;;
mosquitto) set_up_mosquitto ;;
all)
    set_up_python
    set_up_page
    set_up_mosquitto
    ;;
*) fail "unknown part '$1': python, page or mosquitto" ;;
esac
