"""What a frame reader has to do: the frame that is wanted, and what is to be read next to it."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from sonichu_gui.domain.frame import Frame
    from sonichu_gui.imaging.course import Course, FramePlace
    from sonichu_gui.imaging.sources import FrameSource


class ReadFrame(NamedTuple):
    """A frame with the file it is from."""

    path: Path
    source: FrameSource
    frame: Frame


@dataclass(slots=True, eq=False)
class Wanted:
    """The frame to be shown; `answered` once its future is settled or just about to be."""

    place: FramePlace
    course: Course
    future: Future[ReadFrame]
    answered: bool = False


@dataclass(slots=True, eq=False)
class Plan:
    """What is to be read ahead of a frame.

    Attributes:
        path: The file of that frame.
        frame_bytes: Size of that frame, and so about that of others in its file.
        places: What is left to be read.
        room: Bytes that may still be read ahead without giving up that frame or one of these.
    """

    path: Path
    frame_bytes: int
    places: deque[FramePlace]
    room: int


def bytes_of(source: FrameSource) -> int:
    """About how many bytes a frame of a file takes, at most."""
    return source.width * source.height * (1 if source.color == "grey" else 3)


def settle(future: Future[ReadFrame], result: ReadFrame | BaseException) -> None:
    """Answers whoever waits for a frame, unless they have taken it back."""
    if not future.set_running_or_notify_cancel():
        return
    if isinstance(result, BaseException):
        future.set_exception(result)
    else:
        future.set_result(result)
