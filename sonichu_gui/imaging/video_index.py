"""Which pictures a video holds: how many, when each is shown, where decoding can begin.

What a container says about its number of pictures is often wrong, and counting them by decoding
would take as long as watching. So the packets are walked undecoded, and the first pictures decoded
to see whether they are the ones the packets announced; nearly always they are. Where they are not
(parts cut off by an edit list, packets of half pictures), the whole video is decoded once.
Containers that state no times (AVI with reordered pictures, bare MPEG streams) are counted by
packets when the file's own number agrees, else decoded once too.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, BinaryIO

from sonichu_gui.imaging.containers import BARE, MPEG_PS
from sonichu_gui.imaging.interlacing import InterlaceDetector
from sonichu_gui.imaging.picture_layout import LayoutDetector
from sonichu_gui.imaging.video_capture import (
    codec_of,
    grabs,
    packets_of,
    parameters_of,
    pictures_of,
)

if TYPE_CHECKING:
    import cv2

_TRIED_PICTURES = 8
_WITHOUT_TIMES = {"AVI", MPEG_PS, BARE}
_MOST_PICTURES = 1 << 31
_HIGHEST_RATE = 1e6


@dataclass(frozen=True, slots=True)
class VideoIndex:
    """The pictures of a video in the order they are shown, counted from 0.

    Attributes:
        count: How many there are.
        times_us: When each is shown, microseconds, growing. Empty where the file does not state
            it; then a picture is known only by counting from the first.
        keys: Pictures that need no other to be decoded, growing; the first is 0.
        rate: Pictures a second as the container has it, 0 when it has none.
        stated: Number of pictures that the container states, 0 when it does not.
        is_woven: Whether pictures are of two fields each, which the library cannot convert.
        foreign: Pictures of another size or sampling than the first, which it cannot convert.
    """

    count: int
    times_us: tuple[int, ...]
    keys: tuple[int, ...]
    rate: float
    stated: int
    is_woven: bool
    foreign: frozenset[int] = frozenset()

    def key_before(self, picture: int) -> int:
        """Gives the place in `keys` of the last at or before a picture."""
        return bisect_right(self.keys, picture) - 1

    def place_of(self, time_us: int) -> float:
        """Gives the picture shown at a time, or a number between its neighbours if none is."""
        place = bisect_left(self.times_us, time_us)
        is_exact = place < self.count and self.times_us[place] == time_us
        return float(place) if is_exact else place - 0.5

    def times_ms(self) -> tuple[float, ...]:
        """Gives each picture's time since the first, empty when not even a rate is known."""
        if self.times_us:
            return tuple((time - self.times_us[0]) / 1000 for time in self.times_us)
        if self.rate:
            return tuple(picture * 1000 / self.rate for picture in range(self.count))
        return ()


@dataclass(frozen=True, slots=True)
class _Packets:
    times_us: tuple[int, ...]
    keys_us: tuple[int, ...]
    rate: float
    stated: int
    is_woven: bool
    foreign: tuple[int, ...]


def read_index(
    stream: BinaryIO, container: str, *, is_cut: bool, stated: int | None
) -> VideoIndex | None:
    """Finds the pictures of a video; reads the file through once, decodes a few pictures.

    Args:
        stream: The video.
        container: As `containers.container_of` names it.
        is_cut: Whether the file ends early; half of its last packet may then be missing, and the
            picture is left out.
        stated: Number of pictures by a header outside the video, which counts more than its own.

    Returns:
        The index, or None when no picture can be decoded.
    """
    packets = _read_packets(stream)
    count = len(packets.times_us) - is_cut
    times = tuple(sorted(packets.times_us[:count]))
    tried, damaged = _decoded_times(stream, most=_TRIED_PICTURES)
    if not tried or count < 1:
        return None
    # A decoder that gives the pictures of a bare stream other times than their packets have gives
    # the last of them none: it looks like the first.
    is_in_order = _is_growing(times) and _is_growing(tried)
    if is_in_order and _are_first(tried, times, damaged=damaged):
        return _index(packets, count, times)
    if container in _WITHOUT_TIMES and len(packets.times_us) == (stated or packets.stated):
        return _index(packets, count, ())
    decoded, _ = _decoded_times(stream)
    count = max(len(decoded) - is_cut, 1)
    return _index(packets, count, decoded[:count] if _is_growing(decoded) else ())


def _read_packets(stream: BinaryIO) -> _Packets:
    import cv2

    times: list[int] = []
    keys: list[int] = []
    foreign: list[int] = []
    is_woven = False
    with packets_of(stream) as capture:
        weaving, layouts = InterlaceDetector(codec_of(capture)), LayoutDetector(codec_of(capture))
        while capture.grab():
            packet = _packet(capture) if weaving.can_tell or layouts.can_tell else b""
            if not times:  # MP4 and MKV keep the parameters of MPEG-4 outside of its packets
                is_woven = weaving.is_woven(parameters_of(capture))
            is_woven = is_woven or weaving.is_woven(packet)
            if layouts.is_foreign(packet):
                foreign.append(len(times))
            times.append(time_us(capture))
            if capture.get(cv2.CAP_PROP_LRF_HAS_KEY_FRAME):
                keys.append(times[-1])
        stated, rate = capture.get(cv2.CAP_PROP_FRAME_COUNT), capture.get(cv2.CAP_PROP_FPS)
    return _Packets(
        tuple(times),
        tuple(keys),
        rate if 0 < rate < _HIGHEST_RATE else 0.0,
        int(stated) if 0 < stated < _MOST_PICTURES else 0,
        is_woven,
        tuple(foreign),
    )


def _packet(capture: cv2.VideoCapture) -> bytes:
    is_there, octets = capture.retrieve()
    return bytes(octets) if is_there and octets is not None else b""


def _decoded_times(stream: BinaryIO, most: int = _MOST_PICTURES) -> tuple[tuple[int, ...], int]:
    """Decodes from the start; gives each picture's time, and how many between them are damaged."""
    times: list[int] = []
    damaged = passed = 0
    with pictures_of(stream) as capture:
        for is_there in grabs(capture):
            passed += 1
            if is_there:
                times.append(time_us(capture))
                damaged = passed - len(times)
            if len(times) == most:
                break
    return tuple(times), damaged


def _are_first(tried: tuple[int, ...], times: tuple[int, ...], *, damaged: int) -> bool:
    """Whether decoded pictures are the first ones of a list, but for some that are damaged."""
    first = times[: len(tried) + damaged]
    # A packet left out at the end may have been decoded.
    return set(first) >= set(tried[: len(times)]) and len(first) - len(tried) <= damaged


def time_us(capture: cv2.VideoCapture) -> int:
    """Gives when the picture or packet at hand is shown; whole numbers can be compared."""
    import cv2

    return round(capture.get(cv2.CAP_PROP_POS_MSEC) * 1000)


def _is_growing(times: tuple[int, ...]) -> bool:
    return all(before < after for before, after in pairwise(times))


def _index(packets: _Packets, count: int, times: tuple[int, ...]) -> VideoIndex:
    keys = set(packets.keys_us)
    found = (place for place, time in enumerate(times) if place and time in keys)
    foreign = set(packets.foreign)
    if times:
        foreign_us = {packets.times_us[packet] for packet in packets.foreign}
        foreign = {place for place, time in enumerate(times) if time in foreign_us}
    return VideoIndex(
        count,
        times,
        (0, *found),
        packets.rate,
        packets.stated,
        packets.is_woven,
        frozenset(foreign),
    )
