"""What places a DICOM file among others, read from the first elements of its header alone.

Reading ends where the description of the pixels begins, so that a file costs its first kilobytes.
Name and number of the patient are looked at to tell patients apart, and not kept.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sonichu_gui.errors import FrameError, SonichuError
from sonichu_gui.imaging.dicom_values import integer, number, words
from sonichu_gui.imaging.series import FileFacts, SeriesTree, series_tree
from sonichu_gui.imaging.source_file import decoding, opened
from sonichu_gui.imaging.sources import READERS, SNIFFED_BYTES

if TYPE_CHECKING:
    from pydicom.dataset import Dataset
    from pydicom.tag import BaseTag

__all__ = [
    "KEYWORDS",
    "facts_of",
    "group_by_series",
    "patient_name",
    "read_elements",
    "read_facts",
]

FIRST_TREE_S = 0.2
"""The first tree comes after so many seconds, each further one after twice the time before: a tree
of all files so far costs as much as reading many of them."""

_IDENTITY = ("PatientID", "PatientName")
KEYWORDS = (
    *_IDENTITY,
    "AcquisitionDate",
    "AcquisitionDateTime",
    "AcquisitionTime",
    "ContentDate",
    "ContentTime",
    "InstanceNumber",
    "IssuerOfPatientID",
    "Modality",
    "Rows",
    "SOPClassUID",
    "SeriesDescription",
    "SeriesInstanceUID",
    "SeriesNumber",
    "StudyDate",
    "StudyDescription",
    "StudyInstanceUID",
    "StudyTime",
)
"""All that is read of a header."""
_ROWS = 0x00280010
_SALT = secrets.token_bytes(16)
_SHORTEST_NAME = 3


def group_by_series(
    paths: Iterable[Path], read: Callable[[Path], FileFacts | None] | None = None
) -> Iterator[SeriesTree | None]:
    """Groups files by patient, study and series while their headers are read.

    A file is never left out: one that is no DICOM, holds no pixels or cannot be read is among
    `others`, the last with its reason in `problems`. A job may leave between any two steps.

    Args:
        paths: The files, e.g. of `scan_folder`.
        read: Does as `read_facts`, which is the default.

    Yields:
        None after each file, now and then the tree so far, and the whole tree at the end.
    """
    files: list[tuple[Path, FileFacts]] = []
    others: list[Path] = []
    problems: list[SonichuError] = []

    def tree() -> SeriesTree:
        return series_tree(files, others=others, problems=problems)

    pause = FIRST_TREE_S
    due = time.monotonic() + pause
    for path in paths:
        try:
            facts = (read or read_facts)(path)
        except FrameError as error:
            facts = None
            problems.append(error)
        if facts is None:
            others.append(path)
        else:
            files.append((path, facts))
        yield None
        if time.monotonic() >= due:
            yield tree()
            pause *= 2
            due = time.monotonic() + pause
    yield tree()


def read_facts(path: Path) -> FileFacts | None:
    """Reads what places a file among others; None for what is no DICOM file with pixels.

    Raises:
        FrameError: It cannot be read, or its header is damaged.
    """
    dataset = read_elements(path, KEYWORDS)
    if dataset is None or not words(dataset, "SOPClassUID") or integer(dataset, "Rows") < 1:
        return None
    return facts_of(dataset)


def patient_name(path: Path) -> str:
    """Reads the patient's name of a file, "" where it states none; only when a person asks.

    Raises:
        FrameError: As for `read_facts`.
    """
    dataset = read_elements(path, ("PatientName",))
    name = words(dataset, "PatientName") if dataset is not None else ""
    return " ".join(name.replace("^", " ").replace("=", " ").split())


def read_elements(
    path: Path, keywords: Iterable[str], *, stop_after: int = _ROWS
) -> Dataset | None:
    """Reads elements of the head of a file; None for what is a picture or no DICOM.

    Args:
        path: The file.
        keywords: Of the elements that are read.
        stop_after: Tag of the last element that is looked at.

    Raises:
        FrameError: It cannot be read, or its header is damaged.
    """
    with opened(path) as stream:
        head = stream.read(SNIFFED_BYTES)
        dicom, *pictures = READERS
        if not dicom.matches(head) and any(reader.matches(head) for reader in pictures):
            return None
        stream.seek(0)
        with decoding(path, "The header of"):
            from pydicom import config
            from pydicom.filereader import read_partial

            # Values of damaged elements are not to be reported: they may be anybody's name.
            config.settings.reading_validation_mode = config.IGNORE
            return read_partial(
                stream,
                stop_when=lambda tag, _vr, _length: tag > stop_after,
                force=True,
                specific_tags=_tags_of(tuple(keywords)),
            )


def facts_of(*datasets: Dataset) -> FileFacts:
    """Gives the facts of one file.

    Args:
        datasets: Its header, or the directory records that lead to it; the first that states an
            element counts.
    """

    def stated(*keywords: str) -> str:
        found = (words(dataset, keyword) for keyword in keywords for dataset in datasets)
        return next(filter(None, found), "")

    def counted(keyword: str) -> int | None:
        found = (number(dataset, keyword) for dataset in datasets)
        value = next((each for each in found if each is not None), None)
        return None if value is None else int(value)

    identity = [stated(keyword) for keyword in _IDENTITY]
    given_away = _parts_of(identity)

    def described(keyword: str) -> str:
        text = " ".join(stated(keyword).split())
        return "" if any(part in text.casefold() for part in given_away) else text

    return FileFacts(
        patient=_digest(stated("IssuerOfPatientID"), *identity),
        study=stated("StudyInstanceUID"),
        study_date=stated("StudyDate"),
        study_time=stated("StudyTime"),
        study_description=described("StudyDescription"),
        series=stated("SeriesInstanceUID"),
        series_number=counted("SeriesNumber"),
        series_description=described("SeriesDescription"),
        modality=stated("Modality"),
        instance_number=counted("InstanceNumber"),
        acquired=stated("AcquisitionDateTime")
        or stated("AcquisitionDate", "ContentDate") + stated("AcquisitionTime", "ContentTime"),
    )


def _digest(issuer: str, number_: str, name: str) -> str:
    """Tells patients apart: by number, by name where there is none; "" for nobody in particular."""
    if not number_ and not name:
        return ""
    said = "\0".join((issuer, number_) if number_ else ("", "", name))
    return hashlib.blake2b(said.encode("utf-8", "replace"), key=_SALT, digest_size=16).hexdigest()


def _parts_of(identity: Iterable[str]) -> list[str]:
    """The parts of names and numbers that would give a patient away in a description."""
    parts = (
        part
        for text in identity
        for part in text.casefold().replace("^", " ").replace("=", " ").split()
    )
    return [part for part in parts if len(part) >= _SHORTEST_NAME]


@cache
def _tags_of(keywords: tuple[str, ...]) -> list[BaseTag | int]:
    from pydicom.tag import Tag

    return [Tag(keyword) for keyword in keywords]
