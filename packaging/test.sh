#!/usr/bin/env bash
# Checks everything that a reviewer would: format, lint, types, contracts, tests.
# Arguments go to pytest. Every stage runs; the exit code is 0 only when all are clean.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
cd "$root"

failed=()

stage() {
    local name=$1 started=$SECONDS result=ok
    shift
    "$@" || { result=FAILED && failed+=("$name"); }
    say "== $name: $result, $((SECONDS - started)) s"
}

# Tests with real mouse and key events need these; without them they are skipped.
ensure_display_tools() {
    local missing=()
    command -v Xvfb >/dev/null || missing+=(xvfb)
    command -v xdotool >/dev/null || missing+=(xdotool)
    [ ${#missing[@]} -eq 0 ] || install_system_packages "${missing[@]}" ||
        say "Tests that drive a real window will be skipped."
}

# DCMTK draws real DICOM files as a witness; without it, or without the files, that is skipped.
ensure_witness() {
    command -v dcm2pnm >/dev/null || install_system_packages dcmtk ||
        say "Tests against DCMTK's rendering will be skipped."
}

install_project test
ensure_qt_libraries
ensure_display_tools
ensure_witness

bin=$venv/bin
stage format "$bin/ruff" format --check .
stage lint "$bin/ruff" check .
stage types "$bin/mypy"
stage contracts "$bin/lint-imports"
if [ ${#failed[@]} -gt 0 ]; then
    say "== not clean: ${failed[*]}"
fi
# Last, so that its summary is the last line.
"$python" -m pytest "$@" || failed+=(tests)
[ ${#failed[@]} -eq 0 ]
