"""What an HEVC stream says of its pictures: size, sampling, and whether each is a field.

Source: ITU-T H.265 7.3.2.2 to 7.3.7 (parameters of a sequence) and E.2.1 (its display).
"""

from __future__ import annotations

from typing import NamedTuple

from sonichu_gui.imaging.bit_reader import BitReader, skip_display, units

_SEQUENCE = 33
_MOST_SETS = 64


class _Sequence(NamedTuple):
    layout: bytes
    is_of_fields: bool


def hevc_layout(packet: bytes) -> bytes | None:
    """Gives size and colour sampling by the parameters in a packet, None without any."""
    sequence = _sequence_in(packet)
    return sequence.layout if sequence else None


def is_hevc_of_fields(packet: bytes) -> bool:
    """Whether the parameters in a packet say that each picture is one field of two."""
    sequence = _sequence_in(packet)
    return bool(sequence and sequence.is_of_fields)


def _sequence_in(packet: bytes) -> _Sequence | None:
    for unit in units(packet):
        if unit[0] >> 1 & 0x3F == _SEQUENCE:
            try:
                return _read_sequence(BitReader(unit[2:]))
            except IndexError:  # cut short; the decoder will say so
                return None
    return None


def _read_sequence(bits: BitReader) -> _Sequence:
    bits.number(4)
    sub_layers = bits.number(3)
    bits.flag()
    _skip_profile(bits, sub_layers)
    bits.golomb()
    chroma = bits.golomb()
    if chroma == 3:
        bits.flag()
    width, height = bits.golombs(2)
    if bits.flag():
        bits.golombs(4)
    depths = bits.golombs(2)
    layout = repr((chroma, width, height, depths)).encode()
    try:
        return _Sequence(layout, _is_of_fields(bits, sub_layers))
    except IndexError:  # cut short behind the size, which is known then
        return _Sequence(layout, is_of_fields=False)


def _skip_profile(bits: BitReader, sub_layers: int) -> None:
    bits.number(96)
    present = [(bits.flag(), bits.flag()) for _ in range(sub_layers)]
    if sub_layers:
        bits.number(2 * (8 - sub_layers))
    for has_profile, has_level in present:
        bits.number(88 * has_profile + 8 * has_level)


def _is_of_fields(bits: BitReader, sub_layers: int) -> bool:
    """Reads on from the bit depths to the word on fields, in the middle of the display's."""
    order_bits = bits.golomb() + 4
    bits.golombs(3 * (sub_layers + 1 if bits.flag() else 1))
    bits.golombs(6)
    if bits.flag() and bits.flag():
        _skip_scaling(bits)
    bits.number(2)
    if bits.flag():
        bits.number(8)
        bits.golombs(2)
        bits.flag()
    _skip_picture_sets(bits)
    if bits.flag():
        bits.number(bits.golomb() * (order_bits + 1))
    bits.number(2)
    if not bits.flag():
        return False
    skip_display(bits)
    bits.flag()
    return bits.flag()


def _skip_scaling(bits: BitReader) -> None:
    for size in range(4):
        for _ in range(0, 6, 3 if size == 3 else 1):
            if not bits.flag():
                bits.golomb()
                continue
            if size > 1:
                bits.signed_golomb()
            bits.golombs(min(64, 1 << (4 + 2 * size)))


def _skip_picture_sets(bits: BitReader) -> None:
    """Passes over the sets of reference pictures, each of which may be told by the one before."""
    count = bits.golomb()
    if count > _MOST_SETS:
        raise IndexError
    pictures = 0
    for number in range(count):
        if number and bits.flag():
            bits.flag()
            bits.golomb()
            kept = 0
            for _ in range(pictures + 1):
                is_used = bits.flag()
                kept += is_used or bits.flag()
            pictures = kept
        else:
            before, after = bits.golombs(2)
            pictures = before + after
            for _ in range(pictures):
                bits.golomb()
                bits.flag()
