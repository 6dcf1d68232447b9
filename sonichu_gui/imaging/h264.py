"""What an H.264 stream says of its pictures: size, sampling, and whether they are of two fields.

A picture counts as woven of fields when its rows are, or when a message beside it says that they
were taken at two moments: the library goes by either.
Source: ITU-T H.264 7.3.2.1.1, 7.3.3, D.1.3, E.1.1 and E.1.2.
"""

from __future__ import annotations

from dataclasses import dataclass

from sonichu_gui.imaging.bit_reader import BitReader, skip_display, units

_SLICE, _IDR_SLICE, _MESSAGES, _SEQUENCE = 1, 5, 6, 7
_PICTURE_TIMING = 1
_TOP_FIELD, _BOTTOM_FIELD = 1, 2
_INTERLACED_CLOCK = 1
_CLOCKS_OF_STRUCTURE = (1, 1, 1, 2, 2, 3, 3, 2, 3)
_LAYERED_PROFILES = {100, 110, 122, 244, 44, 83, 86, 118, 128, 134, 135, 138, 139}


@dataclass(frozen=True, slots=True)
class _Timing:
    """How the messages of a sequence's pictures are laid out.

    Attributes:
        delay_bits: Bits of the two delays that come first.
        has_structure: Whether the structure of each picture follows.
        offset_bits: Bits of the offset after a clock's time.
    """

    delay_bits: int = 0
    has_structure: bool = False
    offset_bits: int = 24

    def is_of_fields(self, message: BitReader) -> bool:
        """Whether a message of picture timing tells of fields, or of an interlaced clock."""
        if not self.has_structure:
            return False
        message.number(self.delay_bits)
        structure = message.number(4)
        if structure in {_TOP_FIELD, _BOTTOM_FIELD}:
            return True
        count = _CLOCKS_OF_STRUCTURE[structure] if structure < len(_CLOCKS_OF_STRUCTURE) else 0
        return any(self._is_interlaced_clock(message) for _ in range(count))

    def _is_interlaced_clock(self, message: BitReader) -> bool:
        if not message.flag():
            return False
        kind = message.number(2)
        message.number(6)
        is_full = message.flag()
        message.number(2 + 8)
        if is_full:
            message.number(6 + 6 + 5)
        elif message.flag():
            message.number(6)
            if message.flag():
                message.number(6)
                if message.flag():
                    message.number(5)
        message.number(self.offset_bits)
        return kind == _INTERLACED_CLOCK


@dataclass(frozen=True, slots=True)
class _Sequence:
    layout: bytes
    frame_number_bits: int
    has_planes: bool
    is_frames_only: bool
    is_adaptive: bool
    timing: _Timing

    def is_woven(self, header: BitReader) -> bool:
        """Whether a slice is of a field, or of a frame that mixes both."""
        if self.is_frames_only:
            return False
        header.golombs(3)  # first macroblock, type, parameter set
        header.number(self.frame_number_bits + 2 * self.has_planes)
        is_field = header.flag()
        return is_field or self.is_adaptive


class H264Weaving:
    """Tells of packet after packet of a stream whether its picture is of two fields."""

    def __init__(self) -> None:
        self._sequence: _Sequence | None = None

    def __call__(self, packet: bytes) -> bool:
        """Whether a packet holds such a picture; one that is cut short the decoder will tell."""
        try:
            return any(self._is_woven(unit) for unit in units(packet))
        except IndexError:
            return False

    def _is_woven(self, unit: bytes) -> bool:
        kind = unit[0] & 0x1F
        if kind == _SEQUENCE:
            self._sequence = _read_sequence(BitReader(unit[1:]))
        elif self._sequence is None:
            return False
        elif kind == _MESSAGES:
            timing = self._sequence.timing
            return any(timing.is_of_fields(message) for message in _timing_messages(unit[1:]))
        elif kind in {_SLICE, _IDR_SLICE}:
            return self._sequence.is_woven(BitReader(unit[1:32]))
        return False


def h264_layout(packet: bytes) -> bytes | None:
    """Gives size and colour sampling by the parameters in a packet, None without any."""
    for unit in units(packet):
        if unit[0] & 0x1F == _SEQUENCE:
            try:
                return _read_sequence(BitReader(unit[1:])).layout
            except IndexError:  # cut short; the decoder will say so
                return None
    return None


def _timing_messages(unit: bytes) -> list[BitReader]:
    """Gives the messages of picture timing among those of a unit."""
    plain = unit.replace(b"\0\0\3", b"\0\0")
    found, at = [], 0
    while at + 2 <= len(plain):
        kind, at = _counted(plain, at)
        length, at = _counted(plain, at)
        if kind == _PICTURE_TIMING:
            # Zeros may have been left out at the end, where they would only end the unit.
            message = plain[at : at + length]
            found.append(BitReader(message + bytes(8), is_escaped=False))
        at += length
    return found


def _counted(octets: bytes, at: int) -> tuple[int, int]:
    """Gives a number that goes on while its octets are 255, and the place behind it."""
    value = 0
    while octets[at] == 255:
        value, at = value + 255, at + 1
    return value + octets[at], at + 1


def _read_sequence(bits: BitReader) -> _Sequence:
    profile = bits.number(8)
    bits.number(16)
    bits.golomb()
    chroma, has_planes = 1, False
    if profile in _LAYERED_PROFILES:
        chroma = bits.golomb()
        has_planes = chroma == 3 and bits.flag()
        bits.golombs(2)
        bits.flag()
        if bits.flag():
            for table in range(8 if chroma != 3 else 12):
                _skip_scaling(bits, 16 if table < 6 else 64)
    frame_number_bits = bits.golomb() + 4
    _skip_order_count(bits)
    bits.golomb()
    bits.flag()
    across, down = bits.golombs(2)
    is_frames_only = bits.flag()
    is_adaptive = not is_frames_only and bits.flag()
    layout = repr((chroma, across, down, is_frames_only)).encode()
    return _Sequence(
        layout, frame_number_bits, has_planes, is_frames_only, is_adaptive, _read_timing(bits)
    )


def _skip_scaling(bits: BitReader, size: int) -> None:
    if not bits.flag():
        return
    last = following = 8
    for _ in range(size):
        if following:
            following = (last + bits.signed_golomb()) % 256
        last = following or last


def _skip_order_count(bits: BitReader) -> None:
    kind = bits.golomb()
    if kind == 0:
        bits.golomb()
    elif kind == 1:
        bits.flag()
        bits.golombs(2)
        bits.golombs(bits.golomb())


def _read_timing(bits: BitReader) -> _Timing:
    """Reads on from the cropping to the end of what a sequence says of its display."""
    try:
        bits.flag()
        if bits.flag():
            bits.golombs(4)
        if not bits.flag():
            return _Timing()
        skip_display(bits)
        if bits.flag():
            bits.number(65)
        delays = [_read_buffer(bits) for _ in range(2) if bits.flag()]
        if delays:
            bits.flag()
        delay_bits, offset_bits = delays[-1] if delays else (0, 24)
        return _Timing(delay_bits, bits.flag(), offset_bits)
    except IndexError:  # cut short: the pictures can be decoded nevertheless
        return _Timing()


def _read_buffer(bits: BitReader) -> tuple[int, int]:
    """Gives how many bits the delays of a picture take together, and the offset of a clock."""
    count = bits.golomb() + 1
    bits.number(8)
    for _ in range(count):
        bits.golombs(2)
        bits.flag()
    bits.number(5)
    return bits.number(5) + 1 + bits.number(5) + 1, bits.number(5)
