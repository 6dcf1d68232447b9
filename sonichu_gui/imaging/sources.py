"""The one way from a path to frames: `open_source` asks the reader whose files look like this.

Content decides, never the name: files are renamed more often than rewritten.
Importing this module loads no decoder; a reader loads its own when its first file is opened.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from sonichu_gui.errors import FrameError
from sonichu_gui.imaging.containers import is_avi, is_mkv, is_mov, is_mp4
from sonichu_gui.imaging.source_file import digest_of, first_bytes

if TYPE_CHECKING:
    from sonichu_gui.domain.calibration import Calibration
    from sonichu_gui.domain.frame import Frame
    from sonichu_gui.imaging.storage import Storage
    from sonichu_gui.imaging.windows import WindowPreset

__all__ = [
    "READERS",
    "FrameSource",
    "Reader",
    "digest_of",
    "format_of",
    "holds_frames",
    "is_supported_name",
    "open_source",
]

SNIFFED_BYTES = 132
_BMP_HEADERS = {bytes([length, 0, 0, 0]) for length in (12, 16, 40, 52, 56, 64, 108, 124)}


class FrameSource(Protocol):
    """An opened file: what it is, and its frames on demand."""

    @property
    def path(self) -> Path:
        """Where the file is."""

    @property
    def digest(self) -> str:
        """SHA-256 of its bytes, lower-case hex."""

    @property
    def format(self) -> str:
        """What it is, for people: "PNG", "DICOM · JPEG baseline"."""

    @property
    def frame_count(self) -> int:
        """Number of frames, at least 1."""

    @property
    def width(self) -> int:
        """Width of the first frame in pixels; only the pages of a TIFF may differ."""

    @property
    def height(self) -> int:
        """Height of the first frame in pixels."""

    @property
    def color(self) -> str:
        """How the file stores it, e.g. "grey", "rgb", "palette", "ybr".

        A colour file without any colour in it gives grey frames nevertheless.
        """

    @property
    def frame_time_ms(self) -> float | None:
        """Mean time from one frame of a cine to the next; None for stills or when not stated."""

    @property
    def times_ms(self) -> tuple[float, ...]:
        """Time of each frame since the first; empty when the file does not state them singly."""

    @property
    def calibration(self) -> Calibration:
        """What the file says about the size of a pixel, for all its frames."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know of the file that does not keep it from being shown.

        E.g. that it is cut short, or holds another number of frames than it states. Each is a
        sentence without a capital and a full stop; `calibration.warning` is for the scale alone.
        """

    @property
    def presets(self) -> tuple[WindowPreset, ...]:
        """Ways to look at grey numbers that the file offers; `frame` uses the first."""

    @property
    def storage(self) -> Storage:
        """How its samples are stored, in the words of its format; for people who compare files."""

    def frame(self, index: int) -> Frame:
        """Decodes the frame of an index, counted from 0; safe to call from several threads.

        Takes milliseconds for the frame after the last, and may take seconds for one far off in a
        video; frames of one video are decoded one at a time.

        Raises:
            FrameError: There is no such frame, or it is damaged or cut short.
        """

    def frame_with(self, index: int, preset: WindowPreset) -> Frame:
        """Decodes a frame and shows it by one of `presets`; for looking, not for the model.

        It has the identity of what `frame` gives, so it must not be put into a cache of those.

        Raises:
            FrameError: As for `frame`.
        """

    def close(self) -> None:
        """Gives back what the source holds open; a frame that is asked for later opens it again.

        May be called from any thread. A video that is being searched in another one stops, and
        `frame` there raises a `FrameError`.
        """


@dataclass(frozen=True, slots=True)
class Reader:
    """A kind of file.

    Attributes:
        name: What it is called.
        suffixes: Endings by which a folder's scan takes a file for one, lower case, with the dot.
        matches: Tells from a file's first 132 bytes whether it is one.
        open: Opens one.
    """

    name: str
    suffixes: tuple[str, ...]
    matches: Callable[[bytes], bool]
    open: Callable[[Path], FrameSource]


def _starts_with(*signatures: bytes) -> Callable[[bytes], bool]:
    return lambda head: head.startswith(signatures)


def _is_bmp(head: bytes) -> bool:
    # Two letters begin many a text; the length of the header that follows tells.
    return head.startswith(b"BM") and head[14:18] in _BMP_HEADERS


def _open_dicom(path: Path) -> FrameSource:
    from sonichu_gui.imaging.dicom import open_dicom

    return open_dicom(path)


def _open_raster(file_format: str) -> Callable[[Path], FrameSource]:
    def open_as(path: Path) -> FrameSource:
        from sonichu_gui.imaging.raster import open_raster

        return open_raster(path, file_format)

    return open_as


def _is_webp(head: bytes) -> bool:
    return head.startswith(b"RIFF") and head[8:12] == b"WEBP"


def _open_video(container: str) -> Callable[[Path], FrameSource]:
    def open_as(path: Path) -> FrameSource:
        from sonichu_gui.imaging.video import open_video

        return open_video(path, container)

    return open_as


# DICOM first: its preamble may hold anything, also the beginning of a TIFF.
READERS = (
    Reader("DICOM", (".dcm", ".dicom", ".dic"), lambda head: head[128:] == b"DICM", _open_dicom),
    Reader("PNG", (".png",), _starts_with(b"\x89PNG\r\n\x1a\n"), _open_raster("PNG")),
    Reader(
        "JPEG", (".jpg", ".jpeg", ".jpe", ".jfif"), _starts_with(b"\xff\xd8\xff"),
        _open_raster("JPEG"),
    ),
    Reader("BMP", (".bmp", ".dib"), _is_bmp, _open_raster("BMP")),
    Reader(
        "TIFF", (".tif", ".tiff"),
        _starts_with(b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"), _open_raster("TIFF"),
    ),
    Reader("WebP", (".webp",), _is_webp, _open_raster("WebP")),
    Reader("AVI", (".avi",), is_avi, _open_video("AVI")),
    Reader("MOV", (".mov", ".qt"), is_mov, _open_video("MOV")),
    Reader("MP4", (".mp4", ".m4v"), is_mp4, _open_video("MP4")),
    Reader("MKV", (".mkv", ".webm"), is_mkv, _open_video("MKV")),
)  # fmt: skip


def open_source(path: Path) -> FrameSource:
    """Opens a picture, a cine or a stack.

    Args:
        path: The file; its name need not end in anything particular.

    Raises:
        FrameError: It is missing, unreadable, damaged, or not a file of frames.
        UnsupportedFrame: It is one, but nothing installed can decode it.
    """
    head = first_bytes(path, SNIFFED_BYTES)
    for reader in READERS:
        if reader.matches(head):
            return reader.open(path)
    # DICOM files of old have no preamble to tell them by; their reader looks further.
    return _open_dicom(path)


def format_of(path: Path) -> str:
    """Gives the name of the reader whose files begin as this one, "" where none does."""
    try:
        head = first_bytes(path, SNIFFED_BYTES)
    except FrameError:
        return ""
    return next((reader.name for reader in READERS if reader.matches(head)), "")


def is_supported_name(path: Path) -> bool:
    """Whether a file's name ends as those of a reader do; nothing is read."""
    suffix = path.suffix.lower()
    return any(suffix in reader.suffixes for reader in READERS)


def holds_frames(path: Path) -> bool:
    """Whether a file begins as those of a reader do, whatever its name."""
    return bool(format_of(path))
