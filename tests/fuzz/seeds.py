"""Sound files to damage: small, and together of every format, syntax and colour that is read.

Kinds name what is damaged in the same way: "dicom", "png", "tiff", "jpeg", "webp", "bmp", "video".
"""

from __future__ import annotations

import io
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, PngImagePlugin
from pydicom import uid
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence

from tests.unit.imaging.recoding import recode_by_gdcm
from tests.unit.imaging.videos import h264, motion_jpeg, numbered, uncompressed, write_video

HEIGHT, WIDTH = 34, 38
_WIDE = (1500, 900)
"""Much from little: files that grow by decoding."""
_PICTURES = 6
_RGB = np.random.default_rng(5).integers(0, 256, (HEIGHT, WIDTH, 3)).astype(np.uint8)
_GREY = _RGB[..., 0].copy()
_DEEP = (_GREY.astype(np.int16) - 128) * 200


@dataclass(frozen=True, slots=True)
class Seed:
    """A sound file."""

    kind: str
    name: str
    data: bytes


def make_seeds() -> list[Seed]:
    """Makes all of them, the same ones every time."""
    with tempfile.TemporaryDirectory() as folder:
        return [*_rasters(), *_videos(Path(folder)), *_dicoms(Path(folder))]


def _rasters() -> list[Seed]:
    rgb, grey = Image.fromarray(_RGB), Image.fromarray(_GREY)
    deep = Image.fromarray(_DEEP.astype(np.uint16))
    palette, clear = rgb.quantize(16), rgb.convert("RGBA")
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "words " * 20, zip=True)
    turned = Image.Exif()
    turned[0x0112] = 6
    later, wide = Image.fromarray(255 - _RGB), Image.new("RGB", _WIDE)
    made = [
        ("png", "rgb", rgb, {"pnginfo": text}),
        ("png", "grey 16", deep, {}),
        ("png", "palette", palette, {"transparency": 3}),
        ("png", "alpha", clear, {"exif": turned}),
        ("png", "bits", grey.convert("1"), {}),
        ("png", "animated", rgb, {"save_all": True, "append_images": [later]}),
        ("tiff", "plain", rgb, {}),
        ("tiff", "lzw", rgb, {"compression": "tiff_lzw"}),
        ("tiff", "deflate 16", deep, {"compression": "tiff_adobe_deflate"}),
        ("tiff", "packbits", palette, {"compression": "packbits"}),
        ("tiff", "fax", grey.convert("1"), {"compression": "group4"}),
        ("tiff", "jpeg", rgb, {"compression": "jpeg"}),
        ("tiff", "pages", rgb, {"save_all": True, "append_images": [later, rgb]}),
        ("tiff", "big", grey, {"big_tiff": True}),
        ("tiff", "float", Image.fromarray(_DEEP.astype(np.float32)), {}),
        ("jpeg", "baseline", rgb, {"exif": turned}),
        ("jpeg", "progressive", rgb, {"progressive": True}),
        ("jpeg", "grey", grey, {}),
        ("jpeg", "cmyk", rgb.convert("CMYK"), {}),
        ("webp", "lossy", rgb, {}),
        ("webp", "lossless", clear, {"lossless": True, "exif": turned}),
        ("webp", "animated", rgb, {"save_all": True, "append_images": [later], "duration": 40}),
        ("bmp", "rgb", rgb, {}),
        ("bmp", "palette", palette, {}),
        ("png", "wide", wide, {}),
        ("tiff", "wide", wide, {"compression": "tiff_lzw"}),
        ("webp", "wide", wide, {"lossless": True}),
    ]
    return [Seed(kind, name, _saved(image, kind, options)) for kind, name, image, options in made]


def _saved(image: Image.Image, kind: str, options: dict) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind.upper(), **options)
    return stream.getvalue()


def _videos(folder: Path) -> list[Seed]:
    size = (64, 48)
    written = {
        "mjpg.avi": "MJPG", "mpeg4.avi": "XVID", "mpeg4.mp4": "mp4v", "mpeg4.mov": "mp4v",
        "mjpg.mkv": "MJPG", "vp8.mkv": "VP80", "ffv1.avi": "FFV1",
    }  # fmt: skip
    found = {
        name: write_video(folder / name, code, count=_PICTURES, size=size).read_bytes()
        for name, code in written.items()
    }
    pictures = [numbered(number, 160, 40) for number in range(_PICTURES)]
    found["plain.avi"] = uncompressed([each[..., None].repeat(3, axis=2) for each in pictures])
    found["palette.avi"] = uncompressed(pictures)
    found["grey.avi"] = motion_jpeg(pictures)
    return [Seed("video", name, data) for name, data in found.items()]


def _dicoms(folder: Path) -> list[Seed]:
    return [
        Seed("dicom", name, data)
        for name, data in (*_plain(), *_shaded(), *_compressed(folder), *_film(folder))
    ]


