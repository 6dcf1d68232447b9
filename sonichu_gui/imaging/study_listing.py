"""What a person opened, as the list of files to work through: told step by step, for a job.

A folder is looked through with all its folders; one file brings its folder's other files along; of
several files and folders just those are listed; a DICOMDIR gives what it names. Pictures stay in
the order of their names. Where DICOM files are among them, their headers are read afterwards, and
the whole list is put in order of patient, study and series once, at the end: a list that keeps
changing its order cannot be worked in.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from sonichu_gui.errors import FrameError
from sonichu_gui.imaging.folder_scan import ScanChunk, scan_in_chunks
from sonichu_gui.imaging.series import FileFacts, SeriesTree
from sonichu_gui.imaging.sources import READERS

__all__ = [
    "Beginning",
    "ScanEnded",
    "Step",
    "WatchedFolder",
    "is_dicomdir",
    "list_study",
    "ordered",
]


@dataclass(frozen=True, slots=True)
class WatchedFolder:
    """A folder whose new files belong to the study.

    Attributes:
        path: The folder.
        recursive: Whether the folders inside count.
    """

    path: Path
    recursive: bool


@dataclass(frozen=True, slots=True)
class Beginning:
    """What is known before any folder has been read.

    Attributes:
        folder: Where the files lie; None when they are from several folders, whose labels stay
            apart.
        first: The file to be shown at once; None when it is the first that is found.
        watched: Folders whose new files belong to the study.
    """

    folder: Path | None
    first: Path | None = None
    watched: tuple[WatchedFolder, ...] = ()


@dataclass(frozen=True, slots=True)
class ScanEnded:
    """All files are known; what may follow is their order."""


Step = Beginning | ScanChunk | ScanEnded | SeriesTree


def list_study(
    chosen: Sequence[Path], *, start: Path | None = None, report: Callable[[float], None]
) -> Iterator[Step | None]:
    """Lists what a person chose.

    Args:
        chosen: Files and folders, at least one, as absolute paths.
        start: The file to begin with, as where a study was left; passed over when it is gone.
        report: Told how far reading the headers is, from 0 to 1.

    Yields:
        A `Beginning`, chunks of files in order, `ScanEnded`, and the tree of the files where some
        belong to DICOM series; None where a job may leave. A chosen file that is not there is
        among the chunks' `unreadable`.

    Raises:
        FrameError: Nothing of what was chosen is there, or the folder or DICOMDIR cannot be read.
    """
    if start is not None and not _is(Path.is_file, start):
        start = None
    if len(chosen) > 1:
        listing = _several(chosen, start)
    elif _is(Path.is_dir, chosen[0]):
        listing = _folder(chosen[0], start)
    elif is_dicomdir(chosen[0]):
        yield from _dicomdir(chosen[0], start)
        return
    else:
        listing = _one_file(chosen[0])
    found: list[Path] = []
    for step in listing:
        if isinstance(step, ScanChunk):
            found += step.paths
        yield step
    yield ScanEnded()
    yield from ordered(found, report)


def ordered(
    paths: Sequence[Path],
    report: Callable[[float], None],
    read: Callable[[Path], FileFacts | None] | None = None,
) -> Generator[SeriesTree | None, None, SeriesTree | None]:
    """Puts the DICOM files among some in order of their series; reads headers.

    Args:
        paths: Files in the order of their names.
        report: Told how far it is, from 0 to 1.
        read: Reads the header of a file, where some are known already; else each is read.

    Yields:
        None after each header, and the tree of all files at the end. No tree comes where less than
        two of them belong to a series: a head above one file says nothing.

    Returns:
        The tree, or None.
    """
    from sonichu_gui.imaging.series_header import group_by_series

    candidates = [path for path in paths if _may_be_dicom(path)]
    if len(candidates) < 2:
        return None
    tree = SeriesTree()
    done, told_every = 0, max(1, len(candidates) // 100)
    for step in group_by_series(candidates, read):
        if step is None:
            done += 1
            if done % told_every == 0:
                report(done / len(candidates))
            yield None
        else:
            tree = step
    in_series = {path for _, series in tree.series() for path in series.files}
    if len(in_series) < 2:
        return None
    whole = replace(tree, others=tuple(path for path in paths if path not in in_series))
    yield whole
    return whole


def is_dicomdir(path: Path) -> bool:
    """Whether a file is a disc's table of contents, by the name that the standard gives it."""
    return path.name.upper().rstrip(".") == "DICOMDIR"


