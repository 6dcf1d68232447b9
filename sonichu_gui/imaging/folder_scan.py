"""The files of a folder that may hold frames, in the order a person counts: 2 before 10.

Names come first and contents later: a name tells whether a file is one of ours, and only a name
that says nothing is looked into, for its first bytes. Digests, sizes, series and small pictures
are made when somebody asks for them.

A folder's own files come first, then its folders. Hidden files are left out. Links are followed,
each folder is read once, so links in a circle end. What lies deeper than the system can name, or
may not be looked into, is left out and told.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from sonichu_gui.errors import FrameError
from sonichu_gui.imaging.source_file import first_bytes
from sonichu_gui.imaging.sources import READERS, SNIFFED_BYTES, is_supported_name

__all__ = ["ScanChunk", "in_scan_order", "may_hold_frames", "scan_folder", "scan_in_chunks", "walk"]

CHUNK_SECONDS = 0.05
"""A list that grows more often than a person can see only keeps the window busy."""


@dataclass(frozen=True, slots=True)
class ScanChunk:
    """What a scan has found since the chunk before.

    Attributes:
        paths: Files, in order; they go behind those of the chunks before.
        unreadable: Folders that could not be looked into.
    """

    paths: tuple[Path, ...]
    unreadable: tuple[Path, ...] = ()


class Listed(NamedTuple):
    """A file as its folder lists it, or (without an entry) a folder that cannot be read."""

    path: Path
    entry: os.DirEntry[str] | None


def scan_in_chunks(folder: Path, *, recursive: bool = True) -> Iterator[ScanChunk]:
    """Gives what a folder holds while it is still being read.

    A job may leave between any two chunks: one comes at least about every `CHUNK_SECONDS` of work,
    an empty one where nothing was found. Closing the generator ends the scan.

    Args:
        folder: Where to look.
        recursive: Whether to look in the folders inside.

    Yields:
        Chunks of paths that begin with `folder`; together they are what `scan_folder` gives.

    Raises:
        FrameError: `folder` itself is missing, not a folder, or not readable.
    """
    paths: list[Path] = []
    unreadable: list[Path] = []
    due = time.monotonic() + CHUNK_SECONDS
    for listed in walk(folder, recursive=recursive):
        if listed.entry is None:
            unreadable.append(listed.path)
        elif may_hold_frames(listed.path):
            paths.append(listed.path)
        if time.monotonic() >= due:
            yield ScanChunk(tuple(paths), tuple(unreadable))
            paths, unreadable = [], []
            due = time.monotonic() + CHUNK_SECONDS
    yield ScanChunk(tuple(paths), tuple(unreadable))


def scan_folder(folder: Path, *, recursive: bool = True) -> Iterator[Path]:
    """Gives the files of a folder that may hold frames, as it finds them.

    A name without an ending, or with a bare number for one as scanners write them, counts when the
    file says "DICM".

    Args:
        folder: Where to look.
        recursive: Whether to look in the folders inside.

    Yields:
        Paths that begin with `folder`.

    Raises:
        FrameError: `folder` itself is missing, not a folder, or not readable.
    """
    for listed in walk(folder, recursive=recursive):
        if listed.entry is not None and may_hold_frames(listed.path):
            yield listed.path


def walk(folder: Path, *, recursive: bool = True) -> Iterator[Listed]:
    """Gives every visible file of a folder, and the folders inside that cannot be read.

    Raises:
        FrameError: `folder` itself is missing, not a folder, or not readable.
    """
    seen: set[tuple[int, int]] = set()
    waiting = [folder]
    while waiting:
        place = waiting.pop()
        try:
            if (entries := _listed(place, seen)) is None:
                continue
        except OSError as error:
            if place is folder:
                raise _unreadable(folder, error) from error
            yield Listed(place, None)
            continue
        inside = [entry for entry in entries if _is_folder(entry)]
        inside_names = {entry.name for entry in inside}
        for entry in entries:
            if entry.name not in inside_names:
                yield Listed(place / entry.name, entry)
        if recursive:
            waiting += (place / entry.name for entry in reversed(inside))


def may_hold_frames(path: Path) -> bool:
    """Whether a file is one of ours: by its name, or its beginning where that says nothing."""
    if path.suffix and not path.suffix[1:].isdigit():
        return is_supported_name(path)
    if path.name.upper() == "DICOMDIR":  # the table of contents of a disc: DICOM without pixels
        return False
    try:
        return READERS[0].matches(first_bytes(path, SNIFFED_BYTES))
    except FrameError:
        return False


def in_scan_order(folder: Path, paths: Iterable[Path]) -> list[Path]:
    """Sorts files of a folder as a scan would give them.

    Args:
        folder: The folder that was scanned.
        paths: Files in it; others come last, by their whole path.
    """
    by_count = _by_count()

    def key(path: Path) -> tuple[object, ...]:
        is_inside = path.is_relative_to(folder)
        *folders, name = (path.relative_to(folder) if is_inside else path).parts
        return (not is_inside, *((1, by_count(each)) for each in folders), (0, by_count(name)))

    return sorted(paths, key=key)


def _listed(place: Path, seen: set[tuple[int, int]]) -> list[os.DirEntry[str]] | None:
    """Lists a folder in order, None where it was `seen` before."""
    stat = place.stat()
    if (stat.st_dev, stat.st_ino) in seen:
        return None
    seen.add((stat.st_dev, stat.st_ino))
    with os.scandir(place) as found:
        visible = [entry for entry in found if not entry.name.startswith(".")]
    by_count = _by_count()
    return sorted(visible, key=lambda entry: by_count(entry.name))


def _by_count() -> Callable[[str], Any]:
    from natsort import natsort_keygen, ns

    key = natsort_keygen(alg=ns.IGNORECASE)
    # Names that differ by case alone keep one order from scan to scan.
    return lambda name: (key(name), name)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself, or to where nobody may look
        return False


def _unreadable(folder: Path, error: OSError) -> FrameError:
    return FrameError(
        f"{folder} cannot be read as a folder: {error.strerror or error}.",
        "Check that it exists and that you may read it.",
    )