def _plain() -> list[tuple[str, bytes]]:
    twice = np.stack([_GREY, 255 - _GREY])
    planes = np.ascontiguousarray(np.moveaxis(_RGB, -1, 0))
    pairs = np.random.default_rng(6).integers(0, 256, HEIGHT * WIDTH * 2).astype(np.uint8)
    half_colour = {"PhotometricInterpretation": "YBR_FULL_422"}
    made = {
        "implicit": _dicom(_GREY, syntax=uid.ImplicitVRLittleEndian),
        "explicit": _dicom(_RGB, **_scale()),
        "big endian": _dicom(_DEEP, syntax=uid.ExplicitVRBigEndian),
        "deflated": _dicom(_RGB, syntax=uid.DeflatedExplicitVRLittleEndian),
        "wide": _dicom(np.zeros(_WIDE, np.uint8), syntax=uid.DeflatedExplicitVRLittleEndian),
        "cine": _dicom(twice, NumberOfFrames=2, FrameTimeVector=[0, 40], **_scale()),
        "planes": _dicom(planes, PlanarConfiguration=1, SamplesPerPixel=3, **_size()),
        "half colour": _dicom(pairs, SamplesPerPixel=3, **_size(), **half_colour),
        "bits": _dicom(np.packbits(_GREY > 99), BitsAllocated=1, BitsStored=1, **_size()),
    }
    found = {name: _bytes_of(dataset) for name, dataset in made.items()}
    bare = found["implicit"]
    found["no preamble"] = bare[bare.index(b"\x08\x00\x16\x00") :]
    return [*found.items()]


def _shaded() -> list[tuple[str, bytes]]:
    windows = {
        "WindowCenter": [0, 900], "WindowWidth": [4000, 90], "RescaleSlope": 1.5,
        "RescaleIntercept": -20, "WindowCenterWidthExplanation": ["A", "B"],
    }  # fmt: skip
    table = Dataset()
    table.LUTDescriptor = [256, 0, 16]
    table.LUTData = np.arange(256, dtype="<u2").tobytes()
    shared = Dataset()
    frame_window, spacing = Dataset(), Dataset()
    frame_window.WindowCenter, frame_window.WindowWidth = 40, 80
    spacing.PixelSpacing = [0.2, 0.2]
    shared.FrameVOILUTSequence = Sequence([frame_window])
    shared.PixelMeasuresSequence = Sequence([spacing])
    groups = {"SharedFunctionalGroupsSequence": Sequence([shared])}
    made = {
        "windows": _dicom(_DEEP, **windows),
        "table": _dicom(_GREY, VOILUTSequence=Sequence([table])),
        "groups": _dicom(np.stack([_DEEP, -_DEEP]), NumberOfFrames=2, **groups),
        "palette": _dicom(_GREY, PhotometricInterpretation="PALETTE COLOR", **_palette()),
        "segments": _dicom(_GREY, PhotometricInterpretation="PALETTE COLOR", **_segments()),
    }
    return [(name, _bytes_of(dataset)) for name, dataset in made.items()]


def _compressed(folder: Path) -> list[tuple[str, bytes]]:
    found = []
    for name, syntax in (
        ("RLE", uid.RLELossless),
        ("JPEG-LS", uid.JPEGLSLossless),
        ("JPEG 2000", uid.JPEG2000Lossless),
    ):
        for pixels in (_RGB, np.stack([_GREY, 255 - _GREY])):
            many = {"NumberOfFrames": 2, **_size()} if pixels.shape[0] == 2 else {}
            dataset = _dicom(pixels, **many)
            dataset.compress(syntax, generate_instance_uid=False)
            found.append((f"{name} {pixels.ndim}.{len(many)}", _bytes_of(dataset)))
    encoded = [_saved(Image.fromarray(each), "jpeg", {}) for each in (_RGB, 255 - _RGB)]
    colour = {"PhotometricInterpretation": "YBR_FULL_422", "SamplesPerPixel": 3, **_size()}
    jpeg = _dicom(
        encapsulate(encoded), syntax=uid.JPEGBaseline8Bit, NumberOfFrames=2, **colour, **_scale()
    )
    wrapped = _dicom(encapsulate([_GREY.tobytes()]), syntax="1.2.840.10008.1.2.1.98", **_size())
    return [
        *found,
        ("JPEG lossless", _lossless_jpeg(folder)),
        ("JPEG", _bytes_of(jpeg)),
        ("wrapped", _bytes_of(wrapped)),
    ]


def _lossless_jpeg(folder: Path) -> bytes:
    plain, packed = folder / "plain.dcm", folder / "packed.dcm"
    plain.write_bytes(_bytes_of(_dicom(_RGB)))
    recode_by_gdcm(plain, packed, uid.JPEGLosslessSV1)
    return packed.read_bytes()


