"""Whether the pictures of a video are woven of two fields, told from the stream itself.

OpenCV does not convert the colours of a picture flagged so, says that it did, and hands over what
was in the memory before: another picture, or anything (seen in 5.0.0, reported of 4.13). Nothing
can be measured on that, so such videos have to be known before a picture is asked for.
Sources: ISO/IEC 13818-2 6.2.3.1 (picture coding extension), 14496-2 6.2.3 (MPEG-4), ITU-T H.264
7.3.2.1.1 and 7.3.3.
"""

from __future__ import annotations

from dataclasses import dataclass

_START = b"\0\0\1"
_EXTENSION, _PICTURE_CODING = 0xB5, 0x8
_SLICE, _IDR_SLICE, _SPS = 1, 5, 7
_OBJECT_LAYERS = {bytes([code]) for code in range(0x20, 0x30)}
_OTHER_ASPECT, _GREY_SHAPE, _BUFFER_BITS = 15, 3, 79
_LOOKED_AT = 4096
_LAYERED_PROFILES = {100, 110, 122, 244, 44, 83, 86, 118, 128, 134, 135, 138, 139}


class InterlaceDetector:
    """Looks at the packets of a video one after the other.

    Args:
        codec: As the library names it: "mpg2", "h264", "fmp4" (MPEG-4 part 2); of all others it
            can tell nothing.
    """

    def __init__(self, codec: str) -> None:
        self._codec = codec
        self._sequence: _Sequence | None = None

    @property
    def can_tell(self) -> bool:
        """Whether it is worth while to show it packets."""
        return self._codec in {"mpg2", "h264", "fmp4"}

    def is_woven(self, packet: bytes) -> bool:
        """Whether a packet holds a picture of two fields.

        Args:
            packet: One picture, or the parameters before the first, with start codes between the
                parts.
        """
        if self._codec == "mpg2":
            return _is_woven_mpeg_2(packet[:_LOOKED_AT])
        if self._codec == "fmp4":
            return _is_woven_mpeg_4(packet)
        if self._codec == "h264":
            return self._is_woven_h264(packet)
        return False

    def _is_woven_h264(self, packet: bytes) -> bool:
        for unit in _units(packet):
            kind = unit[0] & 0x1F
            try:
                if kind == _SPS:
                    self._sequence = _read_sequence(_Bits(unit[1:]))
                elif kind in {_SLICE, _IDR_SLICE} and self._sequence is not None:
                    return self._sequence.is_woven(_Bits(unit[1:32]))
            except IndexError:  # cut short; the decoder will say so
                return False
        return False


def h264_layout(packet: bytes) -> bytes | None:
    """Gives size and colour sampling by the parameters in a packet of H.264, None without any."""
    for unit in _units(packet):
        if unit[0] & 0x1F == _SPS:
            try:
                return _read_sequence(_Bits(unit[1:])).layout
            except IndexError:  # cut short; the decoder will say so
                return None
    return None


def _is_woven_mpeg_2(head: bytes) -> bool:
    at = -1
    while (at := head.find(_START + bytes([_EXTENSION]), at + 1)) >= 0:
        extension = head[at + 4 : at + 9]
        if len(extension) == 5 and extension[0] >> 4 == _PICTURE_CODING:
            is_progressive = extension[4] & 0x80
            return not is_progressive
    return False


def _is_woven_mpeg_4(packet: bytes) -> bool:
    at = -1
    while (at := packet.find(_START, at + 1)) >= 0:
        if packet[at + 3 : at + 4] in _OBJECT_LAYERS:
            try:
                return _is_woven_layer(_Bits(packet[at + 4 : at + 64], is_escaped=False))
            except IndexError:  # cut short; the decoder will say so
                return False
    return False


def _is_woven_layer(bits: _Bits) -> bool:
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


def _units(packet: bytes) -> list[bytes]:
    """Gives the beginnings of the parts between start codes."""
    places = []
    at = packet.find(_START)
    while at >= 0:
        places.append(at + 3)
        at = packet.find(_START, at + 3)
    ends = [*(place - 3 for place in places[1:]), len(packet)]
    return [
        packet[place : min(end, place + _LOOKED_AT)]
        for place, end in zip(places, ends, strict=True)
        if end > place
    ]


class _Bits:
    """Reads numbers off a part of a stream; H.264 escapes what would look like a start code."""

    def __init__(self, unit: bytes, *, is_escaped: bool = True) -> None:
        plain = unit.replace(b"\0\0\3", b"\0\0") if is_escaped else unit
        self._digits = "".join(f"{octet:08b}" for octet in plain)
        self._at = 0

    def number(self, length: int) -> int:
        """Gives an unsigned number of so many bits."""
        digits = self._digits[self._at : self._at + length]
        if len(digits) < length:
            raise IndexError
        self._at += length
        return int(digits, 2) if digits else 0

    def golomb(self) -> int:
        """Gives an unsigned number that tells its length by its leading zeros."""
        one = self._digits.find("1", self._at)
        if one < 0:
            raise IndexError
        zeros = one - self._at
        self._at = one
        return self.number(zeros + 1) - 1

    def signed_golomb(self) -> int:
        """Gives a number of either sign: 1, -1, 2, -2 … by growing code."""
        code = self.golomb()
        return (code + 1) // 2 if code % 2 else -(code // 2)


@dataclass(frozen=True, slots=True)
class _Sequence:
    layout: bytes
    frame_number_bits: int
    has_planes: bool
    is_frames_only: bool
    is_adaptive: bool

    def is_woven(self, header: _Bits) -> bool:
        """Whether a slice is of a field, or of a frame that mixes both."""
        if self.is_frames_only:
            return False
        for _ in range(3):  # first macroblock, type, parameter set
            header.golomb()
        header.number(self.frame_number_bits + 2 * self.has_planes)
        is_field = header.number(1)
        return bool(is_field or self.is_adaptive)


def _read_sequence(bits: _Bits) -> _Sequence:
    profile = bits.number(8)
    bits.number(16)
    bits.golomb()
    chroma, has_planes = 1, False
    if profile in _LAYERED_PROFILES:
        chroma = bits.golomb()
        has_planes = chroma == 3 and bool(bits.number(1))
        bits.golomb()
        bits.golomb()
        bits.number(1)
        if bits.number(1):
            for table in range(8 if chroma != 3 else 12):
                _skip_scaling(bits, 16 if table < 6 else 64)
    frame_number_bits = bits.golomb() + 4
    _skip_order_count(bits)
    bits.golomb()
    bits.number(1)
    across, down = bits.golomb(), bits.golomb()
    is_frames_only = bool(bits.number(1))
    is_adaptive = not is_frames_only and bool(bits.number(1))
    layout = repr((chroma, across, down, is_frames_only)).encode()
    return _Sequence(layout, frame_number_bits, has_planes, is_frames_only, is_adaptive)


def _skip_scaling(bits: _Bits, size: int) -> None:
    if not bits.number(1):
        return
    last = following = 8
    for _ in range(size):
        if following:
            following = (last + bits.signed_golomb()) % 256
        last = following or last


def _skip_order_count(bits: _Bits) -> None:
    kind = bits.golomb()
    if kind == 0:
        bits.golomb()
    elif kind == 1:
        bits.number(1)
        bits.golomb()
        bits.golomb()
        for _ in range(bits.golomb()):
            bits.golomb()
