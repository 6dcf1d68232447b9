"""The file behind a source: what identifies it, and how its failures are told.

Whatever a broken file makes a decoder raise leaves this package as a `FrameError` that names the
file. A decoder's own words are not passed on: they may quote what a header says about a patient.
"""

from __future__ import annotations

import hashlib
import logging
import os
import stat
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from sonichu_gui.errors import FrameError, SonichuError

if TYPE_CHECKING:
    from io import BufferedReader

MAX_FRAME_PIXELS = 50_000_000
"""Largest frame that is read, in pixels: beyond any scanner, and decoded within a gigabyte."""

_LARGE = 1024 * 1024
_SETTLED_S = 2.0
_known_digests: dict[tuple[int, ...], str] = {}
"""Of large files that were read, by their state then; a few hundred bytes each."""

_DECODERS = r"(pydicom|PIL|sonichu_gui\.imaging)\b"


class CutShortError(EOFError):
    """The file ends before the pixels do."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file as it was when it was opened.

    Attributes:
        path: Where it is.
        digest: SHA-256 of its bytes, lower-case hex.
        size: Length in bytes.
        modified_ns: Time of its last change.
    """

    path: Path
    digest: str
    size: int
    modified_ns: int

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """Opens the file again, for reading in any thread.

        Raises:
            FrameError: It is gone, or not what it was: its pixels would go by a wrong digest.
        """
        with opened(self.path) as stream:
            now = os.fstat(stream.fileno())
            if (now.st_size, now.st_mtime_ns) != (self.size, self.modified_ns):
                raise FrameError(f"{self.path} has changed since it was opened.", "Open it again.")
            yield stream

    def require_frame(self, index: int, count: int) -> None:
        """Refuses an index that the file does not hold.

        Raises:
            FrameError: The index is negative or not below `count`.
        """
        if not 0 <= index < count:
            raise FrameError(
                f"{self.path} has no frame {index}.",
                f"It holds {count}, counted from 0." if count > 1 else "It holds one, number 0.",
            )

    def require_size(self, width: int, height: int) -> None:
        """Refuses a picture without pixels, or with too many for memory.

        Raises:
            FrameError: The size is zero or above `MAX_FRAME_PIXELS`.
        """
        if width < 1 or height < 1:
            raise FrameError(
                f"{self.path} holds a picture of {width}×{height} pixels.",
                "Export it anew from where it came from.",
            )
        if width * height > MAX_FRAME_PIXELS:
            raise FrameError(
                f"{self.path} holds a picture of {width}×{height} pixels,"
                f" more than the {MAX_FRAME_PIXELS // 1_000_000} million that are read.",
                "Crop or scale it down, or check whether the file is damaged.",
            )


def identify(path: Path) -> SourceFile:
    """Reads a file once and gives its identity; a large one not again while it stays the same.

    Slow for a large file, so for a worker thread; other threads go on meanwhile.

    Raises:
        FrameError: It is missing, empty, a folder or not readable.
    """
    with opened(path) as stream:
        status = os.fstat(stream.fileno())
        if status.st_size == 0:
            raise FrameError(f"{path} is empty.", "Copy it again from where it came from.")
        digest = _known_digests.get(_state_of(status))
        if digest is None:
            digest = hashlib.file_digest(cast("BufferedReader", stream), "sha256").hexdigest()
            if status.st_size >= _LARGE and status.st_mtime < time.time() - _SETTLED_S:
                _known_digests[_state_of(status)] = digest
    return SourceFile(path, digest, status.st_size, status.st_mtime_ns)


def _state_of(status: os.stat_result) -> tuple[int, ...]:
    """What is another after every change of a file that is older than the clock's own grain."""
    return (
        status.st_dev,
        status.st_ino,
        status.st_size,
        status.st_mtime_ns,
        status.st_ctime_ns,
    )


def digest_of(path: Path) -> str:
    """Gives the SHA-256 of a file's bytes, lower-case hex.

    Raises:
        FrameError: As for `identify`.
    """
    return identify(path).digest


def first_bytes(path: Path, count: int) -> bytes:
    """Reads the beginning of a file.

    Raises:
        FrameError: It cannot be read.
    """
    with opened(path) as stream:
        return stream.read(count)


@contextmanager
def decoding(path: Path, what: str) -> Iterator[None]:
    """Turns whatever a decoder raises into a `FrameError`.

    Args:
        path: The file being decoded.
        what: Which part of it, to begin the message: "Frame 3 of".

    Raises:
        FrameError: The block failed.
    """
    _hush_decoders()
    try:
        yield
    except SonichuError:
        raise
    except CutShortError:
        raise _cut_short(path, what) from None
    except MemoryError:
        raise FrameError(
            f"{what} {path} needs more memory than there is.",
            "Close other programs, or check whether the file is damaged.",
        ) from None
    except Exception as error:  # noqa: BLE001 - a broken file makes decoders raise anything
        words = str(error).lower()
        if isinstance(error, EOFError) or "truncated" in words or "end of file" in words:
            raise _cut_short(path, what) from None
        raise FrameError(
            f"{what} {path} cannot be decoded: its content is damaged or cut short.",
            "Copy the file again from where it came from, or export it anew.",
        ) from None


def _cut_short(path: Path, what: str) -> FrameError:
    return FrameError(
        f"{what} {path} is cut short: the file ends before the picture does.",
        "Copy the file again from where it came from.",
    )


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Opens a file for reading.

    Raises:
        FrameError: It is missing, a folder, a pipe or a device, or not readable.
    """
    try:
        _require_file(path)
        stream = path.open("rb")
    except FileNotFoundError as error:
        raise FrameError(f"{path} does not exist.", "It may have been moved or renamed.") from error
    except OSError as error:
        raise FrameError(
            f"{path} cannot be read: {error.strerror or error}.",
            "Check that you may read it and that its drive is connected.",
        ) from error
    except ValueError as error:
        raise FrameError(f"{path} is not a file name.") from error
    with stream:
        yield stream


def _require_file(path: Path) -> None:
    """Refuses what is no ordinary file: opening a pipe, or reading a device, may never end.

    Raises:
        FrameError: It is a folder, a pipe or a device.
        OSError: It is not there or out of reach.
    """
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        raise FrameError(f"{path} is a folder.", "Name a file in it.")
    if not stat.S_ISREG(mode):
        raise FrameError(f"{path} is a pipe or a device.", "Name a file.")


def _hush_decoders() -> None:
    """Keeps remarks of the decoding libraries, which quote header values, off the terminal.

    A filter once set stays: `warnings.catch_warnings` would be undone by other threads.
    """
    module = warnings.filters[0][3] if warnings.filters else None
    if getattr(module, "pattern", module) != _DECODERS:
        warnings.filterwarnings("ignore", module=_DECODERS)
        for name in ("pydicom", "PIL"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
