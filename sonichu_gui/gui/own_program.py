"""Runs a command of the app as a program of its own, and ends it when nobody wants it any more.

For a job's thread: it waits for the program and passes on what that tells. The program's standard
input is a line to us: when it ends, by a stop or because we were killed, the program stops as by
Ctrl+C, which keeps what is done. One that does not is ended by force.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from sonichu_gui.errors import SonichuError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sonichu_gui.gui.job import IsCancelled, Report

GRACE_S = 8.0
"""How long a program may take to stop; a step and a checkpoint are done by then."""
_POLL_S = 0.1
_OUT, _ERR = "out", "err"


class StoppedProgram(SonichuError):
    """The program was told to stop."""


def own_command() -> list[str]:
    """Gives what starts `sonichu` again: this Python, or the program beside a frozen window."""
    if not getattr(sys, "frozen", False):
        return [sys.executable, "-m", "sonichu_gui"]
    app = Path(sys.executable)
    return [str(app.with_name(f"sonichu{app.suffix}"))]


def run_own_program(
    arguments: Sequence[str], *, is_cancelled: IsCancelled, report: Report
) -> dict[str, Any]:
    """Runs `sonichu` with these arguments and gives the JSON document that it prints.

    Args:
        arguments: Its command, which must know `--attached` and `--json`.
        is_cancelled: Asked ten times a second.
        report: Told the progress as the program tells it.

    Raises:
        StoppedProgram: It was stopped.
        SonichuError: What the program says went wrong.
    """
    # Output in our encoding whatever the system's; training threads that spin would take the
    # cores from the window.
    surroundings = os.environ | {"PYTHONUTF8": "1", "OMP_WAIT_POLICY": "PASSIVE"}
    try:
        program = subprocess.Popen(  # noqa: S603 - our own program
            [*own_command(), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            env=surroundings,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except OSError as error:
        raise SonichuError(
            f"The training program cannot be started: {error.strerror or error}.",
            "Install the app again.",
        ) from error
    said: queue.Queue[tuple[str, str]] = queue.Queue()
    readers = [_reader(program.stdout, _OUT, said), _reader(program.stderr, _ERR, said)]
    try:
        told = _followed(program, said, readers, is_cancelled, report)
    finally:
        _end(program)
        for reader in readers:
            reader.join()
    if is_cancelled():
        raise StoppedProgram("It was stopped.", "What is done is kept: it goes on from there.")
    return _document(program.returncode, told)


def _reader(
    stream: IO[str] | None, name: str, said: queue.Queue[tuple[str, str]]
) -> threading.Thread:
    def read() -> None:
        with stream as lines:  # type: ignore[union-attr]  # both are pipes
            for line in lines:
                said.put((name, line))

    thread = threading.Thread(target=read, name=f"sonichu-program-{name}", daemon=True)
    thread.start()
    return thread


def _followed(
    program: subprocess.Popen[str],
    said: queue.Queue[tuple[str, str]],
    readers: Sequence[threading.Thread],
    is_cancelled: IsCancelled,
    report: Report,
) -> dict[str, list[str]]:
    """Passes progress on until the program has ended or is to stop; the other lines, by stream."""
    told: dict[str, list[str]] = {_OUT: [], _ERR: []}
    while not is_cancelled():
        try:
            name, line = said.get(timeout=_POLL_S)
        except queue.Empty:
            if program.poll() is not None and not any(reader.is_alive() for reader in readers):
                break
            continue
        progress = _progress(line) if name == _ERR else None
        if progress is None:
            told[name].append(line)
        else:
            report(*progress)
    return told


def _progress(line: str) -> tuple[float, str] | None:
    if not line.startswith("{"):
        return None
    try:
        told = json.loads(line)
        return float(told["done"]), str(told["text"])
    except (ValueError, LookupError, TypeError):
        return None


def _end(program: subprocess.Popen[str]) -> None:
    """Waits for its end, which the end of its standard input asks for; then by force."""
    if program.stdin is not None:
        program.stdin.close()
    try:
        program.wait(GRACE_S)
    except subprocess.TimeoutExpired:
        program.kill()
        program.wait()


def _document(code: int, told: dict[str, list[str]]) -> dict[str, Any]:
    """What it printed.

    Raises:
        SonichuError: It failed; in the program's own words where it has said why.
    """
    if code == 0:
        found: dict[str, Any] = json.loads("".join(told[_OUT]))
        return found
    lines = [line.rstrip() for line in told[_ERR] if line.strip()]
    at = next((n for n, line in enumerate(lines) if line.startswith("sonichu: ")), None)
    if at is not None:
        hint = lines[at + 1].strip() if len(lines) > at + 1 else ""
        raise SonichuError(lines[at].removeprefix("sonichu: "), hint)
    if code < 0 or code == 137:
        raise SonichuError(
            "The training was ended from outside, perhaps for want of memory.",
            "What is done is kept: start it again, and it goes on from there.",
        )
    last = lines[-1] if lines else "it said nothing"
    raise SonichuError(
        f"The training program failed: {last}.".replace("..", "."),
        "Start it again: it goes on from its last checkpoint.",
    )
