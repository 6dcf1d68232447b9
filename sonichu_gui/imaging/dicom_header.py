"""The header of a DICOM file: where its pixels are, how they are stored, when they were taken.

Only the elements named here are read. Who the patient is never enters the program, and so can
leave it neither by an error nor by a log.
"""

from __future__ import annotations

import io
import os
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, BinaryIO

from sonichu_gui.errors import FrameError
from sonichu_gui.imaging.dicom_values import integer, number, numbers, text
from sonichu_gui.imaging.functional_groups import GROUP_TAGS
from sonichu_gui.imaging.source_file import SourceFile, decoding
from sonichu_gui.imaging.transfer_syntaxes import full_name, pixels_elsewhere
from sonichu_gui.imaging.ultrasound_regions import CALIBRATION_TAGS
from sonichu_gui.imaging.whole_reader import WholeReader

if TYPE_CHECKING:
    from pydicom.dataset import Dataset, FileDataset
    from pydicom.uid import UID

_PIXEL_TAGS = (
    "BitsAllocated",
    "BitsStored",
    "Columns",
    "ExtendedOffsetTable",
    "ExtendedOffsetTableLengths",
    "NumberOfFrames",
    "PhotometricInterpretation",
    "PixelRepresentation",
    "PlanarConfiguration",
    "Rows",
    "SamplesPerPixel",
)
_SHADING_TAGS = (
    "BluePaletteColorLookupTableData",
    "GreenPaletteColorLookupTableData",
    "ModalityLUTSequence",
    "PresentationLUTSequence",
    "PresentationLUTShape",
    "RedPaletteColorLookupTableData",
    "RedPaletteColorLookupTableDescriptor",
    "RescaleIntercept",
    "RescaleSlope",
    "SegmentedBluePaletteColorLookupTableData",
    "SegmentedGreenPaletteColorLookupTableData",
    "SegmentedRedPaletteColorLookupTableData",
    "VOILUTFunction",
    "VOILUTSequence",
    "WindowCenter",
    "WindowCenterWidthExplanation",
    "WindowWidth",
)
_TIME_TAGS = ("CineRate", "FrameTime", "FrameTimeVector", "RecommendedDisplayFrameRate")
_TAGS = sorted({*_PIXEL_TAGS, *_SHADING_TAGS, *_TIME_TAGS, *CALIBRATION_TAGS, *GROUP_TAGS})

_PREAMBLE = 128
_META_LENGTH = b"\x02\0\0\0UL\x04\0"
_DEFLATED = b"1.2.840.10008.1.2.1.99"
_MOST_INFLATED, _READ_AT_ONCE = 400_000_000, 1 << 20
_PIXEL_DATA, _FLOAT_PIXELS = (0x7FE0, 0x0010), {(0x7FE0, 0x0008), (0x7FE0, 0x0009)}
_EXPLICIT_VRS = {b"OB", b"OW", b"UN"}
_UNDEFINED_LENGTH = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class PixelStore:
    """Where the value of Pixel Data is.

    Attributes:
        file: The file that holds it.
        start: Offset of its first byte.
        end: Offset behind its last byte.
        encapsulated: Whether it is a sequence of compressed fragments.
        vr: Value representation, "OB" or "OW".
        inflated: The value itself where the file is deflated as a whole, else None.
    """

    file: SourceFile
    start: int
    end: int
    encapsulated: bool
    vr: str
    inflated: bytes | None = None

    @contextmanager
    def open(self) -> Iterator[WholeReader]:
        """Opens the value at its start; each call has a reader of its own."""
        if self.inflated is not None:
            yield WholeReader(io.BytesIO(self.inflated), start=0, end=len(self.inflated))
            return
        with self.file.open() as stream:
            yield WholeReader(stream, start=self.start, end=self.end)


