"""Damage to files: any byte, and above all those that say how long, how large or of what kind.

The same number always gives the same damage.
"""

from __future__ import annotations

import random
import struct
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.fuzz.seeds import Seed

SHARES = {"dicom": 40, "png": 16, "tiff": 16, "video": 14, "jpeg": 5, "webp": 5, "bmp": 4}
"""Of 100 cases, how many are of each kind."""

_HEAD = 1200
_NUMBERS = (0, 1, 2, 3, 7, 8, 16, 127, 128, 255, 256, 4096, 32767, 32768, 65535, 1 << 24)
_LARGE = (0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFFE, 0x10000, 0x00FFFFFF)
_LANDMARKS = {
    "dicom": (b"\x28\x00", b"\x18\x00", b"\xe0\x7f", b"\xfe\xff", b"\x02\x00", b"\xff", b"SQ"),
    "png": (b"IHDR", b"IDAT", b"PLTE", b"tRNS", b"acTL", b"fcTL", b"fdAT", b"eXIf", b"zTXt"),
    "tiff": (b"\0\1", b"\1\1", b"\2\1", b"\3\1", b"\6\1", b"\x11\1", b"\x15\1", b"\x17\1"),
    "jpeg": (b"\xff",),
    "webp": (b"VP8", b"ANIM", b"ANMF", b"ALPH", b"EXIF", b"RIFF"),
    "bmp": (b"BM", b"\x28\0\0\0"),
    "video": (
        b"moov", b"trak", b"mdhd", b"stsd", b"stsz", b"stco", b"stts", b"stsc", b"tkhd", b"mdat",
        b"strh", b"strf", b"avih", b"movi", b"00dc", b"idx1", b"LIST", b"\x1a\x45", b"\xa3",
    ),
}  # fmt: skip
"""What stands before or in the places that matter."""


def case(seeds: Sequence[Seed], *, seed: int, number: int) -> tuple[Seed, bytes]:
    """Gives a damaged file and the one it was.

    Args:
        seeds: Sound files.
        seed: Of the run.
        number: Of the case in it.
    """
    chance = random.Random(f"{seed}:{number}")
    kind = chance.choices(list(SHARES), weights=list(SHARES.values()))[0]
    whole = chance.choice([each for each in seeds if each.kind == kind])
    data = bytearray(whole.data)
    for _ in range(chance.choice((1, 1, 1, 2, 2, 3, 5, 9))):
        chance.choice(_EDITS)(data, chance, whole.kind)
    if chance.random() < 0.1:
        other = chance.choice([each for each in seeds if each.kind == kind]).data
        at = chance.randrange(len(data) + 1)
        data[at:] = other[chance.randrange(len(other)) :]
    # Otherwise a damaged PNG would be found out by its checksums, and nothing else tried.
    if kind == "png" and chance.random() < 0.8:
        _mend_checksums(data)
    return whole, bytes(data)


def _place(data: bytearray, chance: random.Random, kind: str) -> int:
    """Picks where to damage: a landmark, the head, or anywhere."""
    way = chance.random()
    if way < 0.5:
        mark = chance.choice(_LANDMARKS[kind])
        found = data.find(mark, chance.randrange(len(data) + 1))
        found = data.find(mark) if found < 0 else found
        if found >= 0:
            return min(found + chance.randrange(-4, 16), len(data)) % (len(data) + 1)
    reach = min(len(data), _HEAD) if way < 0.8 else len(data)
    return chance.randrange(reach + 1)


def _flip(data: bytearray, chance: random.Random, kind: str) -> None:
    if at := _place(data, chance, kind):
        data[at - 1] ^= 1 << chance.randrange(8)


def _scatter(data: bytearray, chance: random.Random, kind: str) -> None:
    at = _place(data, chance, kind)
    for offset in range(at, min(at + chance.randrange(1, 9), len(data))):
        data[offset] = chance.randrange(256)


def _number(data: bytearray, chance: random.Random, kind: str) -> None:
    at = _place(data, chance, kind)
    letter, value = chance.choice((("B", 0xFF), ("H", 0xFFFF), ("L", 0xFFFFFFFF)))
    number = chance.choice((*_NUMBERS, *_LARGE, chance.getrandbits(32))) & value
    octets = struct.pack(chance.choice("<>") + letter, number)
    data[at : at + len(octets)] = octets[: len(data) - at]


def _insert(data: bytearray, chance: random.Random, kind: str) -> None:
    at = _place(data, chance, kind)
    data[at:at] = chance.randbytes(chance.choice((1, 2, 4, 8, 40)))


def _remove(data: bytearray, chance: random.Random, kind: str) -> None:
    at = _place(data, chance, kind)
    del data[at : at + chance.choice((1, 2, 4, 8, 40, 400))]


def _repeat(data: bytearray, chance: random.Random, kind: str) -> None:
    at, length = _place(data, chance, kind), chance.choice((2, 8, 40, 200))
    part = data[at : at + length]
    to = _place(data, chance, kind)
    data[to:to] = part * chance.choice((1, 1, 3))


def _clear(data: bytearray, chance: random.Random, kind: str) -> None:
    at, length = _place(data, chance, kind), chance.choice((4, 16, 100))
    end = min(at + length, len(data))
    data[at:end] = bytes([chance.choice((0, 255))]) * (end - at)


def _cut(data: bytearray, chance: random.Random, kind: str) -> None:
    del data[_place(data, chance, kind) :]


_EDITS: tuple[Callable[[bytearray, random.Random, str], None], ...] = (
    _flip, _flip, _scatter, _number, _number, _number, _insert, _remove, _repeat, _clear, _cut,
)  # fmt: skip


def _mend_checksums(png: bytearray) -> None:
    """Makes the checksum of every chunk right, as far as chunks can be told."""
    at = 8
    while at + 12 <= len(png):
        length = int.from_bytes(png[at : at + 4], "big")
        end = at + 8 + length
        if end + 4 > len(png):
            return
        png[end : end + 4] = zlib.crc32(png[at + 4 : end]).to_bytes(4, "big")
        at = end + 4
