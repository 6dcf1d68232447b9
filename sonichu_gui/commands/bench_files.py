"""Files to measure with: pictures, cines in several syntaxes, and headers of many series."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from pydicom.dataset import Dataset
    from pydicom.uid import UID

    from sonichu_gui.domain.frame import Pixels

FRAMES, SHAPE = 8, (540, 800)
_FILES_A_SERIES = 40


def speckle() -> Pixels:
    """Grey that compresses about as echoes do: grains within dark margins."""
    import cv2

    grains: NDArray[np.float64] = np.random.default_rng(1).rayleigh(60, SHAPE)
    margin = SHAPE[1] // 4
    grains[:, :margin] = grains[:, -margin:] = 0
    blurred = np.asarray(cv2.GaussianBlur(grains, (0, 0), 1.2))
    return np.clip(blurred, 0, 255).astype(np.uint8)


def write_frames(folder: Path) -> dict[str, Path]:
    """Writes one file of each kind, by its name in the table.

    Args:
        folder: Where to; it exists.
    """
    from PIL import Image
    from pydicom.encaps import encapsulate
    from pydicom.uid import ExplicitVRLittleEndian, JPEG2000Lossless, JPEGBaseline8Bit, RLELossless

    grey = speckle()
    rgb = np.stack([grey, grey // 2 + 40, 255 - grey], axis=-1)
    names = {
        "PNG": "grey.png",
        "TIFF": "colour.tif",
        "DICOM, plain": "plain.dcm",
        "DICOM, RLE": "rle.dcm",
        "DICOM, JPEG": "jpeg.dcm",
        "DICOM, JPEG 2000": "jpeg2000.dcm",
    }
    paths = {name: folder / file for name, file in names.items()}
    Image.fromarray(grey).save(paths["PNG"])
    Image.fromarray(rgb).save(paths["TIFF"], compression="tiff_lzw")
    stream = io.BytesIO()
    Image.fromarray(rgb).save(stream, "JPEG", quality=90)
    jpeg = _cine(encapsulate([stream.getvalue()] * FRAMES), JPEGBaseline8Bit)
    jpeg.PhotometricInterpretation = "YBR_FULL_422"
    jpeg.save_as(paths["DICOM, JPEG"], enforce_file_format=True)
    for name, syntax in (("plain", None), ("RLE", RLELossless), ("JPEG 2000", JPEG2000Lossless)):
        cine = _cine(np.stack([rgb] * FRAMES).tobytes(), ExplicitVRLittleEndian)
        if syntax:
            cine.compress(syntax, generate_instance_uid=False)
        cine.save_as(paths[f"DICOM, {name}"], enforce_file_format=True)
    return paths


def write_headers(folder: Path, count: int) -> list[Path]:
    """Writes tiny files of as many series as a scanner makes in some days, in no order."""
    from pydicom.uid import ExplicitVRLittleEndian

    paths = [folder / f"{number}.dcm" for number in range(count)]
    small = _cine(bytes(48), ExplicitVRLittleEndian)
    small.Rows, small.Columns, small.NumberOfFrames = 4, 4, 1
    order = np.random.default_rng(2).permutation(count)
    for path, place in zip(paths, order.tolist(), strict=True):
        series, instance = divmod(place, _FILES_A_SERIES)
        small.PatientID, small.StudyInstanceUID = f"P{series // 8}", f"1.2.{series // 4 + 1}"
        small.SeriesInstanceUID, small.SeriesNumber = f"1.2.3.{series + 1}", series + 1
        small.SOPInstanceUID, small.InstanceNumber = f"1.2.4.{place + 1}", instance + 1
        small.file_meta.MediaStorageSOPInstanceUID = small.SOPInstanceUID
        small.save_as(path, enforce_file_format=True)
    return paths


def _cine(pixels: bytes, syntax: UID) -> Dataset:
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import UID, UltrasoundMultiFrameImageStorage

    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.file_meta.MediaStorageSOPClassUID = UltrasoundMultiFrameImageStorage
    dataset.file_meta.MediaStorageSOPInstanceUID = UID("1.2.3.4")
    dataset.SOPClassUID, dataset.SOPInstanceUID = UltrasoundMultiFrameImageStorage, "1.2.3.4"
    dataset.Modality, dataset.NumberOfFrames, dataset.FrameTime = "US", FRAMES, 33.3
    dataset.Rows, dataset.Columns = SHAPE
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 3, "RGB"
    dataset.PlanarConfiguration, dataset.PixelRepresentation = 0, 0
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 8, 8, 7
    dataset.PixelData = pixels
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = syntax.is_encapsulated
    return dataset
