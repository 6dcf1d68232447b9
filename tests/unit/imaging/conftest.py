"""DICOM files made on the spot: a picture of plain colours in any photometric and syntax."""

from __future__ import annotations

import io
import weakref
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom import uid
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate

from sonichu_gui.imaging.video_decoder import VideoDecoder
from tests.unit.imaging.recoding import recode_by_gdcm

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PATIENT = "Unverwechselbar^Name"
COLOURS = ((255, 0, 0), (0, 255, 0), (0, 0, 255), (0, 0, 0), (255, 255, 255), (90, 90, 90))


@pytest.fixture(autouse=True)
def _close_videos(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Closes what a test leaves open, so that no failure of one shows as a warning in another."""
    made: list[weakref.ref[VideoDecoder]] = []
    begin = VideoDecoder.__init__

    def remember(decoder: VideoDecoder, *arguments: object) -> None:
        begin(decoder, *arguments)
        made.append(weakref.ref(decoder))

    monkeypatch.setattr(VideoDecoder, "__init__", remember)
    yield
    for reference in made:
        decoder = reference()
        if decoder is not None:
            decoder.close()


@pytest.fixture(scope="session")
def colours() -> np.ndarray:
    """(32, 48, 3) RGB: six blocks of 16 × 16, so that any swap of channels or bytes shows."""
    blocks = np.array(COLOURS, np.uint8).reshape(2, 3, 3)
    return blocks.repeat(16, axis=0).repeat(16, axis=1)


@pytest.fixture(scope="session")
def ramp() -> np.ndarray:
    """(32, 64) grey: every stored value from 0 to 255 eight times."""
    return np.arange(256, dtype=np.uint8).repeat(8).reshape(32, 64)


@pytest.fixture(scope="session")
def to_ybr() -> Callable[[np.ndarray], np.ndarray]:
    """RGB to full-range YCbCr by the equations of DICOM PS3.3 C.7.6.3.1.2."""
    matrix = np.array(
        [
            [0.2990, 0.5870, 0.1140],
            [-0.1687, -0.3313, 0.5000],
            [0.5000, -0.4187, -0.0813],
        ]
    )

    def convert(rgb: np.ndarray) -> np.ndarray:
        ybr = rgb.astype(float) @ matrix.T + [0, 128, 128]
        return np.clip(np.rint(ybr), 0, 255).astype(np.uint8)

    return convert


@pytest.fixture
def write_dicom(tmp_path: Path) -> Callable[..., Path]:
    """Writes an ultrasound DICOM file around pixels; keywords set or (None) remove elements."""

    def write(
        pixels: np.ndarray | bytes | None,
        *,
        photometric: str = "MONOCHROME2",
        syntax: str = uid.ExplicitVRLittleEndian,
        name: str = "frame.dcm",
        frames: int = 1,
        preamble: bool = True,
        shape: tuple[int, int] | None = None,
        **elements: object,
    ) -> Path:
        dataset = _dataset(photometric, syntax)
        big = syntax == uid.ExplicitVRBigEndian
        if pixels is not None:
            _put_pixels(dataset, pixels, frames=frames, shape=shape, big_endian=big)
        for keyword, value in elements.items():
            if value is None:
                del dataset[keyword]
            else:
                setattr(dataset, keyword, value)
        path = tmp_path / name
        if preamble:
            dataset.save_as(path, enforce_file_format=True)
        else:
            del dataset.file_meta
            implicit = syntax == uid.ImplicitVRLittleEndian
            dataset.save_as(path, implicit_vr=implicit, little_endian=not big)
        return path

    return write


def _dataset(photometric: str, syntax: str) -> Dataset:
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.SOPClassUID = uid.UltrasoundMultiFrameImageStorage
    dataset.SOPInstanceUID = "1.2.3.4"
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.Modality = "US"
    dataset.PatientName = PATIENT
    dataset.PatientID = "ID-4711"
    dataset.PhotometricInterpretation = photometric
    dataset.PixelRepresentation = 0
    return dataset


def _put_pixels(
    dataset: Dataset,
    pixels: np.ndarray | bytes,
    *,
    frames: int,
    shape: tuple[int, int] | None,
    big_endian: bool,
) -> None:
    has_colour = dataset.PhotometricInterpretation[:3] in {"RGB", "YBR"}
    dataset.SamplesPerPixel = 3 if has_colour else 1
    if has_colour:
        dataset.PlanarConfiguration = 0
    if frames > 1:
        dataset.NumberOfFrames = frames
    bits = 8
    if isinstance(pixels, np.ndarray):
        bits = 8 * pixels.dtype.itemsize
        plane = pixels.shape[1:] if frames > 1 else pixels.shape
        shape = shape or (plane[0], plane[1])
        order = ">" if big_endian else "<"
        pixels = pixels.astype(pixels.dtype.newbyteorder(order)).tobytes()
    assert shape is not None
    dataset.Rows, dataset.Columns = shape
    dataset.BitsAllocated = dataset.BitsStored = bits
    dataset.HighBit = bits - 1
    dataset.PixelData = pixels + b"\0" * (len(pixels) % 2)
    dataset["PixelData"].VR = "OW" if bits > 8 else "OB"
    if dataset.file_meta.TransferSyntaxUID.is_encapsulated:
        dataset["PixelData"].is_undefined_length = True


@pytest.fixture(scope="session")
def jpeg() -> Callable[..., bytes]:
    """Encapsulates one baseline JPEG a frame."""

    def encode(*frames: np.ndarray, mode: str | None = None, **options: object) -> bytes:
        encoded = []
        for frame in frames:
            stream = io.BytesIO()
            size = (frame.shape[1], frame.shape[0])
            mode = mode or ("L" if frame.ndim == 2 else "RGB")
            Image.frombytes(mode, size, frame.tobytes()).save(
                stream, "JPEG", quality=95, **{"subsampling": 0, **options}
            )
            encoded.append(stream.getvalue())
        return encapsulate(encoded)

    return encode


@pytest.fixture(scope="session")
def recode() -> Callable[[Path, str], Path]:
    """Rewrites a file losslessly in another transfer syntax."""

    def rewrite(path: Path, syntax: str) -> Path:
        target = path.with_name(f"recoded-{path.name}")
        if syntax in {uid.JPEGLossless, uid.JPEGLosslessSV1}:
            recode_by_gdcm(path, target, syntax)
            return target
        dataset = pydicom.dcmread(path)
        dataset.compress(syntax, generate_instance_uid=False)
        dataset.save_as(target)
        return target

    return rewrite


@pytest.fixture(scope="session")
def palette() -> Callable[..., dict[str, object]]:
    """The elements of a palette of `COLOURS`, stored as scanners variously do."""

    def elements(
        *, bits: int = 16, scale: int = 256, first: int = 0, big_endian: bool = False
    ) -> dict[str, object]:
        table = np.array(COLOURS, np.uint32) * scale
        found: dict[str, object] = {}
        for column, colour in enumerate(("Red", "Green", "Blue")):
            channel = table[:, column].astype(np.uint16)
            data = channel.astype(">u2" if big_endian else "<u2").tobytes()
            if bits == 8 and scale == 1:
                packed = channel.astype(np.uint8).view("<u2")
                data = packed.astype(">u2" if big_endian else "<u2").tobytes()
            found[f"{colour}PaletteColorLookupTableDescriptor"] = [len(table), first, bits]
            found[f"{colour}PaletteColorLookupTableData"] = data
        return found

    return elements