def _folder(folder: Path, start: Path | None) -> Iterator[Step | None]:
    first = start if start is not None and start.is_relative_to(folder) else None
    chunks = scan_in_chunks(folder)
    # Where nothing can be shown yet the folder is read first: what was open stays if it is refused.
    head = [next(chunks)] if first is None else []
    yield Beginning(folder, first, (WatchedFolder(folder, recursive=True),))
    yield from _from(first, chain(head, chunks))


def _one_file(path: Path) -> Iterator[Step | None]:
    _require_there(path)
    folder = path.parent
    yield Beginning(folder, path, (WatchedFolder(folder, recursive=False),))
    try:
        yield from _from(path, scan_in_chunks(folder, recursive=False))
    except FrameError:  # one may know a file's name in a folder that one may not list
        yield ScanChunk((path,), (folder,))


def _several(chosen: Sequence[Path], start: Path | None) -> Iterator[Step | None]:
    folders = [path for path in chosen if _is(Path.is_dir, path)]
    homes = {path if path in folders else path.parent for path in chosen}
    watched = tuple(WatchedFolder(folder, recursive=True) for folder in folders)
    yield Beginning(homes.pop() if len(homes) == 1 else None, start, watched)
    yield from _from(start, _all_of(chosen, set(folders)))


def _all_of(chosen: Iterable[Path], folders: set[Path]) -> Iterator[ScanChunk | None]:
    """Gives everything chosen, each file once though a folder and a file in it were chosen."""
    from sonichu_gui.imaging.dicomdir import read_dicomdir

    known: set[Path] = set()

    def new(paths: Iterable[Path]) -> tuple[Path, ...]:
        fresh = tuple(path for path in dict.fromkeys(paths) if path not in known)
        known.update(fresh)
        return fresh

    for path in chosen:
        try:
            if path in folders:
                for chunk in scan_in_chunks(path):
                    yield replace(chunk, paths=new(chunk.paths))
            elif is_dicomdir(path):
                for tree in read_dicomdir(path):
                    yield None if tree is None else ScanChunk(new(tree.paths()), tree.missing)
            elif _is(Path.exists, path):
                yield ScanChunk(new((path,)))
            else:
                yield ScanChunk((), (path,))
        except FrameError:
            yield ScanChunk((), (path,))


def _dicomdir(path: Path, start: Path | None) -> Iterator[Step | None]:
    from sonichu_gui.imaging.dicomdir import read_dicomdir

    steps = read_dicomdir(path)
    head = next(steps)  # refused before what is open is put away
    yield Beginning(path.parent, start)
    for tree in chain((head,), steps):
        if tree is None:
            yield None
            continue
        yield ScanChunk(tree.paths())
        yield ScanEnded()
        yield tree


def _from(first: Path | None, steps: Iterable[ScanChunk | None]) -> Iterator[ScanChunk | None]:
    """Holds chunks back until the file that is shown already is among them, in its place.

    So the list never lacks the file shown and grows at its end alone. One that no scan would give,
    as a hidden one, comes before the others.
    """
    held: list[Path] = []
    unreadable: list[Path] = []
    is_held = first is not None
    for step in steps:
        if step is None or not is_held:
            yield step
            continue
        held += step.paths
        unreadable += step.unreadable
        if first in step.paths:
            is_held = False
            yield ScanChunk(tuple(held), tuple(unreadable))
        else:
            yield None
    if is_held and first is not None:
        yield ScanChunk((first, *held), tuple(unreadable))


def _is(kind: Callable[[Path], bool], path: Path) -> bool:
    """Whether a path is of a kind; not where a name is too long, or nobody may look."""
    try:
        return kind(path)
    except OSError:
        return False


def _require_there(path: Path) -> None:
    """Refuses a file that is not there.

    Raises:
        FrameError: It is not there, or cannot be reached.
    """
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError, ValueError) as error:
        raise FrameError(
            f"{path} does not exist.", "It was moved or renamed, or its drive is not connected."
        ) from error
    except OSError as error:
        raise FrameError(
            f"{path} cannot be reached: {error.strerror or error}.", "Check that you may read it."
        ) from error


def _may_be_dicom(path: Path) -> bool:
    suffix = path.suffix.lower()
    return not suffix or suffix[1:].isdigit() or suffix in READERS[0].suffixes
