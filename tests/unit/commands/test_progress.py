from __future__ import annotations

import io
import sys

import pytest

from sonichu_gui.commands import progress


class _Terminal(io.StringIO):
    def isatty(self):
        return True


def test_each_new_step_is_a_line(capsys):
    with progress.reporting() as report:
        report(-1.0, "Asking the hub")
        for fraction in (0.1, 0.2, 0.3):
            report(fraction, f"model.safetensors: {fraction} of 1 MB")
        report(1.0, "Done")
    assert capsys.readouterr().err.splitlines() == [
        "Asking the hub",
        "10% model.safetensors: 0.1 of 1 MB",
        "100% Done",
    ]


def test_a_step_that_takes_long_is_told_again(capsys, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    with progress.reporting() as report:
        for fraction in (0.0, 0.25, 0.5, 0.75):
            report(fraction, f"weights: {fraction}")
            now[0] += progress.SECONDS_BETWEEN_LINES * 0.6
    assert capsys.readouterr().err.splitlines() == ["0% weights: 0.0", "50% weights: 0.5"]


@pytest.mark.parametrize("fractions", [(0.5, 1.0), (-1.0, 0.5)])
def test_a_terminal_shows_a_bar_and_takes_it_away(monkeypatch, fractions):
    terminal = _Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    with progress.reporting() as report:
        for fraction in fractions:
            report(fraction, "[weights]: half")
    assert "[weights]: half" in terminal.getvalue()


def test_a_failure_passes_through_the_bar(monkeypatch):
    monkeypatch.setattr(sys, "stderr", _Terminal())
    with pytest.raises(KeyboardInterrupt), progress.reporting():
        raise KeyboardInterrupt
