"""Cines whose frames can be told apart: every pixel of a frame says its index."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
from pydicom import uid
from pydicom.dataset import Dataset, FileMetaDataset

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

GREY_STEP = 4


def write_cine(
    path: Path,
    frames: int = 40,
    *,
    frame_ms: float | None = 40.0,
    steps_ms: Sequence[float] = (),
    shape: tuple[int, int] = (60, 80),
    windows: bool = False,
) -> Path:
    """Writes an uncompressed DICOM cine; frame k is grey of 4 k, modulo 256.

    Args:
        path: The file.
        frames: How many.
        frame_ms: Time from one to the next, None for a file that states none.
        steps_ms: Time from each to the next, for uneven ones.
        shape: Rows and columns.
        windows: Whether it offers two windows, the second of which turns all to white.
    """
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = uid.ExplicitVRLittleEndian
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = (
        uid.UltrasoundMultiFrameImageStorage
    )
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = uid.generate_uid()
    dataset.Modality = "US"
    dataset.PatientName = path.stem  # so that no two files are the same
    dataset.Rows, dataset.Columns = shape
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 8, 8, 7
    dataset.PixelRepresentation = 0
    dataset.NumberOfFrames = frames
    if steps_ms:
        dataset.FrameTimeVector = [0, *steps_ms]
    elif frame_ms is not None:
        dataset.FrameTime = frame_ms
    if windows:
        dataset.WindowCenter, dataset.WindowWidth = [128, -500], [256, 10]
        dataset.WindowCenterWidthExplanation = ["Plain", "White"]
    grey = np.arange(frames, dtype=np.int64) * GREY_STEP % 256
    dataset.PixelData = np.repeat(grey.astype(np.uint8), shape[0] * shape[1]).tobytes()
    dataset.save_as(path, enforce_file_format=True)
    return path


def write_video(path: Path, frames: int = 30, *, fps: float = 25.0) -> Path:
    """Writes a Motion JPEG video of grey frames."""
    out = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), fps, (80, 60))
    for index in range(frames):
        out.write(np.full((60, 80, 3), index * GREY_STEP, np.uint8))
    out.release()
    return path
