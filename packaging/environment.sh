# Sourced by run.sh and test.sh: the environment in .venv and the system libraries that Qt needs.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
venv=$root/.venv
python=$venv/bin/python

# What Qt opens on a bare Debian, beyond what its wheel carries.
qt_packages=(
    libegl1 libgl1 libfontconfig1 libglib2.0-0 libdbus-1-3 libxkbcommon0 libxkbcommon-x11-0
    libx11-xcb1 libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-render-util0
    libxcb-randr0 libxcb-shape0 libxcb-shm0 libxcb-sync1 libxcb-xfixes0 libxcb-xkb1
)

# One line an argument.
say() { printf '%s\n' "$@" >&2; }

fail() {
    say "$@"
    exit 1
}

# Installs Debian packages as root; anybody else is told the one command to run.
install_system_packages() {
    if ! command -v apt-get >/dev/null; then
        say "Missing: what Debian calls $*. Install it with this system's package manager."
        return 1
    fi
    if [ "$(id -u)" -ne 0 ]; then
        say "Missing system packages. Run this once, then start again:" \
            "  sudo apt-get install --no-install-recommends $*"
        return 1
    fi
    say "Installing system packages: $*"
    apt-get update -qq >&2 &&
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >&2
}

# The first interpreter that is new enough: $PYTHON, or one found by name.
find_python() {
    local candidate
    for candidate in ${PYTHON:+"$PYTHON"} python3 python3.13 python3.12 python3.11; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    fail "Python 3.11 or newer is needed and was not found. Install it, or name one: PYTHON=/path/to/python3.12"
}

make_venv() {
    local base
    if "$python" -c 'import pip' 2>/dev/null; then
        return
    fi
    base=$(find_python)
    if ! "$base" -c 'import ensurepip, venv' 2>/dev/null; then
        install_system_packages "$("$base" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')" ||
            fail "Python cannot make a virtual environment without it."
    fi
    say "Making $venv"
    "$base" -m venv --clear "$venv"
}

# What an installation depends on: when this changes, it is made anew.
fingerprint() {
    { "$python" -V && printf '%s\n' "$root" && cat "$root/pyproject.toml" "$root/packaging/constraints.txt"; } |
        sha256sum | cut -d ' ' -f 1
}

# install_project run|test: the project itself, editable; with `test` also the dev group's tools.
install_project() {
    local stamp=$venv/.installed-$1 print arguments
    make_venv
    if [ "$(cat "$stamp" 2>/dev/null)" = "$(fingerprint)" ]; then
        return
    fi
    arguments=(--constraint "$root/packaging/constraints.txt" --editable "$root")
    if [ "$1" = test ]; then
        # pip learnt --group in 25.1 and Debian's is older.
        print='import sys, tomllib; print(*tomllib.load(open(sys.argv[1], "rb"))["dependency-groups"]["dev"], sep="\n")'
        "$python" -c "$print" "$root/pyproject.toml" >"$venv/dev-requirements.txt"
        arguments+=(--requirement "$venv/dev-requirements.txt")
    fi
    say "Installing into $venv (the first time takes some minutes; torch is the large part)"
    "$python" -m pip install --quiet --disable-pip-version-check "${arguments[@]}" ||
        fail "The installation failed; pip says why above. Nothing else was changed: run this again once it is mended."
    fingerprint >"$stamp"
    # The tools come on top of what running needs.
    [ "$1" = run ] || cp "$stamp" "$venv/.installed-run"
}

# Libraries that Qt's window and its X11 plug-in ask for and the system does not have.
missing_qt_libraries() {
    local qt
    # Essentials holds the plug-in; asking Python for the folder does not load Qt.
    qt=$("$python" -c 'import importlib.util as u; print(u.find_spec("PySide6").submodule_search_locations[0])')
    # A plug-in that this build of Qt lacks is none of our business: ldd's own verdict is ignored.
    { ldd "$qt"/QtWidgets.*.so "$qt"/Qt/plugins/platforms/libq{xcb,offscreen}.so 2>/dev/null || true; } |
        awk '/not found/ && !seen[$1]++ { printf "%s ", $1 }'
}

ensure_qt_libraries() {
    local missing
    [ "$(uname)" = Linux ] || return 0
    missing=$(missing_qt_libraries)
    [ -n "$missing" ] || return 0
    say "Qt's window needs libraries that this system lacks: $missing"
    install_system_packages "${qt_packages[@]}" || exit 1
    missing=$(missing_qt_libraries)
    [ -z "$missing" ] || fail "Still missing after the installation: $missing"
}
