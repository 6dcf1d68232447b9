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


def test_the_end_of_a_long_step_is_told(capsys):
    with progress.reporting() as report:
        for done in range(1, 4):
            report(done / 3, f"predicting: {done} of 3 frames, 8.0/s")
    assert capsys.readouterr().err.splitlines() == [
        "33% predicting: 1 of 3 frames, 8.0/s",
        "100% predicting: 3 of 3 frames, 8.0/s",
    ]


def test_times_are_told_as_a_person_says_them():
    told = [progress.duration(seconds) for seconds in (0.2, 42, 420, 7500)]
    assert told == ["1 s", "42 s", "7 min", "2 h 5 min"]


def test_a_step_that_takes_long_is_told_again(capsys, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    with progress.reporting() as report:
        for fraction in (0.0, 0.25, 0.5, 0.75):
            report(fraction, f"weights: {fraction}")
            now[0] += progress.SECONDS_BETWEEN_LINES * 0.6
    assert capsys.readouterr().err.splitlines() == [
        "0% weights: 0.0",
        "50% weights: 0.5, 6 s left",
    ]


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