@dataclass(frozen=True, slots=True)
class DicomHeader:
    """What is needed to decode and to scale the frames of a DICOM file.

    Attributes:
        dataset: The elements that were read.
        syntax: Transfer syntax.
        store: Where the pixels are.
        width: Columns.
        height: Rows.
        samples: Samples per pixel, 1 or 3.
        photometric: Photometric interpretation, e.g. "PALETTE COLOR".
        bits_allocated: Bits a sample takes.
        bits_stored: Bits of them that count.
        signed: Whether samples are in two's complement.
        frame_count: Number of frames the file claims to hold, at least 1.
    """

    dataset: Dataset
    syntax: UID
    store: PixelStore
    width: int
    height: int
    samples: int
    photometric: str
    bits_allocated: int
    bits_stored: int
    signed: bool
    frame_count: int

    @property
    def little_endian(self) -> bool:
        """Whether numbers are stored with the low byte first."""
        return self.dataset.original_encoding[1] is not False

    @property
    def frame_time_ms(self) -> float | None:
        """Mean time from one frame to the next, None when the file states none."""
        if self.frame_count < 2:
            return None
        # The vector's first entry belongs to the first frame, which follows none.
        steps = numbers(self.dataset, "FrameTimeVector")[1 : self.frame_count]
        rates = (
            number(self.dataset, keyword) for keyword in ("CineRate", "RecommendedDisplayFrameRate")
        )
        candidates = (
            sum(steps) / len(steps) if steps and min(steps) >= 0 else None,
            number(self.dataset, "FrameTime"),
            *(1000 / rate if rate else None for rate in rates),
        )
        return next((time for time in candidates if time and time > 0), None)

    def times_ms(self) -> tuple[float, ...]:
        """Gives each frame's time since the first, empty when the file does not state them all."""
        steps = numbers(self.dataset, "FrameTimeVector")[1 : self.frame_count]
        if self.frame_count < 2 or len(steps) != self.frame_count - 1 or min(steps) < 0:
            return ()
        return tuple(accumulate(steps, initial=0.0))


def read_header(file: SourceFile) -> DicomHeader:
    """Reads the header of a DICOM file, with or without a preamble.

    Raises:
        FrameError: It is not DICOM, holds no pixels, or its header is damaged.
    """
    with file.open() as stream:
        has_preamble = stream.read(_PREAMBLE + 4)[_PREAMBLE:] == b"DICM"
        stream.seek(0)
        with decoding(file.path, "The header of"):
            dataset, syntax = _read(stream)
        if not has_preamble and not _is_plausible(dataset):
            raise not_a_picture(file)
        with decoding(file.path, "The header of"):
            store = _find_pixels(stream, file, dataset, syntax)
    if "Rows" not in dataset or "Columns" not in dataset:
        raise FrameError(
            f"{file.path} does not state the size of its picture: Rows or Columns are missing.",
            "Export it anew from where it came from.",
        )
    samples = integer(dataset, "SamplesPerPixel", 1)
    bits_allocated = integer(dataset, "BitsAllocated", 8)
    header = DicomHeader(
        dataset=dataset,
        syntax=syntax,
        store=store,
        width=integer(dataset, "Columns"),
        height=integer(dataset, "Rows"),
        samples=samples,
        photometric=text(dataset, "PhotometricInterpretation")
        or ("RGB" if samples == 3 else "MONOCHROME2"),
        bits_allocated=bits_allocated,
        bits_stored=integer(dataset, "BitsStored", bits_allocated),
        signed=integer(dataset, "PixelRepresentation") == 1,
        frame_count=max(1, integer(dataset, "NumberOfFrames", 1)),
    )
    file.require_size(header.width, header.height)
    return header


def not_a_picture(file: SourceFile) -> FrameError:
    """The error of a file that is nothing we read, whatever its name says."""
    return FrameError(
        f"{file.path} is neither DICOM, a PNG, JPEG, BMP, TIFF or WebP picture, nor an AVI, MP4,"
        " MOV or MKV video.",
        "Its name may have a wrong ending; open it in the program that wrote it.",
    )


def _read(stream: BinaryIO) -> tuple[FileDataset, UID]:
    """Reads the elements before the pixels and leaves the stream at the pixels."""
    import pydicom
    from pydicom import config, uid

    # Values of damaged elements are not to be reported: they may be anybody's name.
    config.settings.reading_validation_mode = config.IGNORE
    _require_inflatable(stream)
    dataset = pydicom.dcmread(stream, force=True, stop_before_pixels=True, specific_tags=[*_TAGS])
    syntax = dataset.file_meta.get("TransferSyntaxUID")
    if not syntax:
        implicit, little = dataset.original_encoding
        syntax = (
            uid.ImplicitVRLittleEndian
            if implicit
            else uid.ExplicitVRLittleEndian
            if little
            else uid.ExplicitVRBigEndian
        )
    if syntax == uid.DeflatedExplicitVRLittleEndian:
        stream.seek(0)
        dataset = pydicom.dcmread(stream, force=True, specific_tags=[*_TAGS, "PixelData"])
    return dataset, syntax


