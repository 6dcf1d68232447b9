"""Grey of stored numbers: modality, window, presentation, inversion (DICOM PS3.3 C.11.1-2, 4)."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from sonichu_gui.imaging.dicom_values import items, number, text
from sonichu_gui.imaging.functional_groups import GROUP_TAGS, values_of_frame
from sonichu_gui.imaging.intensity import bands, full_range_to_8bit
from sonichu_gui.imaging.lookup_table import LookUpTable, read_table
from sonichu_gui.imaging.windows import WindowPreset, read_presets

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pydicom.dataset import Dataset

    from sonichu_gui.domain.frame import Pixels
    from sonichu_gui.imaging.dicom_header import DicomHeader

_LARGEST_TABLE_BITS = 16
_KEPT_SHADINGS = 16


class Shading:
    """The way from stored numbers to grey.

    With a window of the file's own, or up to 8 bits, the same number has the same grey in every
    frame. Without, a frame of more than 8 bits is stretched by its own range.

    Args:
        dataset: The header, as it is for the frame.
        bits: Bits of a stored number that count.
        signed: Whether stored numbers may be negative.
        inverted: Whether low numbers are bright (MONOCHROME1).
        little_endian: Byte order of the file.
        preset: Place of the preset to look with; beyond the file's own, its first.
    """

    def __init__(
        self,
        dataset: Dataset,
        *,
        bits: int,
        signed: bool,
        inverted: bool,
        little_endian: bool = True,
        preset: int = 0,
    ) -> None:
        self._dataset = dataset
        # A header that says so twice means it once.
        self._inverted = inverted or text(dataset, "PresentationLUTShape") == "INVERSE"
        self._modality_table = _table(
            dataset, "ModalityLUTSequence", signed=signed, little_endian=little_endian
        )
        self._presentation = _table(
            dataset, "PresentationLUTSequence", signed=False, little_endian=little_endian
        )
        presets = presets_of(dataset, signed=signed, little_endian=little_endian)
        self._preset: WindowPreset | None = None
        if presets:
            self._preset = presets[preset if preset < len(presets) else 0]
        self._lowest = -(1 << (bits - 1)) if signed else 0
        self._highest = self._lowest + (1 << bits) - 1
        self._grey_of: Pixels | None = None
        if bits <= _LARGEST_TABLE_BITS:
            self._grey_of = self._fixed(np.arange(self._lowest, self._highest + 1))

    def apply(self, stored: NDArray[Any]) -> Pixels:
        """Gives (height, width) grey for (height, width) stored numbers."""
        shown = np.empty(stored.shape, np.uint8)
        for rows in bands(stored):
            grey = self._looked_up(stored[rows])
            if grey is None:
                return self._turned(full_range_to_8bit(self._modality(stored)))
            shown[rows] = grey
        return shown

    def _looked_up(self, stored: NDArray[Any]) -> Pixels | None:
        if self._grey_of is None:
            return self._fixed(stored)
        places = stored.astype(np.int32) - self._lowest if self._lowest else stored
        return np.take(self._grey_of, places, mode="clip")

    def _fixed(self, stored: NDArray[Any]) -> Pixels | None:
        """Gives the grey that depends on the stored number alone, None where there is no rule."""
        values = self._modality(stored)
        if self._preset is not None:
            fraction = self._preset.apply(values)
        elif self._highest - self._lowest > 255:
            return None
        else:
            low, high = self._modality(np.array([self._lowest, self._highest]))
            fraction = (values - low) / (high - low) if high != low else np.zeros(values.shape)
        shown = np.clip(np.nan_to_num(fraction), 0.0, 1.0)
        if self._presentation is not None:
            shown = self._presentation.apply_to_fraction(shown)
        return self._turned(np.rint(shown * 255).astype(np.uint8))

    def _turned(self, grey: Pixels) -> Pixels:
        return 255 - grey if self._inverted else grey

    def _modality(self, stored: NDArray[Any]) -> NDArray[Any]:
        if self._modality_table is not None:
            return self._modality_table.apply(stored)
        slope = number(self._dataset, "RescaleSlope")
        intercept = number(self._dataset, "RescaleIntercept")
        if slope is None or intercept is None:
            return stored
        return stored.astype(np.float64) * slope + intercept


class Shadings:
    """The shading of each frame of a file; frames that are shaded alike share one.

    Args:
        header: Of the file.
        bits: Bits of a stored number that count.
    """

    def __init__(self, header: DicomHeader, *, bits: int) -> None:
        self._header = header
        self._bits = bits
        self._of = lru_cache(maxsize=_KEPT_SHADINGS)(self._made)
        self._is_one = not any(keyword in header.dataset for keyword in GROUP_TAGS)

    def presets(self) -> tuple[WindowPreset, ...]:
        """Gives the presets of the first frame, which those of the others resemble."""
        return presets_of(
            values_of_frame(self._header.dataset, 0),
            signed=self._header.signed,
            little_endian=self._header.little_endian,
        )

    def of(self, index: int, preset: int = 0) -> Shading:
        """Gives the shading of a frame by the preset of a place."""
        return self._of(0 if self._is_one else index, preset)

    def _made(self, index: int, preset: int) -> Shading:
        return Shading(
            values_of_frame(self._header.dataset, index),
            bits=self._bits,
            signed=self._header.signed,
            inverted=self._header.photometric == "MONOCHROME1",
            little_endian=self._header.little_endian,
            preset=preset,
        )


def presets_of(dataset: Dataset, *, signed: bool, little_endian: bool) -> tuple[WindowPreset, ...]:
    """Gives the presets of a header; their numbers may be negative where the modality's are."""
    has_offset = (number(dataset, "RescaleIntercept") or 0) < 0
    return read_presets(dataset, signed=signed or has_offset, little_endian=little_endian)


def _table(
    dataset: Dataset, keyword: str, *, signed: bool, little_endian: bool
) -> LookUpTable | None:
    sequence = items(dataset, keyword)
    if not sequence:
        return None
    return read_table(sequence[0], signed=signed, little_endian=little_endian)
