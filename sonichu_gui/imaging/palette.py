"""PALETTE COLOR: the colour that each stored number stands for (DICOM PS3.3 C.7.6.3.1.5-6)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sonichu_gui.imaging.intensity import bands
from sonichu_gui.imaging.palette_segments import expand_segments

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pydicom.dataset import Dataset

    from sonichu_gui.domain.frame import Pixels

_ENTRIES_WHEN_ZERO = 65536


@dataclass(frozen=True, slots=True)
class Palette:
    """A table of colours.

    Attributes:
        first: Stored number of the table's first colour; lower ones take it too.
        colours: (n, 3) RGB; numbers beyond the end take the last.
    """

    first: int
    colours: Pixels

    def apply(self, stored: NDArray[Any]) -> Pixels:
        """Gives (height, width, 3) for (height, width) stored numbers."""
        shown = np.empty((*stored.shape, 3), np.uint8)
        for rows in bands(stored):
            places = stored[rows]
            if self.first:
                places = places.astype(np.int32) - self.first
            shown[rows] = np.take(self.colours, places, axis=0, mode="clip")
        return shown


def read_palette(dataset: Dataset, *, little_endian: bool) -> Palette:
    """Reads the palette of a header.

    The tables, whole or in segments, are read here because pydicom 3.0 takes big-endian ones for
    little-endian.

    Raises:
        ValueError: The palette is missing or incomplete.
    """
    descriptor = dataset.get("RedPaletteColorLookupTableDescriptor")
    if descriptor is None or len(descriptor) != 3:
        raise ValueError("no palette")
    # The counts are unsigned, but some readers and writers treat them as signed.
    count = int(descriptor[0]) % _ENTRIES_WHEN_ZERO or _ENTRIES_WHEN_ZERO
    first = int(descriptor[1])
    is_whole = "RedPaletteColorLookupTableData" in dataset
    tables = []
    for colour in ("Red", "Green", "Blue"):
        if is_whole:
            element = dataset[f"{colour}PaletteColorLookupTableData"]
            tables.append(_entries(element, count, little_endian))
        else:
            element = dataset[f"Segmented{colour}PaletteColorLookupTableData"]
            bits = 8 if int(descriptor[2]) <= 8 else 16
            codes = _codes(element, bits, little_endian=little_endian)
            tables.append(expand_segments(codes, bits=bits, count=count))
    table = np.stack(tables, axis=1)
    # Told by the numbers, not by the descriptor: many 16-bit tables hold 8-bit values.
    return Palette(first, (table >> 8 if table.max() > 255 else table).astype(np.uint8))


def _entries(element: Any, count: int, little_endian: bool) -> NDArray[np.uint16]:  # noqa: ANN401, FBT001
    data = bytes(element.value)
    word = "<u2" if little_endian or element.VR == "OB" else ">u2"
    if len(data) >= 2 * count:
        return np.frombuffer(data, word, count).astype(np.uint16)
    entries = _unpacked(data, word)
    if len(entries) < count:
        raise ValueError("incomplete palette")
    return entries[:count].astype(np.uint16)


def _codes(element: Any, bits: int, *, little_endian: bool) -> list[int]:  # noqa: ANN401
    data = bytes(element.value)
    word = "<u2" if little_endian or element.VR == "OB" else ">u2"
    numbers = (
        _unpacked(data, word) if bits == 8 else np.frombuffer(data[: len(data) // 2 * 2], word)
    )
    return [int(number) for number in numbers]


def _unpacked(data: bytes, word: str) -> NDArray[np.uint8]:
    """Takes words apart: two 8-bit entries share one, the first in its low byte."""
    packed = np.frombuffer(data[: len(data) // 2 * 2], word).astype("<u2").view(np.uint8)
    return np.append(packed, np.frombuffer(data[packed.size :], np.uint8))
