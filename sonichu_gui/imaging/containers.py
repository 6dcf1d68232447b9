"""Video containers, known by their first bytes, and whether a file holds all that it announces.

Only what is named here reaches the video library. Its own search would also take a play list for
a video, and a play list names other files and addresses on the network.
Sources: Microsoft AVI RIFF reference, ISO/IEC 14496-12 (MP4, MOV), RFC 9559 (Matroska), ISO/IEC
13818-1 (MPEG systems), 13818-2 (MPEG-2 video), 14496-10 annex B (H.264; HEVC likewise).
"""

from __future__ import annotations

import os
from typing import BinaryIO

MPEG_TS, MPEG_PS, BARE = "MPEG-TS", "MPEG-PS", "MPEG stream"

_FTYP = b"ftyp"
# Also the first boxes of QuickTime files older than the box that tells the type.
_QUICKTIME_BOXES = {b"moov", b"mdat", b"wide", b"pnot"}
_PICTURE_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"mif1", b"mif2", b"avif", b"crx "}
_EBML, _SEGMENT = b"\x1a\x45\xdf\xa3", b"\x18\x53\x80\x67"
_PACK, _START_CODES = b"\0\0\1\xba", (b"\0\0\1", b"\0\0\0\1")
_TS_SYNC, _TS_PACKETS = 0x47, ((0, 188), (4, 192))

SNIFFED_BYTES = 400
"""Enough of a stream to tell what it is, two packets of MPEG-TS among it."""


def is_avi(head: bytes) -> bool:
    """Whether a file begins as an AVI does."""
    return head.startswith(b"RIFF") and head[8:12] == b"AVI "


def is_mov(head: bytes) -> bool:
    """Whether a file begins as QuickTime does."""
    return head[4:8] in _QUICKTIME_BOXES or head[4:12] == _FTYP + b"qt  "


def is_mp4(head: bytes) -> bool:
    """Whether a file begins as an MP4 does; pictures that share its boxes do not count."""
    return head[4:8] == _FTYP and head[8:12] not in {*_PICTURE_BRANDS, b"qt  "}


def is_mkv(head: bytes) -> bool:
    """Whether a file begins as Matroska, or its kin WebM, does."""
    return head.startswith(_EBML)


def container_of(head: bytes) -> str | None:
    """Names the container of a stream by its first bytes, None when it is none known here.

    Args:
        head: `SNIFFED_BYTES` of it.
    """
    if is_avi(head):
        return "AVI"
    if is_mov(head):
        return "MOV"
    if is_mp4(head):
        return "MP4"
    if is_mkv(head):
        return "MKV"
    if head.startswith(_PACK):
        return MPEG_PS
    if head.startswith(_START_CODES):
        return BARE
    for first, step in _TS_PACKETS:
        if head[first : first + 1] == head[first + step : first + step + 1] == bytes([_TS_SYNC]):
            return MPEG_TS
    return None


def is_cut_short(stream: BinaryIO, container: str) -> bool:
    """Whether a file ends before its container says; False also where it does not say.

    Args:
        stream: The file; its position is moved.
        container: As `container_of` names it.
    """
    size = stream.seek(0, os.SEEK_END)
    match container:
        case "AVI":
            return _riff_end(stream) > size
        case "MP4" | "MOV":
            return _boxes_end(stream, size) > size
        case "MKV":
            return _segment_end(stream) > size
    return False


def _riff_end(stream: BinaryIO) -> int:
    stream.seek(4)
    return 8 + int.from_bytes(stream.read(4), "little")


def _boxes_end(stream: BinaryIO, size: int) -> int:
    """Walks the outermost boxes and gives where the last one ends."""
    at = 0
    while at + 8 <= size:
        stream.seek(at)
        head = stream.read(16)
        length = int.from_bytes(head[:4], "big")
        if length == 1:  # too long for four bytes
            length = int.from_bytes(head[8:], "big")
        if length < 8:  # 0 is "up to the end"; the rest is no box
            break
        at += length
    return at


def _segment_end(stream: BinaryIO) -> int:
    """Gives where the segment of a Matroska file ends, 0 when that is left open."""
    stream.seek(0)
    head = stream.read(4096)
    at = head.find(_SEGMENT) + len(_SEGMENT)
    if at < len(_SEGMENT) or at >= len(head) or not head[at]:
        return 0
    octets = 9 - head[at].bit_length()
    bits = 7 * octets
    length = int.from_bytes(head[at : at + octets], "big") & ((1 << bits) - 1)
    return 0 if length == (1 << bits) - 1 else at + octets + length
