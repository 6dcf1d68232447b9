"""How a file stores its pixels, in its format's own words: for people who compare files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sonichu_gui.imaging.transfer_syntaxes import full_name

if TYPE_CHECKING:
    from sonichu_gui.imaging.dicom_header import DicomHeader


@dataclass(frozen=True, slots=True)
class Storage:
    """What a header says of the samples behind the pixels.

    Attributes:
        syntax: Transfer syntax of a DICOM file by the standard's name, "" for all others.
        photometric: Photometric interpretation of a DICOM file, "" for all others.
        bits: Bits of a sample that count, None where the file does not say.
    """

    syntax: str = ""
    photometric: str = ""
    bits: int | None = None


UNSTATED = Storage()
"""Of files whose header says nothing that is to be told."""


def dicom_storage(header: DicomHeader) -> Storage:
    """Gives how a DICOM file stores its pixels."""
    return Storage(full_name(header.syntax), header.photometric, header.bits_stored)
