"""What it takes to read files, beside the same work by the bare libraries.

Everything is made for the run, in a temporary folder that the system then holds in memory: what is
measured is the program, not the drive.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np

from sonichu_gui.commands.bench_files import FRAMES, write_frames, write_headers
from sonichu_gui.commands.bench_row import Row

HEADERS, FILES, LARGE_BYTES = 2000, 10_000, 64_000_000
"""How many headers are told apart, files are listed, and bytes have their digest taken."""

ONE_FRAME, DIGEST, HEADER, FOLDER_MS = 2.0, 1.5, 1.5, 1000.0
"""Budgets: times the bare library, times SHA-256 of bytes at hand, times pydicom alone, and until
a folder is listed."""

ROUNDS = 7


def reading_rows() -> list[Row]:
    """Measures decoding, digests, telling headers apart and listing a folder."""
    with tempfile.TemporaryDirectory(prefix="sonichu-bench-") as folder:
        place = Path(folder)
        return [*_frames(place), _digest(place), _headers(place), *_folder(place)]


def bare_decoding(path: Path, index: int) -> Callable[[], object]:
    """Gives how the library that knows a file best decodes a frame of it: Pillow or pydicom."""
    from PIL import Image
    from pydicom.pixels.utils import pixel_array

    def picture() -> object:
        with Image.open(path) as image:
            return np.asarray(image)

    return (lambda: pixel_array(path, index=index)) if path.suffix == ".dcm" else picture


def _frames(folder: Path) -> list[Row]:
    """A frame of an open file, beside the library's own decoding of it."""
    from sonichu_gui.imaging.sources import open_source

    rows = []
    for name, path in write_frames(folder).items():
        is_cine = path.suffix == ".dcm"
        index = FRAMES - 1 if is_cine else 0
        library = "pydicom" if is_cine else "Pillow"
        ours, bare = _ms(partial(open_source(path).frame, index), bare_decoding(path, index))
        rows.append(Row(f"frame: {name}", ours, "ms", library, bare, ONE_FRAME))
    return rows


def _digest(folder: Path) -> Row:
    from sonichu_gui.imaging.source_file import digest_of

    octets, path = os.urandom(LARGE_BYTES), folder / "large"

    def anew() -> str:
        # A file that has been there for a while would be known the second time.
        os.utime(path)
        return digest_of(path)

    path.write_bytes(octets)
    ours, bare = _ms(anew, lambda: hashlib.sha256(octets).digest())
    return Row(f"digest of {LARGE_BYTES // 1_000_000} MB", ours, "ms", "SHA-256", bare, DIGEST)


def _headers(folder: Path) -> Row:
    """Files grouped by their series, beside pydicom reading the same elements."""
    import pydicom

    from sonichu_gui.imaging.series_header import KEYWORDS, group_by_series

    place = folder / "series"
    place.mkdir()
    paths = write_headers(place, HEADERS)

    def bare() -> None:
        for path in paths:
            dataset = pydicom.dcmread(path, stop_before_pixels=True)
            for keyword in KEYWORDS:
                dataset.get(keyword)

    ours, theirs = _ms(lambda: deque(group_by_series(paths), maxlen=1), bare)
    return Row(f"{HEADERS} headers by series", ours, "ms", "pydicom", theirs, HEADER)


def _folder(folder: Path) -> list[Row]:
    from sonichu_gui.imaging.folder_scan import scan_in_chunks

    place = folder / "many"
    place.mkdir()
    for number in range(FILES):
        (place / f"frame{number}.png").touch()
    first, whole = _ms(
        lambda: next(scan_in_chunks(place)), lambda: deque(scan_in_chunks(place), maxlen=0)
    )
    return [
        Row(f"folder of {FILES}: first files", first, "ms", "budget", FOLDER_MS, 1.0),
        Row(f"folder of {FILES}: all", whole, "ms", "budget", FOLDER_MS, 1.0),
    ]


def _ms(*works: Callable[[], object]) -> list[float]:
    """Gives the median time of each piece of work, after one that does not count.

    They take turns, so that another program's load meets them alike.
    """
    taken: list[list[float]] = [[] for _ in works]
    for number in range(ROUNDS + 1):
        for work, times in zip(works, taken, strict=True):
            start = time.perf_counter()
            work()
            if number:
                times.append(time.perf_counter() - start)
    return [1e3 * median(times) for times in taken]
