"""The windows and tables that a DICOM file offers to look at its numbers with (PS3.3 C.11.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sonichu_gui.imaging.dicom_values import items, numbers, text, texts
from sonichu_gui.imaging.lookup_table import LookUpTable, read_table

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pydicom.dataset import Dataset


@dataclass(frozen=True, slots=True, eq=False)
class WindowPreset:
    """One way to look at stored numbers.

    Attributes:
        name: What the file calls it, else "Window 2" or "Table 1".
        center: Middle of the window in the numbers after the modality; None for a table.
        width: Width of the window; None for a table.
        function: "LINEAR", "LINEAR_EXACT" or "SIGMOID".
        table: The table, None for a window.
        place: Position among the file's presets, from 0; the first is what is shown unasked.
    """

    name: str
    center: float | None
    width: float | None
    function: str
    table: LookUpTable | None
    place: int

    def apply(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """Gives brightness, 0 to 1 inside the window, for numbers after the modality."""
        if self.table is not None:
            return self.table.apply(values) / self.table.highest
        if self.center is None or self.width is None:
            raise ValueError("a preset without a window")
        center, width = self.center, self.width
        if self.function == "SIGMOID":
            return np.asarray(1 / (1 + np.exp(-4 * (values - center) / width)))
        if self.function == "LINEAR_EXACT":
            return np.asarray((values - center) / width + 0.5)
        if width <= 1:
            return np.asarray(values > center - 0.5, dtype=np.float64)
        return np.asarray((values - (center - 0.5)) / (width - 1) + 0.5)


def read_presets(
    dataset: Dataset, *, signed: bool, little_endian: bool
) -> tuple[WindowPreset, ...]:
    """Reads the presets of a header, tables first; those that make no sense are left out."""
    presets: list[WindowPreset] = []
    for number, item in enumerate(items(dataset, "VOILUTSequence"), 1):
        table = read_table(item, signed=signed, little_endian=little_endian)
        if table is not None:
            name = " ".join(texts(item, "LUTExplanation")) or f"Table {number}"
            presets.append(WindowPreset(name, None, None, "LINEAR", table, len(presets)))
    function = text(dataset, "VOILUTFunction") or "LINEAR"
    centers, widths = numbers(dataset, "WindowCenter"), numbers(dataset, "WindowWidth")
    names = texts(dataset, "WindowCenterWidthExplanation")
    named_or_not = [*names, *[""] * len(centers)]
    for number, (center, width, name) in enumerate(
        zip(centers, widths, named_or_not, strict=False), 1
    ):
        if width > 0:
            title = name or f"Window {number}"
            presets.append(WindowPreset(title, center, width, function, None, len(presets)))
    return tuple(presets)
