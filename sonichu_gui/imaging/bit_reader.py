"""Numbers of some bits each, read off the headers of compressed video.

Sources: ITU-T H.264 7.2, annex B and E.1.1; H.265 has the same.
"""

from __future__ import annotations

START_CODE = b"\0\0\1"
_LOOKED_AT = 4096
_OTHER_ASPECT = 255


def units(packet: bytes) -> list[bytes]:
    """Gives the beginnings of the parts between start codes, none where there is no such code."""
    places = []
    at = packet.find(START_CODE)
    while at >= 0:
        places.append(at + 3)
        at = packet.find(START_CODE, at + 3)
    ends = [*(place - 3 for place in places[1:]), len(packet)]
    return [
        packet[place : min(end, place + _LOOKED_AT)]
        for place, end in zip(places, ends, strict=False)
        if end > place
    ]


class BitReader:
    """Reads numbers one after the other, each beginning with its highest bit.

    Args:
        octets: What to read.
        is_escaped: Whether what would look like a start code is escaped, as in H.264 and H.265.

    Raises:
        IndexError: From any method: there are fewer bits.
    """

    def __init__(self, octets: bytes, *, is_escaped: bool = True) -> None:
        plain = octets.replace(b"\0\0\3", b"\0\0") if is_escaped else octets
        self._digits = "".join(f"{octet:08b}" for octet in plain)
        self._at = 0

    def number(self, length: int) -> int:
        """Gives an unsigned number of so many bits."""
        digits = self._digits[self._at : self._at + length]
        if len(digits) < length:
            raise IndexError
        self._at += length
        return int(digits, 2) if digits else 0

    def flag(self) -> bool:
        """Gives one bit."""
        return self.number(1) == 1

    def golomb(self) -> int:
        """Gives an unsigned number that tells its length by its leading zeros."""
        one = self._digits.find("1", self._at)
        if one < 0:
            raise IndexError
        zeros = one - self._at
        self._at = one
        return self.number(zeros + 1) - 1

    def golombs(self, count: int) -> list[int]:
        """Gives several such numbers."""
        return [self.golomb() for _ in range(count)]

    def signed_golomb(self) -> int:
        """Gives a number of either sign: 1, -1, 2, -2 … by growing code."""
        code = self.golomb()
        return (code + 1) // 2 if code % 2 else -(code // 2)


def skip_display(bits: BitReader) -> None:
    """Passes over what both standards say first of how pictures are to be displayed.

    That is shape of a pixel, overscan, colour space and place of the colour samples.
    """
    if bits.flag() and bits.number(8) == _OTHER_ASPECT:
        bits.number(32)
    if bits.flag():
        bits.flag()
    if bits.flag():
        bits.number(4)
        if bits.flag():
            bits.number(24)
    if bits.flag():
        bits.golombs(2)
