"""A screen of one's own: Xvfb, looked at through its framebuffer file, touched with xdotool."""

from __future__ import annotations

import os
import struct
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

T = TypeVar("T")
WIDTH, HEIGHT = 1440, 900


class Screen:
    """A running Xvfb display."""

    def __init__(self, number: int, folder: Path) -> None:
        self.name = f":{number}"
        self._buffer = folder / "Xvfb_screen0"

    def look(self) -> NDArray[np.uint8]:
        """What is on the screen: (height, width, 3) RGB, from the XWD file Xvfb keeps."""
        data = self._buffer.read_bytes()
        header = struct.unpack(">25I", data[:100])
        height, line = header[5], header[12]
        start = header[0] + header[19] * 12
        rows = np.frombuffer(data, np.uint8, height * line, start).reshape(height, line // 4, 4)
        return rows[:, :WIDTH, 2::-1]

    def touch(self, *words: object) -> None:
        """Runs xdotool."""
        environment = {**os.environ, "DISPLAY": self.name}
        command = ["xdotool", *(str(word) for word in words)]
        subprocess.run(command, env=environment, check=True, timeout=20)

    def drag(self, start: tuple[float, float], end: tuple[float, float], steps: int = 8) -> None:
        """Presses the left button at a place, moves in steps, lets go."""
        self.touch("mousemove", round(start[0]), round(start[1]))
        time.sleep(0.1)
        self.touch("mousedown", 1)
        for step in range(1, steps + 1):
            share = step / steps
            x = start[0] + (end[0] - start[0]) * share
            y = start[1] + (end[1] - start[1]) * share
            self.touch("mousemove", round(x), round(y))
            time.sleep(0.03)
        self.touch("mouseup", 1)


@contextmanager
def screen(folder: Path) -> Iterator[Screen]:
    """Starts a display on a free number and ends it afterwards."""
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", f"{WIDTH}x{HEIGHT}x24"]
    command += ["-fbdir", str(folder), "-nolisten", "tcp"]
    process = subprocess.Popen(
        command, pass_fds=(writing,), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    os.close(writing)
    try:
        with os.fdopen(reading) as pipe:
            number = int(pipe.readline())
        yield Screen(number, folder)
    finally:
        process.terminate()
        process.wait(timeout=20)


def wait_for(look: Callable[[], T], *, seconds: float, what: str) -> T:
    """Looks again and again until there is something to see."""
    due = time.monotonic() + seconds
    while time.monotonic() < due:
        found = look()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"waited {seconds} s in vain for {what}")
