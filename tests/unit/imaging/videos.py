"""Videos made on the spot whose pictures carry their own number, so that any shift is seen."""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from pathlib import Path

WIDTH, HEIGHT = 160, 96
BITS = 8
_LEFT, _STEP = 8, 18


def numbered(number: int, width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    """(height, width) grey: eight blocks that spell a number, and a bar that moves."""
    picture = np.full((height, width), 60, np.uint8)
    for bit in range(BITS):
        left = _LEFT + bit * _STEP
        picture[8:32, left : left + 14] = 230 if number >> bit & 1 else 25
    at = number * 5 % (width - 24)
    picture[48:80, at : at + 24] = 150
    return picture


def number_of(pixels: np.ndarray) -> int:
    """Reads the number off a decoded picture."""
    grey = pixels if pixels.ndim == 2 else pixels.mean(axis=2)
    middles = [grey[12:28, _LEFT + bit * _STEP + 4 : _LEFT + bit * _STEP + 10] for bit in range(8)]
    return sum(int(block.mean() > 128) << bit for bit, block in enumerate(middles))


def write_video(
    path: Path,
    code: str,
    *,
    count: int = 60,
    size: tuple[int, int] = (WIDTH, HEIGHT),
    tint: tuple[int, int, int] = (0, 0, 0),
) -> Path:
    """Writes numbered pictures with OpenCV's own encoder of a code, 25 a second.

    Its MPEG-2 reorders pictures (two between every pair) and refers beyond key pictures.
    """
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter_fourcc(*code), 25, size)
    assert writer.isOpened(), code
    for number in range(count):
        picture = numbered(number, *size)[..., None].repeat(3, axis=2)
        writer.write(np.clip(picture + np.array(tint[::-1]), 0, 255).astype(np.uint8))
    writer.release()
    return path


def motion_jpeg(pictures: list[np.ndarray], samplings: list[int] | None = None) -> bytes:
    """An AVI of JPEG pictures of any size, which OpenCV's writer rounds to even numbers.

    Args:
        pictures: Grey or RGB.
        samplings: For each, 0 for colour at every pixel, 1 at every other, 2 at every fourth.
    """
    encoded = []
    for number, picture in enumerate(pictures):
        stream = io.BytesIO()
        sampling = samplings[number] if samplings else 0
        Image.fromarray(picture).save(stream, "JPEG", quality=95, subsampling=sampling)
        encoded.append(stream.getvalue())
    height, width = pictures[0].shape[:2]
    return _avi(encoded, struct.pack("<LllHH4s", 40, width, height, 1, 24, b"MJPG"))


def uncompressed(pictures: list[np.ndarray], *, upward: bool = True) -> bytes:
    """An AVI of bare rows: blue, green and red, or grey numbers of a palette of the opposite.

    Args:
        pictures: Colour, or grey.
        upward: Whether the bottom row comes first, as is usual.
    """
    height, width = pictures[0].shape[:2]
    is_grey = pictures[0].ndim == 2
    stored = [255 - picture if is_grey else picture[..., ::-1] for picture in pictures]
    rows = [picture.reshape(height, -1)[:: -1 if upward else 1] for picture in stored]
    frames = [np.pad(lines, ((0, 0), (0, -lines.shape[1] % 4))).tobytes() for lines in rows]
    palette = b"".join(bytes([255 - entry] * 3 + [0]) for entry in range(256)) if is_grey else b""
    head = struct.pack(
        "<LllHH4s", 40, width, height if upward else -height, 1, 8 if is_grey else 24, bytes(4)
    )
    return _avi(frames, head, palette)