def _require_inflatable(stream: BinaryIO) -> None:
    """Refuses a deflated file that grows beyond memory: pydicom inflates as a whole.

    Raises:
        MemoryError: It does.
    """
    stream.seek(_PREAMBLE + 4)
    head = stream.read(12)
    if head[:8] == _META_LENGTH and _DEFLATED in stream.read(int.from_bytes(head[8:], "little")):
        inflater = zlib.decompressobj(wbits=-zlib.MAX_WBITS)
        left = _MOST_INFLATED
        part = stream.read(_READ_AT_ONCE)
        # What follows the end stays unconsumed for ever.
        while part and left > 0 and not inflater.eof:
            left -= len(inflater.decompress(part, _READ_AT_ONCE))
            part = inflater.unconsumed_tail or stream.read(_READ_AT_ONCE)
        if left <= 0:
            raise MemoryError
    stream.seek(0)


def _is_plausible(dataset: Dataset) -> bool:
    """Whether what was read by force is DICOM and not text that happened to parse."""
    return bool(text(dataset, "SOPClassUID").startswith("1.2.")) or all(
        integer(dataset, keyword) > 0 for keyword in ("Rows", "Columns", "BitsAllocated")
    )


def _find_pixels(stream: BinaryIO, file: SourceFile, dataset: Dataset, syntax: UID) -> PixelStore:
    if "PixelData" in dataset:
        value = bytes(dataset.PixelData)
        del dataset.PixelData
        return PixelStore(file, 0, len(value), encapsulated=False, vr="OW", inflated=value)
    order = ">" if dataset.original_encoding[1] is False else "<"
    head = stream.read(8)
    tag = struct.unpack(f"{order}HH", head[:4]) if len(head) == 8 else None
    if tag != _PIXEL_DATA:
        raise pixels_elsewhere(file.path, syntax) or _no_pixels(
            file, dataset, is_float=tag in _FLOAT_PIXELS
        )
    # Looked at rather than believed: some headers state explicit VR and are implicit. No length
    # can look like a VR, since lengths are even.
    if head[4:6] in _EXPLICIT_VRS:
        vr = head[4:6].decode("ascii")
        (length,) = struct.unpack(f"{order}L", stream.read(4))
    else:
        vr = "OW"
        (length,) = struct.unpack(f"{order}L", head[4:])
    start, size = stream.tell(), os.fstat(stream.fileno()).st_size
    encapsulated = length == _UNDEFINED_LENGTH
    # Of a syntax that pydicom does not know it cannot say; the decoder table will refuse it.
    if syntax.is_transfer_syntax and encapsulated != syntax.is_encapsulated:
        raise FrameError(
            f"{file.path} states the transfer syntax {full_name(syntax)}, but its pixels are stored"
            f" {'compressed' if encapsulated else 'uncompressed'}.",
            "Export it anew from where it came from.",
        )
    if length == 0:
        raise _no_pixels(file, dataset, is_float=False)
    return PixelStore(file, start, size if encapsulated else start + length, encapsulated, vr)


def _no_pixels(file: SourceFile, dataset: Dataset, *, is_float: bool) -> FrameError:
    from pydicom.uid import UID, MediaStorageDirectoryStorage

    if is_float:
        return FrameError(f"{file.path} holds floating-point values, not a picture.")
    if integer(dataset, "Rows") and integer(dataset, "Columns"):
        return FrameError(
            f"{file.path} is cut short: it describes a picture but ends before its pixels.",
            "Copy the file again from where it came from.",
        )
    if dataset.file_meta.get("MediaStorageSOPClassUID") == MediaStorageDirectoryStorage:
        return FrameError(
            f"{file.path} is the table of contents of a disc, which names files and holds none.",
            "Open the folder that it lies in.",
        )
    kind = UID(text(dataset, "SOPClassUID"))
    what = f" ({kind.name})" if kind.is_valid and kind else ""
    return FrameError(
        f"{file.path} is a DICOM file without pixels{what}.",
        "Open the image that it belongs to.",
    )
