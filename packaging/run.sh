#!/usr/bin/env bash
# Starts Sonichu from a checkout, and makes its environment first where there is none.
#
#   ./packaging/run.sh             the demo study
#   ./packaging/run.sh PATH ...    files or a folder; every argument goes to sonichu-gui
#
# Without a display it makes the tour of the demo study into ./demo-tour instead.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"

install_project run
ensure_qt_libraries

if [ $# -gt 0 ]; then
    exec "$venv/bin/sonichu-gui" "$@"
fi
if [ "$(uname)" = Linux ] && [ -z "${DISPLAY:-}${WAYLAND_DISPLAY:-}${QT_QPA_PLATFORM:-}" ]; then
    say "No display here: walking through the demo study without one, into $PWD/demo-tour"
    exec "$venv/bin/sonichu-gui" --demo --tour ./demo-tour
fi
exec "$venv/bin/sonichu-gui" --demo
