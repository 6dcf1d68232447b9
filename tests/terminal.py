"""Programs as a person starts them in a terminal, where Ctrl+C reaches them."""

from __future__ import annotations

import signal
import subprocess


def started(command, **options) -> subprocess.Popen:
    """Starts a program that heeds Ctrl+C, also where the tests run in the background.

    A shell makes what it puts there deaf to it, and children inherit that.
    """
    return subprocess.Popen(command, preexec_fn=_heed, **options)  # noqa: PLW1509 - sets one signal


def _heed() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
