"""Size and colour sampling of compressed pictures, told from the stream itself.

OpenCV converts every picture of a video by the size and sampling that the first one has. Another
size comes out cut or mixed with the picture before, another sampling is read beyond its memory
(seen in 5.0.0, reported in issue 29699). Such pictures have to be known before one is asked for.
Sources: ITU-T T.81 B.2.2 (JPEG), ISO/IEC 13818-2 6.2.2.1 (MPEG-2), RFC 6386 9.1 (VP8), the PNG
specification 11.2.1; H.264, HEVC and VP9 have modules of their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sonichu_gui.imaging.h264 import h264_layout
from sonichu_gui.imaging.hevc import hevc_layout
from sonichu_gui.imaging.vp9 import Vp9Layout

if TYPE_CHECKING:
    from collections.abc import Callable

_JPEG_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_JPEG_SCAN = 0xDA
_SEQUENCE = b"\0\0\1\xb3"
_VP8_KEY, _PNG = b"\x9d\x01\x2a", b"\x89PNG\r\n\x1a\n"


class LayoutDetector:
    """Looks at the packets of a video one after the other.

    Args:
        codec: As the library names it; of those not known here it can tell nothing.
    """

    def __init__(self, codec: str) -> None:
        known: dict[str, Callable[[bytes], bytes | None]] = {
            "mjpg": _jpeg,
            "mpg1": _mpeg,
            "mpg2": _mpeg,
            "h264": h264_layout,
            "hevc": hevc_layout,
            "vp80": _vp8,
            "vp90": Vp9Layout(),
            "mpng": _png,
        }
        self._read = known.get(codec)
        self._first: bytes | None = None
        self._last: bytes | None = None

    @property
    def can_tell(self) -> bool:
        """Whether it is worth while to show it packets."""
        return self._read is not None

    def is_foreign(self, packet: bytes) -> bool:
        """Whether a packet holds a picture that is not laid out as the first is.

        Args:
            packet: One picture; one that states no size has that of the picture before.
        """
        layout = self._read(packet) if self._read else None
        self._last = layout or self._last
        self._first = self._first or self._last
        return self._last != self._first


def _jpeg(packet: bytes) -> bytes | None:
    at = 2
    while packet[at : at + 1] == b"\xff" and len(packet) > at + 4:
        kind, length = packet[at + 1], int.from_bytes(packet[at + 2 : at + 4], "big")
        if kind in _JPEG_FRAMES:
            head = packet[at + 4 : at + 2 + length]
            return head[:6] + head[7::3]  # without names and tables of the components
        if kind == _JPEG_SCAN:
            break
        at += 2 + length
    return None


def _mpeg(packet: bytes) -> bytes | None:
    at = packet.find(_SEQUENCE)
    return packet[at + 4 : at + 7] if at >= 0 else None


def _vp8(packet: bytes) -> bytes | None:
    return packet[6:10] if packet[3:6] == _VP8_KEY else None


def _png(packet: bytes) -> bytes | None:
    return packet[16:26] if packet.startswith(_PNG) else None