def _avi(frames: list[bytes], picture_head: bytes, palette: bytes = b"") -> bytes:
    """An AVI of encoded pictures, 25 a second, by the head that a bitmap would have."""
    width, height, code = *struct.unpack_from("<ll", picture_head, 4), picture_head[16:]
    count = len(frames)
    main = struct.pack("<14L", 40_000, 0, 0, 0x10, count, 0, 1, 0, width, abs(height), 0, 0, 0, 0)
    stream_head = (
        b"vids"
        + code
        + struct.pack(
            "<LHHLLLLLLLL4H", 0, 0, 0, 0, 1, 25, 0, count, 0, 0, 0, 0, 0, width, abs(height)
        )
    )
    bitmap = picture_head + struct.pack("<LLLLL", 0, 0, 0, len(palette) // 4, 0) + palette
    tracks = _list(b"strl", _chunk(b"strh", stream_head) + _chunk(b"strf", bitmap))
    film = b"".join(_chunk(b"00dc", octets) for octets in frames)
    content = _list(b"hdrl", _chunk(b"avih", main) + tracks) + _list(b"movi", film)
    return _chunk(b"RIFF", b"AVI " + content)


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<L", len(content)) + content + b"\0" * (len(content) % 2)


def _list(name: bytes, content: bytes) -> bytes:
    return _chunk(b"LIST", name + content)


def played(path: Path) -> list[np.ndarray]:
    """Plays a video from the start, as nothing can get wrong."""
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
    pictures = []
    while capture.grab():
        pictures.append(cv2.cvtColor(capture.retrieve()[1], cv2.COLOR_BGR2RGB))
    capture.release()
    return pictures


class _Bits:
    def __init__(self) -> None:
        self.digits = ""

    def u(self, length: int, value: int) -> None:
        self.digits += f"{value:0{length}b}" if length else ""

    def ue(self, *values: int) -> None:
        for value in values:
            self.digits += "0" * ((value + 1).bit_length() - 1) + f"{value + 1:b}"

    def align(self) -> None:
        self.digits += "0" * (-len(self.digits) % 8)

    def octets(self, octets: bytes) -> None:
        self.digits += "".join(f"{octet:08b}" for octet in octets)

    def unit(self, head: int) -> bytes:
        """Closes it as a unit with a start code, no start code within."""
        self.digits += "1"
        self.align()
        raw = int(self.digits, 2).to_bytes(len(self.digits) // 8, "big")
        safe = bytearray()
        zeros = 0
        for octet in raw:
            if zeros >= 2 and octet <= 3:
                safe.append(3)
                zeros = 0
            safe.append(octet)
            zeros = zeros + 1 if octet == 0 else 0
        return b"\0\0\0\1" + bytes([head]) + bytes(safe)


def h264(count: int, *, interlaced: bool = False, clock: int | None = None) -> bytes:
    """A bare H.264 stream of numbered pictures, stored plainly (ITU-T H.264 7.3).

    Brightness is stored as it is, so that the decoder stretches it by the range of television.

    Args:
        count: Number of pictures.
        interlaced: Whether each picture may mix rows of two fields.
        clock: What a message beside every picture says of its scan: 0 progressive, 1 interlaced.
    """
    across, down = WIDTH // 16, HEIGHT // 16
    sequence = _Bits()
    sequence.u(24, 0x4D001E)
    sequence.ue(0, 0, 2, 1)
    sequence.u(1, 0)
    sequence.ue(across - 1, (down // 2 if interlaced else down) - 1)
    sequence.u(1, not interlaced)
    if interlaced:
        sequence.u(1, 1)
    sequence.u(2, 0b10)
    sequence.u(1, clock is not None)
    if clock is not None:
        sequence.u(9, 0b000000010)  # nothing of its display but that pictures tell their structure
    parameters = _Bits()
    parameters.ue(0, 0)
    parameters.u(2, 0)
    parameters.ue(0, 0, 0)
    parameters.u(3, 0)
    parameters.ue(0, 0, 0)
    parameters.u(3, 0)
    stream = sequence.unit(0x67) + parameters.unit(0x68)
    places = [(x, y) for y in range(down) for x in range(across)]
    if interlaced:  # in pairs, one above the other
        places = [(x, y + row) for y in range(0, down, 2) for x in range(across) for row in (0, 1)]
    for number in range(count):
        if clock is not None:
            stream += _clock_message(clock)
        stream += _plain_slice(numbered(number), number, places, interlaced=interlaced)
    return stream


def _clock_message(scan: int) -> bytes:
    """Picture timing (D.1.3) of a frame with the time 00:00:00 of a scan."""
    timing = _Bits()
    timing.u(5, 0b00001)
    timing.u(2, scan)
    timing.u(6, 0)
    timing.u(1, 1)
    timing.u(2 + 8 + 17 + 24, 0)
    timing.u(1, 1)
    timing.align()
    message = _Bits()
    message.u(8, 1)
    message.u(8, len(timing.digits) // 8)
    message.digits += timing.digits
    return message.unit(0x06)


def _plain_slice(picture, number, places, *, interlaced) -> bytes:
    bits = _Bits()
    bits.ue(0, 7, 0)
    bits.u(4, 0)
    if interlaced:
        bits.u(1, 0)
    bits.ue(number % 2)
    bits.u(2, 0)
    bits.ue(0)
    for x, y in places:
        if interlaced and y % 2 == 0:
            bits.u(1, 0)
        bits.ue(25)
        bits.align()
        block = picture[y * 16 : y * 16 + 16, x * 16 : x * 16 + 16]
        bits.octets(block.tobytes() + bytes([128]) * 128)
    return bits.unit(0x65)


def with_weaving(mpeg_2: bytes) -> bytes:
    """Takes the flag off every MPEG-2 picture that says its rows belong to one moment."""
    data = bytearray(mpeg_2)
    at = data.find(b"\0\0\1\xb5")
    while at >= 0:
        if data[at + 4] >> 4 == 8:
            data[at + 8] &= 0x7F
        at = data.find(b"\0\0\1\xb5", at + 4)
    return bytes(data)


def with_woven_layer(mpeg_4: bytes) -> bytes:
    """Says of the MPEG-4 pictures that `write_video` makes that they are of two fields.

    The flag follows width and height, which here begin with a byte (14496-2 6.2.3).
    """
    size = WIDTH << 19 | 1 << 18 | HEIGHT << 5 | 1 << 4
    plain, woven = struct.pack(">L", size | 0b0100), struct.pack(">L", size | 0b1100)
    assert plain in mpeg_4
    return mpeg_4.replace(plain, woven)


def turned(mp4: bytes) -> bytes:
    """Writes a quarter turn into the matrix of every track (ISO/IEC 14496-12 8.3.2)."""
    data = bytearray(mp4)
    at = data.find(b"tkhd")
    assert at > 0
    struct.pack_into(">9l", data, at + 44, 0, 1 << 16, 0, -(1 << 16), 0, 0, 0, 0, 1 << 30)
    return bytes(data)


def slowed(mp4: bytes) -> bytes:
    """Shows the second half of an MP4's pictures five times as long (14496-12 8.6.1.2)."""
    data = bytearray(mp4.replace(b"edts", b"free"))  # which would cut off what is longer now
    at = data.find(b"stts") + 8
    entries, count, step = struct.unpack_from(">3L", data, at)
    assert entries == 1
    assert data.find(b"mdat") < at  # whose places are told from the start of the file
    half = count // 2
    data[at : at + 12] = struct.pack(">5L", 2, half, step, count - half, 5 * step)
    for box in (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stts"):
        place = data.find(box) - 4
        struct.pack_into(">L", data, place, int.from_bytes(data[place : place + 4], "big") + 8)
    return bytes(data)
