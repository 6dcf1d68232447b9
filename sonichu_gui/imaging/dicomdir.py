"""DICOMDIR: the table of contents of a disc (DICOM PS3.3 annex F), as a tree of its files.

Only the table is read, not the files. Its records are linked by offsets, which writers and copying
tools get wrong; a record that no link leads to is placed by its order in the file. Names are found
whatever their case, since file systems change it. What the table names and nobody can find is
told, and what points out of the disc's folder is not followed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import dropwhile
from pathlib import Path
from typing import TYPE_CHECKING

from sonichu_gui.errors import FrameError, SonichuError
from sonichu_gui.imaging.dicom_values import integer, items, texts, words
from sonichu_gui.imaging.series import FileFacts, SeriesTree, series_tree
from sonichu_gui.imaging.series_header import facts_of
from sonichu_gui.imaging.source_file import decoding, opened

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

__all__ = ["read_dicomdir"]

_LEVELS = {"PATIENT": 0, "STUDY": 1, "SERIES": 2, "IMAGE": 3}
_FIRST = "OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity"
_NEXT = "OffsetOfTheNextDirectoryRecord"
_LOWER = "OffsetOfReferencedLowerLevelDirectoryEntity"
_IN_USE = 0xFFFF
_INSTEAD = "Open the folder instead to see all its files."


@dataclass(slots=True, eq=False)
class _Record:
    """A record of the table, and the one above it."""

    dataset: Dataset
    level: int | None
    above: _Record | None = None


def read_dicomdir(path: Path) -> Iterator[SeriesTree | None]:
    """Reads which frames a disc holds. A job may leave between any two steps.

    Args:
        path: The DICOMDIR; files are named from its folder.

    Yields:
        None after each record, and the tree at the end. A damaged record is among its problems,
        a file that is not there among `missing`.

    Raises:
        FrameError: It cannot be read, or is no DICOMDIR.
    """
    records, is_incomplete = _records(path)
    on_disc = _Disc(path.parent)
    files: dict[Path, FileFacts] = {}  # some tables name a file twice
    missing: dict[Path, None] = {}
    problems: list[SonichuError] = []
    if is_incomplete:
        problems.append(FrameError(f"{path} is cut short or damaged: it names too few.", _INSTEAD))
    for number, record in enumerate(records, start=1):
        yield None
        if record.level != _LEVELS["IMAGE"]:
            continue
        parts = _parts(texts(record.dataset, "ReferencedFileID"))
        if not _is_inside(parts):
            problems.append(
                FrameError(f"Record {number} of {path} names no file of this disc.", _INSTEAD)
            )
            continue
        found = on_disc.find(parts)
        if found is None:
            missing[path.parent.joinpath(*parts)] = None
        else:
            files.setdefault(found, facts_of(*_chain(record)))
    yield series_tree(files.items(), missing=missing, problems=problems)


def _records(path: Path) -> tuple[list[_Record], bool]:
    """Gives the records in use, and whether some are damaged or lost."""
    from pydicom import config, dcmread

    with opened(path) as stream, decoding(path, "The table of contents of"):
        config.settings.reading_validation_mode = config.IGNORE
        table = dcmread(stream, force=True, specific_tags=[_FIRST, "DirectoryRecordSequence"])
        if "DirectoryRecordSequence" not in table:
            raise FrameError(f"{path} is no DICOMDIR.", _INSTEAD)
        listed = items(table, "DirectoryRecordSequence")
    records = [
        _Record(each, _LEVELS.get(words(each, "DirectoryRecordType").upper()))
        for each in listed
        if integer(each, "RecordInUseFlag", _IN_USE) == _IN_USE
    ]
    first = integer(table, _FIRST)
    _link(records, first)
    links = {integer(each, link) for each in listed for link in (_NEXT, _LOWER)} | {first}
    # One link leads to each record. Where to may be wrong, but more links than records tell of
    # others that once were there.
    is_unreadable = any("DirectoryRecordType" not in each for each in listed)
    return records, is_unreadable or len(links - {0}) > len(listed)


def _link(records: Sequence[_Record], first: int) -> None:
    """Finds the record above each: by the links, else by the order in the file."""
    by_offset = {getattr(each.dataset, "seq_item_tell", None): each for each in records}
    reached: set[int] = set()
    waiting: list[tuple[int, _Record | None]] = [(first, None)]
    while waiting:
        offset, above = waiting.pop()
        record = by_offset.get(offset) if offset else None
        if record is None or id(record) in reached:
            continue
        reached.add(id(record))
        record.above = above
        waiting.append((integer(record.dataset, _NEXT), above))
        waiting.append((integer(record.dataset, _LOWER), record))
    latest: dict[int, _Record] = {}
    for record in records:
        if record.level is None:
            continue
        if id(record) not in reached:
            record.above = latest.get(record.level - 1)
        latest[record.level] = record


def _chain(record: _Record) -> list[Dataset]:
    """The records that lead to a file, its own first."""
    chain = []
    above: _Record | None = record
    while above is not None:
        chain.append(above.dataset)
        above = above.above
    return chain


def _parts(name: Sequence[str]) -> list[str]:
    """Parts of a name; some writers put "/" between them, or begin with an empty one."""
    begun = dropwhile(lambda part: not part, name)
    return [part for each in begun for part in each.split("/")]


def _is_inside(parts: Sequence[str]) -> bool:
    """Whether the parts of a name lead to somewhere in the disc's folder."""
    return bool(parts) and all(
        part not in {"", ".", ".."} and not set(part) & set("/\\:\0") for part in parts
    )


class _Disc:
    """Finds files by names of any case; lists each folder once."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._listings: dict[Path, dict[str, str]] = {}

    def find(self, parts: Sequence[str]) -> Path | None:
        """Gives the file of a name, None where it is not."""
        place = self._root
        for part in parts:
            names = self._listing(place)
            name = names.get(part) or names.get(_plain(part))
            if name is None:
                return None
            place /= name
        return place

    def _listing(self, folder: Path) -> dict[str, str]:
        """The names in a folder by themselves and by how discs write them; none if unreadable."""
        if folder not in self._listings:
            try:
                names = [each.name for each in folder.iterdir()]
            except OSError:
                names = []
            by_plain = {_plain(name): name for name in names}
            self._listings[folder] = by_plain | {name: name for name in names}
        return self._listings[folder]


def _plain(name: str) -> str:
    """A name without the case, the final dot and the version number that ISO 9660 gives it."""
    return name.casefold().partition(";")[0].rstrip(".")