def _film(folder: Path) -> list[tuple[str, bytes]]:
    streams = {
        "MPEG-2": (uid.MPEG2MPML, write_video(folder / "f.m2v", "mpg2", count=6).read_bytes()),
        "MPEG-4": (uid.MPEG4HP41, write_video(folder / "f.mp4", "mp4v", count=6).read_bytes()),
        "H.264": (uid.MPEG4HP41, h264(2)),
    }
    shape = {"Rows": 96, "Columns": 160, "SamplesPerPixel": 3, "NumberOfFrames": _PICTURES}
    return [
        (
            name,
            _bytes_of(
                _dicom(
                    encapsulate([stream], has_bot=False),
                    syntax=syntax,
                    PhotometricInterpretation="YBR_PARTIAL_420",
                    FrameTime=40,
                    **shape,
                )
            ),
        )
        for name, (syntax, stream) in streams.items()
    ]


def _dicom(
    pixels: np.ndarray | bytes, *, syntax: str = uid.ExplicitVRLittleEndian, **elements: object
) -> Dataset:
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.file_meta.MediaStorageSOPClassUID = uid.UltrasoundMultiFrameImageStorage
    dataset.file_meta.MediaStorageSOPInstanceUID = "1.2.3.4"
    dataset.SOPClassUID, dataset.SOPInstanceUID = uid.UltrasoundMultiFrameImageStorage, "1.2.3.4"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "1.2.3", "1.2.3.1"
    dataset.PatientID, dataset.Modality, dataset.InstanceNumber = "4711", "US", 1
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.PixelRepresentation, bits = 0, 8
    if isinstance(pixels, np.ndarray):
        bits = 8 * pixels.dtype.itemsize
        dataset.PixelRepresentation = int(pixels.dtype.kind == "i")
        if pixels.shape[-1] == 3:
            dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 3, "RGB"
            dataset.PlanarConfiguration = 0
        if pixels.ndim > 1:
            plane = pixels.shape[-3:-1] if pixels.shape[-1] == 3 else pixels.shape[-2:]
            dataset.Rows, dataset.Columns = plane
        if syntax == uid.ExplicitVRBigEndian:
            pixels = pixels.astype(pixels.dtype.newbyteorder(">"))
        pixels = pixels.tobytes()
    dataset.BitsAllocated = dataset.BitsStored = bits
    dataset.HighBit = bits - 1
    for keyword, value in elements.items():
        setattr(dataset, keyword, value)
    if dataset.SamplesPerPixel == 3:
        dataset.PlanarConfiguration = elements.get("PlanarConfiguration", 0)
        if dataset.PhotometricInterpretation == "MONOCHROME2":
            dataset.PhotometricInterpretation = "RGB"
    dataset.PixelData = pixels + b"\0" * (len(pixels) % 2)
    dataset["PixelData"].VR = "OW" if bits > 8 else "OB"
    dataset["PixelData"].is_undefined_length = uid.UID(syntax).is_encapsulated
    return dataset


def _bytes_of(dataset: Dataset) -> bytes:
    stream = io.BytesIO()
    dataset.save_as(stream, enforce_file_format=True)
    return stream.getvalue()


def _size() -> dict[str, object]:
    return {"Rows": HEIGHT, "Columns": WIDTH}


def _scale() -> dict[str, object]:
    """A region and a spacing that contradict one another."""
    region = Dataset()
    region.RegionSpatialFormat, region.RegionDataType, region.RegionFlags = 1, 1, 0
    region.RegionLocationMinX0, region.RegionLocationMinY0 = 0, 0
    region.RegionLocationMaxX1, region.RegionLocationMaxY1 = WIDTH - 1, HEIGHT - 1
    region.PhysicalUnitsXDirection = region.PhysicalUnitsYDirection = 3
    region.PhysicalDeltaX, region.PhysicalDeltaY = 0.02, -0.03
    return {
        "SequenceOfUltrasoundRegions": Sequence([region]),
        "PixelSpacing": [0.4, 0.4],
        "NominalScannedPixelSpacing": [0.4, 0.4],
    }


def _palette() -> dict[str, object]:
    found: dict[str, object] = {}
    for number, colour in enumerate(("Red", "Green", "Blue")):
        table = np.roll(np.arange(256, dtype="<u2") * 257, 40 * number)
        found[f"{colour}PaletteColorLookupTableDescriptor"] = [256, 0, 16]
        found[f"{colour}PaletteColorLookupTableData"] = table.tobytes()
    return found


def _segments() -> dict[str, object]:
    """A ramp up and a ramp down (DICOM PS3.3 C.7.9.2)."""
    found: dict[str, object] = {}
    segments = np.array([0, 1, 0, 1, 127, 65535, 1, 128, 0], dtype="<u2").tobytes()
    for colour in ("Red", "Green", "Blue"):
        found[f"{colour}PaletteColorLookupTableDescriptor"] = [256, 0, 16]
        found[f"Segmented{colour}PaletteColorLookupTableData"] = segments
    return found
