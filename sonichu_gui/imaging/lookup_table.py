"""Look-up tables of DICOM headers: modality, VOI and presentation (PS3.3 C.11.1, C.11.2, C.11.4).

They are read here because pydicom 3.0 fails on tables of 9 to 15 bits and takes an input above 255
for another one where the entries have 8 bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sonichu_gui.imaging.dicom_values import numbers, octets

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pydicom.dataset import Dataset

_ENTRIES_WHEN_ZERO = 1 << 16


@dataclass(frozen=True, slots=True)
class LookUpTable:
    """A table of numbers.

    Attributes:
        first: Input of the first entry; lower inputs take it too.
        entries: (n,) what each input becomes; inputs beyond the end take the last.
        highest: Largest number that an entry can have.
    """

    first: int
    entries: NDArray[np.uint16]
    highest: int

    def apply(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """Gives the entries for values, which are rounded first."""
        places = np.clip(np.rint(values).astype(np.int64) - self.first, 0, len(self.entries) - 1)
        return np.asarray(self.entries[places], dtype=np.float64)

    def apply_to_fraction(self, fraction: NDArray[np.float64]) -> NDArray[np.float64]:
        """Gives 0-1 for 0-1: the table's inputs and entries are taken for shares of the whole."""
        return self.apply(self.first + fraction * (len(self.entries) - 1)) / self.highest


def read_table(item: Dataset, *, signed: bool, little_endian: bool) -> LookUpTable | None:
    """Reads a table out of the item of a sequence; None when it is not complete.

    Args:
        item: Holds LUT Descriptor and LUT Data.
        signed: Whether inputs may be negative, so that the first may be.
        little_endian: Byte order of the file.
    """
    descriptor = numbers(item, "LUTDescriptor")
    if len(descriptor) != 3:
        return None
    count = int(descriptor[0]) % _ENTRIES_WHEN_ZERO or _ENTRIES_WHEN_ZERO
    first, bits = int(descriptor[1]), int(descriptor[2])
    if signed and first >= 1 << 15:
        first -= 1 << 16
    entries = _entries(item, count, little_endian=little_endian)
    if entries is None or not 1 <= bits <= 16:
        return None
    return LookUpTable(first, entries, (1 << bits) - 1)


def _entries(item: Dataset, count: int, *, little_endian: bool) -> NDArray[np.uint16] | None:
    """Gives the entries, which are numbers, or words of bytes with one or two entries in each."""
    listed, data = numbers(item, "LUTData"), octets(item, "LUTData")
    word = "<u2" if little_endian else ">u2"
    if listed:
        found = np.array(listed).astype(np.int64).astype(np.uint16)
    elif len(data) >= 2 * count:
        found = np.frombuffer(data, word, count).astype(np.uint16)
    else:
        pairs = np.frombuffer(data[: len(data) // 2 * 2], word)
        found = pairs.astype("<u2").view(np.uint8).astype(np.uint16)
    return found[:count] if len(found) >= count else None
