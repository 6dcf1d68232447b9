"""DICOM files as a person thinks of them: by patient, study and series, in acquisition order.

Nobody's name is in here. Patients are told apart by a digest that means nothing outside this run;
labels are made of dates, descriptions, modality and number, and a description that repeats the
patient's name or number is left out. `series_header.patient_name` reads a name on demand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sonichu_gui.errors import SonichuError

__all__ = ["DicomPatient", "DicomSeries", "DicomStudy", "FileFacts", "SeriesTree", "series_tree"]

_LAST = 1 << 40
"""The place of what has no number."""


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What a header says of a file's place among others; "" and None where it says nothing.

    Attributes:
        patient: A digest that tells patients apart.
        study: Study instance UID.
        study_date: As DICOM writes it, e.g. "20210304".
        study_time: Likewise.
        study_description: For people.
        series: Series instance UID.
        series_number: Of the series in its study.
        series_description: For people.
        modality: E.g. "US".
        instance_number: Of the file in its series.
        acquired: Date and time of acquisition, in an order that sorts.
    """

    patient: str
    study: str
    study_date: str
    study_time: str
    study_description: str
    series: str
    series_number: int | None
    series_description: str
    modality: str
    instance_number: int | None
    acquired: str


@dataclass(frozen=True, slots=True)
class DicomSeries:
    """Files that were taken together.

    Attributes:
        uid: Series instance UID.
        label: For people, e.g. "US · series 3 · Femur".
        files: In acquisition order.
    """

    uid: str
    label: str
    files: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class DicomStudy:
    """One examination.

    Attributes:
        uid: Study instance UID.
        label: For people, e.g. "2021-03-04 · Obstetric".
        series: In order of their number.
    """

    uid: str
    label: str
    series: tuple[DicomSeries, ...]


@dataclass(frozen=True, slots=True)
class DicomPatient:
    """One patient's examinations.

    Attributes:
        label: For people: "Patient 2", by the order of their first examinations.
        studies: In order of date.
    """

    label: str
    studies: tuple[DicomStudy, ...]


@dataclass(frozen=True, slots=True)
class SeriesTree:
    """Files by patient, study and series.

    Attributes:
        patients: In order of their first examination.
        others: Files that belong to no series: pictures, reports, damaged headers.
        missing: Files that a DICOMDIR names and that are not there.
        problems: What could not be read, each naming its file.
    """

    patients: tuple[DicomPatient, ...] = ()
    others: tuple[Path, ...] = ()
    missing: tuple[Path, ...] = ()
    problems: tuple[SonichuError, ...] = ()

    def series(self) -> tuple[tuple[str, DicomSeries], ...]:
        """Gives every series in order, with the label that tells it from all others."""
        return tuple(
            (f"{study.label} · {series.label}", series)
            for patient in self.patients
            for study in patient.studies
            for series in study.series
        )

    def paths(self) -> tuple[Path, ...]:
        """Gives every file in order, those of no series last."""
        return (*(path for _, series in self.series() for path in series.files), *self.others)


def series_tree(
    files: Iterable[tuple[Path, FileFacts]],
    *,
    others: Iterable[Path] = (),
    missing: Iterable[Path] = (),
    problems: Iterable[SonichuError] = (),
) -> SeriesTree:
    """Puts files in order.

    Args:
        files: Each with what its header says.
        others: As in `SeriesTree`, and so the rest.
        missing: Likewise.
        problems: Likewise.
    """
    patients = _grouped(files, lambda facts: facts.patient)
    by_first = sorted(patients, key=lambda patient: min(_study_order(each) for each in patient))
    return SeriesTree(
        tuple(
            DicomPatient(f"Patient {number}", _studies(patient))
            for number, patient in enumerate(by_first, start=1)
        ),
        tuple(others),
        tuple(missing),
        tuple(problems),
    )


_File = tuple[Path, FileFacts]


def _studies(files: list[_File]) -> tuple[DicomStudy, ...]:
    studies = sorted(
        _grouped(files, lambda facts: facts.study), key=lambda all_: min(map(_study_order, all_))
    )
    return tuple(
        DicomStudy(study[0][1].study, _study_label(study[0][1]), _series(study))
        for study in studies
    )


def _series(files: list[_File]) -> tuple[DicomSeries, ...]:
    series = _grouped(files, lambda facts: (facts.series, facts.series_number))
    in_order = [sorted(each, key=_file_order()) for each in series]
    in_order.sort(key=lambda each: _series_order(each[0][1]))
    return tuple(
        DicomSeries(each[0][1].series, _series_label(each[0][1]), tuple(path for path, _ in each))
        for each in in_order
    )


def _grouped(files: Iterable[_File], key: Callable[[FileFacts], object]) -> list[list[_File]]:
    groups: dict[object, list[_File]] = {}
    for path, facts in files:
        groups.setdefault(key(facts), []).append((path, facts))
    return list(groups.values())


def _study_order(file: _File) -> tuple[str, str, str]:
    facts = file[1]
    return facts.study_date, facts.study_time, facts.study


def _series_order(facts: FileFacts) -> tuple[int, str, str]:
    return _place(facts.series_number), facts.acquired, facts.series


def _file_order() -> Callable[[_File], Any]:
    from natsort import natsort_keygen, ns

    by_count = natsort_keygen(alg=ns.IGNORECASE)

    def order(file: _File) -> tuple[object, ...]:
        path, facts = file
        return _place(facts.instance_number), facts.acquired, by_count(path.name), path

    return order


def _place(number: int | None) -> int:
    return _LAST if number is None else number


def _study_label(facts: FileFacts) -> str:
    date = facts.study_date
    is_date = len(date) == 8 and date.isdecimal()
    words = f"{date[:4]}-{date[4:6]}-{date[6:]}" if is_date else "no date"
    return " · ".join(filter(None, (words, facts.study_description)))


def _series_label(facts: FileFacts) -> str:
    number = (
        "series without number" if facts.series_number is None else f"series {facts.series_number}"
    )
    return " · ".join(filter(None, (facts.modality, number, facts.series_description)))
