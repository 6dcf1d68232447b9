"""The size of each picture of a VP9 stream, which may change at any picture.

A picture that is no key may take its size from one that it refers to, so the sizes of the eight
that can be referred to are kept.
Source: the VP9 bitstream specification 6.2 and 7.2, annex B (superframes).
"""

from __future__ import annotations

from dataclasses import dataclass

from sonichu_gui.imaging.bit_reader import BitReader

_KEPT, _REFERRED_TO = 8, 3
_RGB = 7
_MARKER = 2


@dataclass(frozen=True, slots=True)
class _Frame:
    """A frame of a packet: its layout, whether it is shown, and the places it is kept at."""

    layout: bytes
    is_shown: bool
    kept_at: int


class Vp9Layout:
    """Gives the layout of packet after packet of a stream."""

    def __init__(self) -> None:
        self._kept: list[bytes | None] = [None] * _KEPT
        self._color = b""

    def __call__(self, packet: bytes) -> bytes | None:
        """Gives size and colour sampling of the picture that a packet shows, None without one."""
        shown: bytes | None = None
        for octets in _frames(packet):
            try:
                frame = self._read(BitReader(octets[:40], is_escaped=False))
            except IndexError:  # cut short; the decoder will say so
                return None
            if frame is None:
                return None
            for place in range(_KEPT):
                if frame.kept_at >> place & 1:
                    self._kept[place] = frame.layout
            shown = frame.layout if frame.is_shown else shown
        return shown

    def _read(self, bits: BitReader) -> _Frame | None:
        if bits.number(2) != _MARKER:
            return None
        profile = bits.number(1) | bits.number(1) << 1
        if profile == 3:
            bits.flag()
        if bits.flag():
            return self._known(self._kept[bits.number(3)])
        is_key, is_shown, is_resilient = not bits.flag(), bits.flag(), bits.flag()
        if is_key:
            bits.number(24)
            self._color = _read_color(bits, profile)
            return _Frame(self._color + _read_size(bits), is_shown, 0xFF)
        is_intra = not is_shown and bits.flag()
        if not is_resilient:
            bits.number(2)
        if is_intra:
            bits.number(24)
            self._color = _read_color(bits, profile) if profile else repr((0, 1, 1)).encode()
            kept_at = bits.number(8)
            return _Frame(self._color + _read_size(bits), is_shown, kept_at)
        kept_at = bits.number(8)
        places = [bits.number(4) >> 1 for _ in range(_REFERRED_TO)]
        for place in places:
            if bits.flag():
                layout = self._kept[place]
                return _Frame(layout, is_shown, kept_at) if layout else None
        return _Frame(self._color + _read_size(bits), is_shown, kept_at)

    @staticmethod
    def _known(layout: bytes | None) -> _Frame | None:
        return _Frame(layout, is_shown=True, kept_at=0) if layout else None


def _read_color(bits: BitReader, profile: int) -> bytes:
    """Reads bit depth and colour sampling, of which profiles 0 and 2 have but one."""
    is_deep = profile >= 2 and bits.flag()
    has_choice = profile in {1, 3}
    across = down = 1
    if bits.number(3) == _RGB:
        across = down = 0
    else:
        bits.flag()
        if has_choice:
            across, down = bits.number(1), bits.number(1)
    if has_choice:
        bits.flag()
    depth = 0 if profile < 2 else 2 if is_deep else 1
    return repr((depth, across, down)).encode()


def _read_size(bits: BitReader) -> bytes:
    return bits.number(32).to_bytes(4, "big")


def _frames(packet: bytes) -> list[bytes]:
    """Gives the frames of a packet: one, or those that an index at its end tells apart."""
    last = packet[-1] if packet else 0
    if last & 0xE0 != 0xC0:
        return [packet]
    count, width = (last & 7) + 1, (last >> 3 & 3) + 1
    start = len(packet) - 2 - count * width
    if start < 0 or packet[start] != last:
        return [packet]
    frames, at = [], 0
    for number in range(count):
        place = start + 1 + number * width
        length = int.from_bytes(packet[place : place + width], "little")
        frames.append(packet[at : at + length])
        at += length
    return [frame for frame in frames if frame]
