"""What an enhanced multi-frame file says of single frames (DICOM PS3.3 C.7.6.16).

Such files keep window and rescale not in the header, but in groups: one shared by all frames and
one of each frame, which wins.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sonichu_gui.imaging.dicom_values import items

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

GROUP_TAGS = ("PerFrameFunctionalGroupsSequence", "SharedFunctionalGroupsSequence")
"""Elements that hold the groups."""

_MACROS = {
    "PixelValueTransformationSequence": ("RescaleSlope", "RescaleIntercept"),
    "FrameVOILUTSequence": (
        "WindowCenter",
        "WindowWidth",
        "WindowCenterWidthExplanation",
        "VOILUTFunction",
    ),
}


def values_of_frame(dataset: Dataset, index: int) -> Dataset:
    """Gives the header as it is for one frame: the same where the groups say nothing."""
    shared = items(dataset, "SharedFunctionalGroupsSequence")
    single = items(dataset, "PerFrameFunctionalGroupsSequence")
    groups = [*shared[:1], *single[index : index + 1]]
    found = [
        (macro, keywords)
        for group in groups
        for name, keywords in _MACROS.items()
        for macro in items(group, name)[:1]
    ]
    if not found:
        return dataset
    from pydicom.dataset import Dataset as NewDataset

    merged = NewDataset(dataset)
    for macro, keywords in found:
        for keyword in keywords:
            if keyword in macro:
                # As it was read: a damaged value is told, or passed over, by who asks for it.
                merged[keyword] = macro.get_item(keyword)
    return merged
