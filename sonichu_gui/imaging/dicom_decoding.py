"""One frame of a DICOM file as the samples it stores, and the colour space they are in.

Baseline JPEG, the syntax of most cine loops, is decoded here: the library converts its colours in
compiled code and knows from the stream, not from the header, whether there is anything to convert.
All other syntaxes go to pydicom, which tries every permissively licensed plug-in there is.
"""

from __future__ import annotations

import io
import zlib
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import numpy as np

from sonichu_gui.errors import FrameError, UnsupportedFrame
from sonichu_gui.imaging.codestream import (
    Picture,
    has_colour_transform,
    is_jpeg_2000_of,
    is_jpeg_ls_of,
    is_lossless_jpeg_of,
)
from sonichu_gui.imaging.dicom_values import integer
from sonichu_gui.imaging.source_file import CutShortError
from sonichu_gui.imaging.transfer_syntaxes import (
    DEFLATED_FRAMES,
    ENCAPSULATED_PLAIN,
    full_name,
    no_decoder,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.JpegImagePlugin import JpegImageFile
    from pydicom.pixels.decoders.base import Decoder

    from sonichu_gui.imaging.dicom_header import DicomHeader
    from sonichu_gui.imaging.whole_reader import WholeReader

_JPEG_BASELINE, _JPEG_EXTENDED = "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51"
_CHECKS = {
    "1.2.840.10008.1.2.4.57": is_lossless_jpeg_of,
    "1.2.840.10008.1.2.4.70": is_lossless_jpeg_of,
    "1.2.840.10008.1.2.4.80": is_jpeg_ls_of,
    "1.2.840.10008.1.2.4.81": is_jpeg_ls_of,
    "1.2.840.10008.1.2.4.90": is_jpeg_2000_of,
    "1.2.840.10008.1.2.4.91": is_jpeg_2000_of,
    "1.2.840.10008.1.2.4.201": is_jpeg_2000_of,
    "1.2.840.10008.1.2.4.202": is_jpeg_2000_of,
    "1.2.840.10008.1.2.4.203": is_jpeg_2000_of,
}
_PLAIN_FRAMES = {ENCAPSULATED_PLAIN, DEFLATED_FRAMES}
_RGB_LETTERS = ([*b"RGB"], [*b"rgb"])


@dataclass(frozen=True, slots=True)
class Samples:
    """A decoded frame.

    Attributes:
        values: (height, width) or (height, width, 3) of the file's own number type.
        photometric: Colour space of `values`, e.g. "RGB", "YBR_FULL", "PALETTE COLOR".
        bits: Bits of each sample that count.
    """

    values: NDArray[Any]
    photometric: str
    bits: int


def require_decoder(header: DicomHeader) -> None:
    """Refuses a file that nothing installed can decode, before a frame is asked for.

    Raises:
        UnsupportedFrame: Names the transfer syntax and what it would need.
        FrameError: The header describes pixels that no picture has.
    """
    path, name = header.store.file.path, full_name(header.syntax)
    if header.samples not in {1, 3}:
        raise FrameError(f"{path} states {header.samples} samples per pixel; pictures have 1 or 3.")
    if header.syntax == _JPEG_EXTENDED and header.bits_stored > 8:
        raise UnsupportedFrame(
            f"{path} is stored as 12-bit {name}, which needs a 12-bit JPEG decoder.",
            "Convert it, e.g. with DCMTK: dcmdjpeg IN OUT.",
        )
    _decoder(header)


def _decoder(header: DicomHeader) -> Decoder:
    from pydicom.pixels.decoders.base import get_decoder
    from pydicom.uid import ExplicitVRLittleEndian

    path, name = header.store.file.path, full_name(header.syntax)
    try:
        decoder = get_decoder(
            ExplicitVRLittleEndian if header.syntax in _PLAIN_FRAMES else header.syntax
        )
    except NotImplementedError:
        raise no_decoder(path, header.syntax) from None
    if not decoder.is_available:
        needed = ", ".join(decoder.missing_dependencies)
        raise UnsupportedFrame(
            f"{path} is stored as {name}, whose decoder is not installed.",
            f"Install one of: {needed}.",
        )
    return decoder


def decode(header: DicomHeader, index: int) -> Samples:
    """Decodes one frame.

    Raises:
        Exception: Whatever the decoder raises; the caller tells it as damage.
        FrameError: No plug-in could decode the frame.
    """
    with header.store.open() as reader:
        if not header.store.encapsulated:
            return _decode_plain(header, cast("BinaryIO", reader), index, header.frame_count)
        encoded = _encoded(header, reader, index)
    if header.syntax in _PLAIN_FRAMES:
        frame = _inflated(header, encoded) if header.syntax == DEFLATED_FRAMES else encoded
        return _decode_plain(header, frame, 0, 1)
    if header.syntax in {_JPEG_BASELINE, _JPEG_EXTENDED}:
        return _decode_jpeg(header, encoded)
    return _decode_fragment(header, encoded)


def _encoded(header: DicomHeader, reader: WholeReader, index: int) -> bytes:
    from pydicom.encaps import get_frame

    offsets = header.dataset.get("ExtendedOffsetTable")
    lengths = header.dataset.get("ExtendedOffsetTableLengths")
    return get_frame(
        reader,
        index,
        extended_offsets=(offsets, lengths) if offsets and lengths else None,
        number_of_frames=header.frame_count,
    )


def _inflated(header: DicomHeader, encoded: bytes) -> bytes:
    """Inflates a frame (RFC 1951), not beyond the size it has to have.

    Raises:
        CutShortError: There is less.
    """
    size = header.width * header.height * header.samples * header.bits_allocated // 8
    frame = zlib.decompressobj(wbits=-zlib.MAX_WBITS).decompress(encoded, max(size, 1))
    if len(frame) < size:
        raise CutShortError
    return frame


def _decode_plain(header: DicomHeader, source: BinaryIO | bytes, index: int, count: int) -> Samples:
    photometric = header.photometric
    if photometric == "YBR_PARTIAL_422":  # the same layout, which pydicom knows by this name only
        photometric = "YBR_FULL_422"
    values, properties = _decoder(header).as_array(
        source,
        index=index,
        raw=True,
        **_options(header, photometric, count),
    )
    if photometric == header.photometric:
        photometric = str(properties["photometric_interpretation"])
    else:
        photometric = header.photometric
    return Samples(values, photometric, header.bits_stored)


def _decode_fragment(header: DicomHeader, encoded: bytes) -> Samples:
    from pydicom.encaps import encapsulate

    check = _CHECKS.get(header.syntax)
    picture = Picture(header.width, header.height, header.samples, header.bits_allocated)
    if check is not None and not check(picture, encoded):
        raise ValueError("not a stream of this picture")
    decoder, fragment = _decoder(header), encapsulate([encoded], has_bot=False)
    options = _options(header, header.photometric, 1)
    plugins = _plugins(decoder)
    for plugin in plugins:
        with suppress(RuntimeError, ValueError):
            values, properties = decoder.as_array(
                fragment, index=0, raw=True, decoding_plugin=plugin, **options
            )
            break
    else:
        raise FrameError(
            f"A frame of {header.store.file.path} cannot be decoded"
            f" as {full_name(header.syntax)}: {' and '.join(plugins)} failed.",
            "Copy the file again from where it came from, or export it anew.",
        )
    photometric = str(properties["photometric_interpretation"])
    if check is is_jpeg_2000_of and has_colour_transform(encoded):
        photometric = "RGB"  # undone by the codec, whatever the header calls it
    return Samples(values, photometric, header.bits_stored)


def _plugins(decoder: Decoder) -> tuple[str, ...]:
    """Gives the plug-ins to try in turn.

    GDCM comes last and only where it is alone (lossless JPEG): on a damaged JPEG 2000 stream it
    ends the whole program instead of raising.
    """
    plugins = decoder.available_plugins
    return tuple(plugin for plugin in plugins if plugin != "gdcm") or plugins


def _options(header: DicomHeader, photometric: str, frame_count: int) -> dict[str, Any]:
    """Gives what pydicom asks of a header, from the one that was understood."""
    return {
        "rows": header.height,
        "columns": header.width,
        "samples_per_pixel": header.samples,
        "photometric_interpretation": photometric,
        "bits_allocated": header.bits_allocated,
        "bits_stored": header.bits_stored,
        "pixel_representation": int(header.signed),
        "planar_configuration": int(integer(header.dataset, "PlanarConfiguration") == 1),
        "number_of_frames": frame_count,
        "transfer_syntax_uid": _decoder(header).UID,
        "pixel_keyword": "PixelData",
        "pixel_vr": header.store.vr,
    }


def _decode_jpeg(header: DicomHeader, encoded: bytes) -> Samples:
    from PIL import Image, JpegImagePlugin

    with Image.open(io.BytesIO(encoded), formats=("JPEG",)) as image:
        if image.size != (header.width, header.height):
            raise FrameError(
                f"{header.store.file.path} states {header.width}×{header.height} pixels,"
                f" but a frame in it has {image.width}×{image.height}.",
                "Export it anew from where it came from.",
            )
        assert isinstance(image, JpegImagePlugin.JpegImageFile)  # noqa: S101 - asked for above
        if image.mode == "L":
            photometric = header.photometric if header.samples == 1 else "MONOCHROME2"
            return Samples(np.asarray(image), photometric, 8)
        if header.photometric == "RGB" and _is_unmarked(image):
            # Asked for what it takes for YCbCr anyway, the library leaves the samples alone.
            image.draft("YCbCr", image.size)
            return Samples(np.asarray(image), "RGB", 8)
        return Samples(np.asarray(image if image.mode == "RGB" else image.convert("RGB")), "RGB", 8)


def _is_unmarked(image: JpegImageFile) -> bool:
    """Whether only the DICOM header can tell the colour space of a JPEG stream.

    A JFIF or Adobe marker, letters for component names, or colour of coarser sampling than
    brightness would tell it.
    """
    names = [component for component, *_ in image.layer]
    samplings = {tuple(sampling) for _, *sampling, _ in image.layer}
    # An Adobe marker too short to tell the transform tells the library nothing.
    is_marked = "jfif" in image.info or "adobe_transform" in image.info or names in _RGB_LETTERS
    return not is_marked and len(samplings) == 1
