"""DICOM files for windows: a fan of speckle, regions as a test states them, a ruler or none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydicom import Dataset, uid
from pydicom.dataset import FileMetaDataset

from tests.unit.imaging import pictures

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np

WIDTH, HEIGHT = 400, 300
PERIOD_PX = 24.0
"""Of the ruler that `fan` draws: a centimetre, as its long ticks at five tell."""


def region(box, cm, *, kind=1, form=1, units=(3, 3)):
    item = Dataset()
    item.RegionSpatialFormat, item.RegionDataType, item.RegionFlags = form, kind, 0
    (
        item.RegionLocationMinX0,
        item.RegionLocationMinY0,
        item.RegionLocationMaxX1,
        item.RegionLocationMaxY1,
    ) = box
    item.PhysicalUnitsXDirection, item.PhysicalUnitsYDirection = units
    item.PhysicalDeltaX = item.PhysicalDeltaY = cm
    return item


FULL = (0, 0, WIDTH - 1, HEIGHT - 1)


def fan(*, ruler=True, seed=0):
    frame, _ = pictures.fan_frame((HEIGHT, WIDTH), seed=seed, apex=(190.0, -30.0), far=310.0)
    if ruler:
        pictures.vertical_ruler(frame, x=390.0, first=8.0, period=PERIOD_PX, side=-1)
    return frame


def write_scan(path: Path, pixels: np.ndarray, *regions: Dataset, **elements: object) -> Path:
    """Writes an ultrasound DICOM file; (n, height, width) pixels make a cine."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = uid.ExplicitVRLittleEndian
    dataset.SOPClassUID = uid.UltrasoundMultiFrameImageStorage
    dataset.SOPInstanceUID = uid.generate_uid()
    dataset.Modality, dataset.PhotometricInterpretation = "US", "MONOCHROME2"
    dataset.SamplesPerPixel, dataset.PixelRepresentation = 1, 0
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 8, 8, 7
    if pixels.ndim == 3:
        dataset.NumberOfFrames, dataset.FrameTime = len(pixels), 40.0
    dataset.Rows, dataset.Columns = pixels.shape[-2:]
    dataset.PixelData = pixels.tobytes()
    if regions:
        dataset.SequenceOfUltrasoundRegions = list(regions)
    for keyword, value in elements.items():
        setattr(dataset, keyword, value)
    path.parent.mkdir(exist_ok=True)
    dataset.save_as(path, enforce_file_format=True)
    return path
