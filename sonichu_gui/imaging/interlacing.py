"""Whether the pictures of a video are woven of two fields, told from the stream itself.

OpenCV does not convert the colours of a picture flagged so, says that it did, and hands over what
was in the memory before: another picture, or anything (seen in 5.0.0, reported of 4.13). Nothing
can be measured on that, so such videos have to be known before a picture is asked for.
Sources: ISO/IEC 13818-2 6.2.3.1 (picture coding extension), 14496-2 6.2.3 (MPEG-4); H.264 and HEVC
have modules of their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sonichu_gui.imaging.bit_reader import START_CODE, BitReader
from sonichu_gui.imaging.h264 import H264Weaving
from sonichu_gui.imaging.hevc import is_hevc_of_fields

if TYPE_CHECKING:
    from collections.abc import Callable

_EXTENSION, _PICTURE_CODING = 0xB5, 0x8
_OBJECT_LAYERS = {bytes([code]) for code in range(0x20, 0x30)}
_OTHER_ASPECT, _GREY_SHAPE, _BUFFER_BITS = 15, 3, 79
_LOOKED_AT = 4096


class InterlaceDetector:
    """Looks at the packets of a video one after the other.

    Args:
        codec: As the library names it; of those not known here it can tell nothing.
    """

    def __init__(self, codec: str) -> None:
        known: dict[str, Callable[[bytes], bool]] = {
            "mpg2": _is_woven_mpeg_2,
            "fmp4": _is_woven_mpeg_4,
            "h264": H264Weaving(),
            "hevc": is_hevc_of_fields,
        }
        self._tell = known.get(codec)

    @property
    def can_tell(self) -> bool:
        """Whether it is worth while to show it packets."""
        return self._tell is not None

    def is_woven(self, packet: bytes) -> bool:
        """Whether a packet holds a picture of two fields, or one of them.

        Args:
            packet: One picture, or the parameters before the first, with start codes between the
                parts.
        """
        return self._tell is not None and self._tell(packet)


def _is_woven_mpeg_2(packet: bytes) -> bool:
    head = packet[:_LOOKED_AT]
    at = -1
    while (at := head.find(START_CODE + bytes([_EXTENSION]), at + 1)) >= 0:
        extension = head[at + 4 : at + 9]
        if len(extension) == 5 and extension[0] >> 4 == _PICTURE_CODING:
            is_progressive = extension[4] & 0x80
            return not is_progressive
    return False


def _is_woven_mpeg_4(packet: bytes) -> bool:
    at = -1
    while (at := packet.find(START_CODE, at + 1)) >= 0:
        if packet[at + 3 : at + 4] in _OBJECT_LAYERS:
            try:
                return _is_woven_layer(BitReader(packet[at + 4 : at + 64], is_escaped=False))
            except IndexError:  # cut short; the decoder will say so
                return False
    return False


def _is_woven_layer(bits: BitReader) -> bool:
    bits.number(9)
    version = 1
    if bits.number(1):
        version = bits.number(4)
        bits.number(3)
    if bits.number(4) == _OTHER_ASPECT:
        bits.number(16)
    if bits.number(1):
        bits.number(3)
        if bits.number(1):
            bits.number(_BUFFER_BITS)
    shape = bits.number(2)
    if shape == _GREY_SHAPE and version != 1:
        bits.number(4)
    bits.number(1)
    ticks = bits.number(16)
    bits.number(1)
    if bits.number(1):
        bits.number(max(1, (ticks - 1).bit_length()))
    if shape:  # no rectangle; nobody writes these
        return False
    bits.number(29)  # width and height
    return bool(bits.number(1))
