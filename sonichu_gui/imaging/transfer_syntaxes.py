"""Names of the transfer syntaxes for people, and what the ones that nothing here decodes need.

Source: DICOM PS3.6 table A-1. Those after pydicom's own list are named here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sonichu_gui.errors import UnsupportedFrame

if TYPE_CHECKING:
    from pathlib import Path

    from pydicom.uid import UID

_UID_ROOT = "1.2.840.10008.1.2"
ENCAPSULATED_PLAIN, DEFLATED_FRAMES = f"{_UID_ROOT}.1.98", f"{_UID_ROOT}.8.1"

_NAMES = {
    "": "implicit little endian",
    ".1": "explicit little endian",
    ".1.98": "encapsulated uncompressed",
    ".1.99": "deflated",
    ".2": "explicit big endian",
    ".5": "RLE",
    ".4.50": "JPEG baseline",
    ".4.51": "JPEG extended",
    ".4.57": "JPEG lossless",
    ".4.70": "JPEG lossless",
    ".4.80": "JPEG-LS lossless",
    ".4.81": "JPEG-LS near-lossless",
    ".4.90": "JPEG 2000 lossless",
    ".4.91": "JPEG 2000",
    ".4.201": "HTJ2K lossless",
    ".4.202": "HTJ2K lossless",
    ".4.203": "HTJ2K",
    ".8.1": "deflated frames",
}
_LATER_NAMES = {
    ".4.110": "JPEG XL Lossless",
    ".4.111": "JPEG XL JPEG Recompression",
    ".4.112": "JPEG XL",
    ".8.1": "Deflated Image Frame Compression",
}
_JPEG_XL, _PART_2 = "a JPEG XL decoder (libjxl)", "a JPEG 2000 Part 2 decoder"
_RETIRED_JPEG = "a decoder of this retired JPEG process (DCMTK or GDCM have some)"
_NEEDED = {
    ".4.92": _PART_2,
    ".4.93": _PART_2,
    ".4.110": _JPEG_XL,
    ".4.111": _JPEG_XL,
    ".4.112": _JPEG_XL,
    **{f".4.{process}": _RETIRED_JPEG for process in (*range(52, 57), *range(58, 67))},
}
_ELSEWHERE = {
    ".4.94": "JPIP",
    ".4.95": "JPIP",
    ".4.204": "JPIP",
    ".4.205": "JPIP",
    ".7.1": "SMPTE ST 2110",
    ".7.2": "SMPTE ST 2110",
    ".7.3": "SMPTE ST 2110",
}


def short_name(syntax: UID) -> str:
    """Gives what a syntax is called beside "DICOM · "."""
    return _NAMES.get(_suffix(syntax), full_name(syntax))


def full_name(syntax: UID) -> str:
    """Gives the name of the standard, the number itself where it is not known."""
    return _LATER_NAMES.get(_suffix(syntax), syntax.name)


def no_decoder(path: Path, syntax: UID) -> UnsupportedFrame:
    """The error of a file whose syntax nothing here decodes."""
    needed = _NEEDED.get(_suffix(syntax), "a decoder of its own")
    name = full_name(syntax)
    number = "" if name == str(syntax) else f" ({syntax})"
    return UnsupportedFrame(
        f"{path} is stored as {name}{number}, for which there is no decoder here:"
        f" it needs {needed}.",
        "Convert it to an uncompressed, JPEG or JPEG 2000 transfer syntax.",
    )


def pixels_elsewhere(path: Path, syntax: UID) -> UnsupportedFrame | None:
    """The error of a file that only says where its pixels are; None for all others."""
    protocol = _ELSEWHERE.get(_suffix(syntax))
    if protocol is None:
        return None
    return UnsupportedFrame(
        f"{path} is of the transfer syntax {full_name(syntax)}: its pixels are not in the file,"
        f" but with a server that speaks {protocol}.",
        "Ask the archive for the file with its pixels, e.g. as JPEG 2000.",
    )


def _suffix(syntax: UID) -> str:
    return syntax.removeprefix(_UID_ROOT) if syntax.startswith(_UID_ROOT) else str(syntax)
