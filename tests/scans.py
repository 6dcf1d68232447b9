"""Frames as a scanner makes them: a sector, and a name and numbers beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pydicom
from pydicom import uid
from pydicom.dataset import Dataset, FileMetaDataset

from tests.unit.imaging import pictures

if TYPE_CHECKING:
    from pathlib import Path

SHAPE = (300, 400)
BANNER = (slice(0, 24), slice(0, 400))
MARKER = "Zwetschgenmus^Ottilie"


def scan(seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Gives a frame, and where its echo is."""
    frame, echo = pictures.fan_frame(
        SHAPE, seed=seed, apex=(200.0, 0.0), half=0.6, near=40.0, far=275.0
    )
    frame[:24] = 70
    cv2.putText(frame, "DOE^JANE 1970", (90, 17), cv2.FONT_HERSHEY_SIMPLEX, 0.5, 230, 1)
    return frame, echo


def write_scan(path: Path, *, seed: int = 1) -> Path:
    """Writes such a frame as PNG."""
    path.write_bytes(cv2.imencode(".png", scan(seed)[0])[1].tobytes())
    return path


def write_dark(path: Path) -> Path:
    """Writes a frame in which nothing shows where the echo is."""
    path.write_bytes(cv2.imencode(".png", np.zeros(SHAPE, np.uint8))[1].tobytes())
    return path


def write_dicom(path: Path, pixels: np.ndarray, **elements: object) -> Path:
    """Writes a grey DICOM file of 8 or 16 bits whose patient has the name `MARKER`."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = uid.ExplicitVRLittleEndian
    dataset.SOPClassUID = uid.UltrasoundImageStorage
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.SOPInstanceUID = pydicom.uid.generate_uid()
    dataset.PatientName = MARKER
    dataset.PatientID = "ID-Zwetschgenmus"
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.Rows, dataset.Columns = pixels.shape
    dataset.SamplesPerPixel, dataset.PixelRepresentation = 1, 0
    dataset.BitsAllocated = dataset.BitsStored = 8 * pixels.itemsize
    dataset.HighBit = dataset.BitsStored - 1
    for keyword, value in elements.items():
        setattr(dataset, keyword, value)
    dataset.PixelData = pixels.tobytes()
    dataset.save_as(path, enforce_file_format=True)
    return path
