"""What a compressed frame says of itself, looked at before a decoder acts on it.

A damaged size makes JPEG 2000 and JPEG-LS decoders work for minutes and fill the memory. And GDCM,
the only permissively licensed decoder of lossless JPEG, ends the whole program when its library
has the least remark about a header, so whatever it might remark upon is refused here.
Sources: ITU-T T.81 annex B (JPEG), T.87 annex C (JPEG-LS), T.84 annex F (SPIFF), T.800 annex A
(JPEG 2000).
"""

from __future__ import annotations

from dataclasses import dataclass

_SOI, _SOF3, _SOF55, _DHT, _SOS, _DQT, _DRI, _COM = 0xD8, 0xC3, 0xF7, 0xC4, 0xDA, 0xDB, 0xDD, 0xFE
_APP0, _APP8, _APP14, _APP15 = 0xE0, 0xE8, 0xEE, 0xEF
_HARMLESS = {_DQT, _COM, *range(_APP0, _APP15 + 1)}
_ADOBE_TRANSFORMS = {0, 1, 2}
_SOC_SIZ, _COD = b"\xff\x4f\xff\x51", b"\xff\x52"


@dataclass(frozen=True, slots=True)
class Picture:
    """What a compressed frame must hold, by its file's header.

    Attributes:
        width: Columns.
        height: Rows.
        samples: Samples per pixel.
        bits: Bits that a sample has at most.
    """

    width: int
    height: int
    samples: int
    bits: int


def is_jpeg_2000_of(picture: Picture, stream: bytes) -> bool:
    """Whether a stream is JPEG 2000 of the very size."""
    at = stream.find(_SOC_SIZ)
    if at < 0 or len(stream) < at + 42:
        return False

    def number(offset: int, length: int = 4) -> int:
        return int.from_bytes(stream[at + offset : at + offset + length], "big")

    width, height = number(8) - number(16), number(12) - number(20)
    return (width, height, number(40, 2)) == (picture.width, picture.height, picture.samples)


def has_colour_transform(stream: bytes) -> bool:
    """Whether a JPEG 2000 stream's COD marker asks for the multiple component transform."""
    at = stream.find(_COD)
    return at >= 0 and stream[at + 8 : at + 9] == b"\x01"


def is_jpeg_ls_of(picture: Picture, stream: bytes) -> bool:
    """Whether a stream is JPEG-LS of the very size."""
    for marker, content in _segments(stream):
        if marker == _APP8 and content.startswith(b"SPIFF\0"):
            height, width = content[10:14], content[14:18]
            if (_number(width), _number(height)) != (picture.width, picture.height):
                return False
        if marker == _SOF55:
            return _components(picture, content) is not None
    return False


def is_lossless_jpeg_of(picture: Picture, stream: bytes) -> bool:
    """Whether a stream is lossless JPEG of the very size, with a header beyond reproach."""
    components: bytes | None = None
    for marker, content in _segments(stream):
        if marker == _SOS:
            return components is not None and _is_lossless_scan(content, components)
        if marker == _SOF3 and components is None:
            components = _components(picture, content)
            if components is None:
                return False
        elif not _is_unremarkable(marker, content):
            return False
    return False


def _segments(stream: bytes) -> list[tuple[int, bytes]]:
    """Gives marker and content up to the first scan; stops where segments do not join."""
    found: list[tuple[int, bytes]] = []
    at = 2 if stream.startswith(bytes([0xFF, _SOI])) else len(stream)
    while at + 4 <= len(stream) and stream[at] == 0xFF:
        marker, length = stream[at + 1], _number(stream[at + 2 : at + 4])
        if length < 2 or at + 2 + length > len(stream):
            break
        found.append((marker, stream[at + 4 : at + 2 + length]))
        if marker == _SOS:
            break
        at += 2 + length
    return found


def _number(content: bytes) -> int:
    return int.from_bytes(content, "big")


def _components(picture: Picture, content: bytes) -> bytes | None:
    """Gives the names of the components of a frame header, None when it is of another picture."""
    if len(content) != 6 + 3 * picture.samples or content[5] != picture.samples:
        return None
    size = (_number(content[3:5]), _number(content[1:3]))
    if size != (picture.width, picture.height) or not 2 <= content[0] <= picture.bits:
        return None
    names, samplings = content[6::3], content[7::3]
    if len(set(names)) != picture.samples or set(samplings) != {0x11}:
        return None
    return names


def _is_lossless_scan(content: bytes, components: bytes) -> bool:
    """Whether a scan is of lossless differences, of one or more of the components."""
    count = content[0] if content else 0
    if not 1 <= count <= len(components) or len(content) != 4 + 2 * count:
        return False
    predictor, end, _ = content[-3:]
    return 1 <= predictor <= 7 and end == 0 and set(content[1:-3:2]) <= set(components)


def _is_unremarkable(marker: int, content: bytes) -> bool:
    """Whether the library passes over a segment without a word."""
    if marker == _DHT:
        return _is_huffman(content)
    if marker == _DRI:
        return len(content) == 2
    if marker == _APP0 and content.startswith(b"JFIF\0"):
        return len(content) >= 14 and content[5] == 1
    if marker == _APP14 and content.startswith(b"Adobe"):
        return len(content) >= 12 and content[11] in _ADOBE_TRANSFORMS
    return marker in _HARMLESS


def _is_huffman(content: bytes) -> bool:
    """Whether a segment holds whole Huffman tables of lossless differences (0 to 16 bits)."""
    while content:
        if len(content) < 17 or content[0] & 0xFC:  # class 0, table 0 to 3
            return False
        count = sum(content[1:17])
        values = content[17 : 17 + count]
        if len(values) < count or any(value > 16 for value in values):
            return False
        content = content[17 + count :]
    return True
