"""Whether names may be burnt into a file's picture: only a file that says NO is believed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sonichu_gui.imaging.dicom_values import words
from sonichu_gui.imaging.series_header import read_elements

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["may_hold_names"]


def may_hold_names(path: Path) -> bool:
    """Tells whether text about the patient may stand in the picture.

    BurnedInAnnotation (0028,0301) is seldom written: where it is missing, as in every picture that
    is no DICOM file, it counts as YES.

    Raises:
        FrameError: The file cannot be read, or its header is damaged.
    """
    dataset = read_elements(path, ("BurnedInAnnotation",), stop_after=_BURNED_IN)
    return dataset is None or words(dataset, "BurnedInAnnotation").strip().upper() != "NO"


_BURNED_IN = 0x00280301
