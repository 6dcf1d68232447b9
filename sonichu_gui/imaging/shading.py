"""Grey of stored numbers: modality, then window, then inversion (DICOM PS3.3 C.11.1-2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sonichu_gui.imaging.dicom_values import items, number, text
from sonichu_gui.imaging.intensity import full_range_to_8bit

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pydicom.dataset import Dataset

    from sonichu_gui.domain.frame import Pixels

_LARGEST_TABLE_BITS = 16


class Shading:
    """The way from stored numbers to grey.

    With a window of the file's own, or up to 8 bits, the same number has the same grey in every
    frame. Without, a frame of more than 8 bits is stretched by its own range.

    Args:
        dataset: The header.
        bits: Bits of a stored number that count.
        signed: Whether stored numbers may be negative.
        inverted: Whether low numbers are bright (MONOCHROME1).
    """

    def __init__(self, dataset: Dataset, *, bits: int, signed: bool, inverted: bool) -> None:
        self._dataset = dataset
        self._inverted = inverted
        self._lowest = -(1 << (bits - 1)) if signed else 0
        self._highest = self._lowest + (1 << bits) - 1
        self._table: Pixels | None = None
        if bits <= _LARGEST_TABLE_BITS:
            self._table = self._fixed(np.arange(self._lowest, self._highest + 1))

    def apply(self, stored: NDArray[Any]) -> Pixels:
        """Gives (height, width) grey for (height, width) stored numbers."""
        if self._table is not None:
            rows = stored.astype(np.int32) - self._lowest if self._lowest else stored
            return np.take(self._table, rows, mode="clip")
        grey = self._fixed(stored)
        if grey is None:
            grey = self._turned(full_range_to_8bit(self._modality(stored)))
        return grey

    def _fixed(self, stored: NDArray[Any]) -> Pixels | None:
        """Gives the grey that depends on the stored number alone, None where there is no rule."""
        values = self._modality(stored)
        fraction = _window(self._dataset, values)
        if fraction is None:
            if self._highest - self._lowest > 255:
                return None
            low, high = self._modality(np.array([self._lowest, self._highest]))
            fraction = (values - low) / (high - low) if high != low else np.zeros(values.shape)
        grey = np.clip(np.nan_to_num(fraction), 0.0, 1.0) * 255
        return self._turned(np.rint(grey).astype(np.uint8))

    def _turned(self, grey: Pixels) -> Pixels:
        return 255 - grey if self._inverted else grey

    def _modality(self, stored: NDArray[Any]) -> NDArray[Any]:
        from pydicom.pixels.processing import apply_modality_lut

        return apply_modality_lut(stored, self._dataset)


def _window(dataset: Dataset, values: NDArray[Any]) -> NDArray[np.float64] | None:
    """Applies the file's first look-up table or window; None when it has neither.

    Returns:
        Brightness, 0 to 1 inside the window.
    """
    tables = items(dataset, "VOILUTSequence")
    if tables:
        from pydicom.pixels.processing import apply_voi

        bits = int(tables[0].LUTDescriptor[2])
        looked_up = apply_voi(np.rint(values).astype(np.int64), dataset)
        return looked_up.astype(np.float64) / ((1 << bits) - 1)
    center, width = number(dataset, "WindowCenter"), number(dataset, "WindowWidth")
    function = text(dataset, "VOILUTFunction") or "LINEAR"
    if center is None or width is None or width <= 0:
        return None
    if function == "SIGMOID":
        return np.asarray(1 / (1 + np.exp(-4 * (values - center) / width)))
    if function == "LINEAR_EXACT":
        return np.asarray((values - center) / width + 0.5)
    if width <= 1:
        return np.asarray(values > center - 0.5, dtype=np.float64)
    return np.asarray((values - (center - 0.5)) / (width - 1) + 0.5)
