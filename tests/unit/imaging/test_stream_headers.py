"""What the headers of HEVC and VP9 say: size, sampling and fields, by bits that are known."""

from __future__ import annotations

import pytest

from sonichu_gui.imaging.bit_reader import BitReader, units
from sonichu_gui.imaging.interlacing import InterlaceDetector
from sonichu_gui.imaging.picture_layout import LayoutDetector

SPS = {
    "160x96": "42010101600000030090000003000003001ea014206165959a4932b9a0200000030020000003032100",
    "128x64": "42010101600000030090000003000003001ea010204165959a4932b9a0200000030020000003032100",
    "4:4:4": "4201010408000003009e0800000300001e9002840c2cb2b34926573404000003000400000300642000",
    "fields": "42010101600000030040000003000003001ea014206165959a4932b9a1a00000030020000003032100",
}
"""Parameters of a sequence (H.265 7.3.2.2) as a common encoder writes them; "160x96" is plain."""


def hevc(name, *, cut=None):
    return b"\0\0\0\1\x40\1\x0c\0\0\1" + bytes.fromhex(SPS[name])[:cut] + b"\0\0\1\x28\1\xaf"


@pytest.mark.parametrize(
    ("name", "is_foreign"), [("128x64", True), ("4:4:4", True), ("fields", False)]
)
def test_hevc_of_another_size_or_sampling_is_told(name, is_foreign):
    detector = LayoutDetector("hevc")
    later = b"\0\0\1\x02\x01\xd0"  # a picture with no parameters of its own
    seen = [detector.is_foreign(packet) for packet in (hevc("160x96"), later, hevc(name), later)]
    assert seen == [False, False, is_foreign, is_foreign]


@pytest.mark.parametrize("name", SPS)
def test_hevc_of_fields_is_told(name):
    assert InterlaceDetector("hevc").is_woven(hevc(name)) is (name == "fields")


@pytest.mark.parametrize("cut", range(2, 40))
def test_hevc_parameters_cut_short_end_in_no_error(cut):
    assert InterlaceDetector("hevc").is_woven(hevc("fields", cut=cut)) in {True, False}
    assert LayoutDetector("hevc").is_foreign(hevc("160x96", cut=cut)) is False


@pytest.mark.parametrize("codec", ["h264", "hevc", "mpg2", "fmp4", "vp90"])
@pytest.mark.parametrize(
    "packet", [b"", b"\0", b"\0\0\1", b"no start code", b"\xc9" * 9, b"\0\0\1g"]
)
def test_packets_of_nothing_tell_nothing(codec, packet):
    assert InterlaceDetector(codec).is_woven(packet) is False
    assert LayoutDetector(codec).is_foreign(packet) is False


class Vp9:
    """Writes the headers of frames (VP9 6.2), profile 0."""

    @staticmethod
    def _packed(digits):
        return int(digits.ljust(-(-len(digits) // 8) * 8, "0"), 2).to_bytes(
            -(-len(digits) // 8), "big"
        )

    @staticmethod
    def _size(width, height):
        return f"{width - 1:016b}{height - 1:016b}"

    def key(self, width, height, *, shown=True):
        digits = f"100000{shown:b}0" + f"{0x498342:024b}" + "0010" + self._size(width, height)
        return self._packed(digits + "0")

    def inter(self, *, keeps=0, refers=(0, 1, 2), size_of=None, size=None, shown=True):
        digits = f"100001{shown:b}0" + ("" if shown else "0") + "00" + f"{keeps:08b}"
        digits += "".join(f"{place:03b}0" for place in refers)
        digits += "000" + self._size(*size) if size else "0" * size_of + "1"
        return self._packed(digits + "0")

    def again(self, place):
        return self._packed(f"10001{place:03b}")


def superframe(*frames):
    marker = bytes([0xC0 | 1 << 3 | len(frames) - 1])
    lengths = b"".join(len(frame).to_bytes(2, "little") for frame in frames)
    return b"".join(frames) + marker + lengths + marker


def foreign(*packets):
    detector = LayoutDetector("vp90")
    return [detector.is_foreign(packet) for packet in packets]


def test_vp9_key_picture_of_another_size_is_told():
    vp9 = Vp9()
    later = vp9.inter(size_of=0)
    assert foreign(vp9.key(64, 48), later, vp9.key(32, 48), later) == [False, False, True, True]


def test_vp9_picture_that_states_another_size_is_told_and_so_is_one_that_takes_it_over():
    vp9 = Vp9()
    other = vp9.inter(size=(32, 24), keeps=0b100)
    as_third, as_first = vp9.inter(size_of=2), vp9.inter(size_of=0)
    seen = foreign(vp9.key(64, 48), other, as_third, as_first, vp9.again(2), vp9.again(0))
    assert seen == [False, True, True, False, True, False]


def test_vp9_picture_that_is_not_shown_does_not_count():
    vp9 = Vp9()
    hidden = vp9.inter(size=(32, 24), keeps=1, shown=False)
    packets = superframe(hidden, vp9.inter(refers=(3, 1, 2), size_of=0)), vp9.inter(size_of=0)
    assert foreign(vp9.key(64, 48), *packets) == [False, False, True]


def test_parts_are_told_by_their_start_codes():
    assert units(b"\0\0\1ab\0\0\0\1c\0\0\1") == [b"ab\0", b"c"]


def test_numbers_are_read_bit_by_bit_and_their_end_is_told():
    bits = BitReader(bytes([0b10100110, 0b01000010, 0b10000000]))
    assert (bits.flag(), bits.golomb(), bits.golomb()) == (True, 1, 2)
    assert (bits.signed_golomb(), bits.signed_golomb()) == (2, -2)
    with pytest.raises(IndexError):
        bits.number(80)
