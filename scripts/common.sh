# Small helpers for the scripts beside this file (sourced, not run).

say() { printf 'labwire: %s\n' "$*" >&2; }

fail() {
    printf 'labwire: %s\n' "$*" >&2
    exit 1
}

# up_to_date STAMP KEY: whether STAMP was written for KEY.
up_to_date() { [ -f "$1" ] && [ "$(cat "$1")" = "$2" ]; }

# Debian puts brokers into /usr/sbin, which is not on everybody's PATH; Homebrew has its own sbin.
find_program() {
    PATH="$PATH:/usr/sbin:/usr/local/sbin:/opt/homebrew/sbin:/opt/homebrew/bin:/usr/local/bin" command -v "$1"
}

package_manager() {
    for manager in apt-get dnf pacman zypper apk brew; do
        if command -v "$manager" >/dev/null 2>&1; then
            echo "$manager"
            return
        fi
    done
    echo none
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null 2>&1; then
        sudo "$@"
    else
        fail "this needs root and there is no sudo: run '$*' as root, then make again"
    fi
}

# install_package NAME WHY: install NAME with the system's package manager, saying so first.
install_package() {
    manager=$(package_manager)
    [ "$manager" = none ] && fail "$2, and no package manager I know is here: please install '$1' and run make again"
    say "$2: installing '$1' with $manager"
    case "$manager" in
    apt-get)
        as_root apt-get update -qq </dev/null
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$1" </dev/null
        ;;
    dnf) as_root dnf install -y -q "$1" </dev/null ;;
    pacman) as_root pacman -S --noconfirm --needed "$1" </dev/null ;;
    zypper) as_root zypper --non-interactive install "$1" </dev/null ;;
    apk) as_root apk add --quiet "$1" </dev/null ;;
    brew) brew install --quiet "$1" </dev/null ;;
    esac
}
