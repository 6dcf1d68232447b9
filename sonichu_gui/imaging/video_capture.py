"""The video library, opened on a stream that is already open: no name of a file reaches it.

A name may be a pattern, an address or too long for the system. The number of an open file is
none of these, and is the very file that was identified, even if another has taken its name.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

if TYPE_CHECKING:
    import cv2

    from sonichu_gui.domain.frame import Pixels

OPEN_FILES = Path("/dev/fd")
"""Where a system lists a program's open files by their numbers; Windows has no such place."""

UNCOMPRESSED = ""
"""What `codec_of` gives for pictures that are not compressed."""

_QUIET, _SILENT = "-8", 0
_PACKETS, _PLAIN_BGR, _BOTTOM_UP = -1, b"BGR\x18", b"BottomUp"

MOST_DAMAGED = 32
"""Pictures in a row that may be damaged before a video counts as ended."""


def open_pictures(stream: BinaryIO) -> cv2.VideoCapture:
    """Opens a stream to decode its pictures.

    One thread and no special hardware: the same pictures on every machine, and seeking does not
    first fill the pipes of many threads. Plain blue, green and red from the bottom row up, as
    uncompressed AVIs have them, are taken from the packets: the library's own copying of them
    writes outside its memory and ends the program (seen in 5.0.0).
    """
    import cv2

    capture = _open(
        stream,
        (cv2.CAP_PROP_N_THREADS, 1),
        (cv2.CAP_PROP_HW_ACCELERATION, cv2.VIDEO_ACCELERATION_NONE),
    )
    layout = letters(capture, cv2.CAP_PROP_CODEC_PIXEL_FORMAT)
    if codec_of(capture) == UNCOMPRESSED and layout == _PLAIN_BGR:
        capture.release()
        return _open_packets(stream)
    return capture


@contextmanager
def pictures_of(stream: BinaryIO) -> Iterator[cv2.VideoCapture]:
    """Opens a stream to decode its pictures, for as long as the block lasts."""
    capture = open_pictures(stream)
    try:
        yield capture
    finally:
        capture.release()


@contextmanager
def packets_of(stream: BinaryIO) -> Iterator[cv2.VideoCapture]:
    """Opens a stream to walk its packets, undecoded: that takes a hundredth of the time."""
    capture = _open_packets(stream)
    try:
        yield capture
    finally:
        capture.release()


def grabs(capture: cv2.VideoCapture) -> Iterator[bool]:
    """Goes from picture to picture: True where one is at hand, False where one is damaged.

    A damaged picture and the end look the same, so the end is where many in a row are not there.
    """
    failed = 0
    while failed < MOST_DAMAGED:
        is_there = capture.grab()
        failed = 0 if is_there else failed + 1
        yield is_there


def pixels_at_hand(capture: cv2.VideoCapture) -> Pixels | None:
    """Gives the picture last grabbed.

    Returns:
        (height, width, 3) RGB, or (height, width) where it is stored in grey; None when there is
        none.
    """
    import cv2

    is_there, pixels = capture.retrieve()
    if not is_there or pixels is None:
        return None
    if not can_seek(capture):
        return _plain_pixels(capture, np.asarray(pixels, dtype=np.uint8).ravel())
    if pixels.ndim == 2:
        words = np.asarray(pixels).astype(np.uint16)
        return (words >> 8 if pixels.dtype.itemsize > 1 else words).astype(np.uint8)
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), dtype=np.uint8)


def can_seek(capture: cv2.VideoCapture) -> bool:
    """Whether the library may be asked to seek: over bare packets that ends the program."""
    import cv2

    return bool(capture.get(cv2.CAP_PROP_FORMAT) != _PACKETS)


def _plain_pixels(capture: cv2.VideoCapture, packet: Pixels) -> Pixels | None:
    """Gives (height, width, 3) RGB of a packet of rows, each of which may be padded to words."""
    import cv2

    width = int(capture.get(cv2.CAP_PROP_FRAME_WIDTH))
    height = int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
    padded = (3 * width + 3) // 4 * 4
    length = padded if packet.size >= padded * height else 3 * width
    if packet.size < length * height:
        return None
    rows = packet[: length * height].reshape(height, length)[:, : 3 * width]
    pixels = rows.reshape(height, width, 3)[..., ::-1]
    is_upward = _BOTTOM_UP in parameters_of(capture)
    return np.ascontiguousarray(pixels[::-1] if is_upward else pixels)


def parameters_of(capture: cv2.VideoCapture) -> bytes:
    """Gives what a container states of the codec beside the packets, b"" when nothing.

    Args:
        capture: Of packets, one of them at hand.
    """
    import cv2

    place = int(capture.get(cv2.CAP_PROP_CODEC_EXTRADATA_INDEX))
    is_there, octets = capture.retrieve(flag=place)
    return bytes(octets) if is_there and octets is not None else b""


def letters(capture: cv2.VideoCapture, prop: int) -> bytes:
    """Gives a property whose number is made of four letters."""
    return (int(capture.get(prop)) & 0xFFFFFFFF).to_bytes(4, "little")


def codec_of(capture: cv2.VideoCapture) -> str:
    """Gives how the pictures are compressed, in four small letters of the library's own."""
    import cv2

    return letters(capture, cv2.CAP_PROP_FOURCC).decode("latin-1").strip(" \0").lower()


def _open_packets(stream: BinaryIO) -> cv2.VideoCapture:
    import cv2

    return _open(stream, (cv2.CAP_PROP_FORMAT, _PACKETS))


def _open(stream: BinaryIO, *properties: tuple[int, int]) -> cv2.VideoCapture:
    import cv2

    # The decoders and the library around them write remarks to the terminal. The decoders read
    # the variable when the first of them starts; who wants to read theirs sets it.
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", _QUIET)
    # Version 5 moved it.
    set_log_level = getattr(cv2, "setLogLevel", None) or cv2.utils.logging.setLogLevel
    set_log_level(_SILENT)
    stream.seek(0)  # some systems give the same place in the file to whoever opens its number
    if OPEN_FILES.is_dir():
        address = str(OPEN_FILES / str(stream.fileno()))
    else:
        address = str(Path(stream.name).absolute())
    return cv2.VideoCapture(
        address, cv2.CAP_FFMPEG, [number for pair in properties for number in pair]
    )
