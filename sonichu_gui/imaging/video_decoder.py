"""Any picture of a video by its number, the same one that playing it from the start would show.

A video can be decoded only forwards and only from a key picture, and the library's own way to a
number is off by some pictures wherever times are uneven or pictures reordered. So its way is used
to come near, and where it arrived is told by the time of the picture itself.
"""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from contextlib import ExitStack
from typing import TYPE_CHECKING, BinaryIO

from sonichu_gui.errors import FrameError
from sonichu_gui.imaging.video_capture import (
    MOST_DAMAGED,
    can_seek,
    open_pictures,
    pixels_at_hand,
)
from sonichu_gui.imaging.video_index import time_us

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

    import cv2

    from sonichu_gui.domain.frame import Pixels
    from sonichu_gui.imaging.video_index import VideoIndex

_NEAR = 32
"""Pictures that are rather decoded in passing than jumped over."""
_LANDINGS = 3
_BEFORE_KEY = 2
_KEPT_PICTURES, _KEPT_BYTES = 24, 48 * 1024 * 1024
_NOT_A_KEY = {ord("P"), ord("B")}
_START = -1.0


class VideoDecoder:
    """Decodes pictures one at a time; safe to call from several threads, which take turns.

    The video stays open between calls, so that the next picture costs one step. Stepping back
    decodes from the key picture before; the pictures passed last on that way are kept, so that
    going on backwards does so only once in two dozen.

    Args:
        path: The file, to name it in errors.
        index: Its pictures; those that are foreign must not be asked for.
        opened: Opens the stream of the video; entered again after `close` when it is needed.
    """

    def __init__(
        self,
        path: Path,
        index: VideoIndex,
        opened: Callable[[], AbstractContextManager[BinaryIO]],
    ) -> None:
        self._path = path
        self.index = index
        self._opened = opened
        self._turn = threading.Lock()
        self._is_ending = threading.Event()
        self._held = ExitStack()
        self._stream: BinaryIO | None = None
        self._capture: cv2.VideoCapture | None = None
        self._at = _START
        self._damaged = 0
        self._kept: OrderedDict[int, Pixels] = OrderedDict()

    def picture(self, number: int) -> Pixels | None:
        """Gives (height, width, 3) RGB or (height, width) grey; None when it is not there.

        Args:
            number: Counted from 0, below `index.count`.

        Raises:
            FrameError: `close` was called meanwhile, or the file cannot be opened again.
        """
        with self._turn:
            if number in self._kept:
                return self._kept[number]
            is_backward = number < self._at
            self._kept.clear()
            self._approach(number)
            if not self._walk(number, keep=is_backward):
                return None
            return pixels_at_hand(self._live())

    def close(self) -> None:
        """Lets go the file; a picture that is being sought is given up within a step."""
        self._is_ending.set()
        with self._turn:
            self._is_ending.clear()
            self._release()

    def _approach(self, number: int) -> None:
        """Goes to where decoding on leads to a picture, unless that is where we are."""
        last = self.index.key_before(number)
        key = self.index.keys[last]
        is_ahead = self._at <= number
        if is_ahead and key - _NEAR <= self._at:
            return
        if not can_seek(self._live()):
            if not is_ahead:
                self._rewind()
            return
        for place in range(last, max(last - _LANDINGS, 0), -1):
            if self._lands_on(self.index.keys[place]):
                return
        self._rewind()

    def _lands_on(self, key: int) -> bool:
        """Seeks a key picture; only if that very picture passes, what follows it is sound."""
        import cv2

        first, shown = self.index.times_us[0], self.index.times_us[key]
        frame = int((shown - first) * self.index.rate / 1e6) - _BEFORE_KEY
        if frame < 1:
            return False
        capture = self._live()
        capture.set(cv2.CAP_PROP_POS_FRAMES, frame)
        self._at = _START
        return self._walk(key) and capture.get(cv2.CAP_PROP_FRAME_TYPE) not in _NOT_A_KEY

    def _rewind(self) -> None:
        """Begins anew; seeking the start of an MPEG stream may end at its second key picture."""
        if self._capture is not None:
            self._capture.release()
        self._capture = None
        self._at = _START
        self._damaged = 0

    def _walk(self, number: int, *, keep: bool = False) -> bool:
        """Decodes on until a picture or one behind it; tells whether it is the very one."""
        while self._at < number:
            if self._is_ending.is_set():
                raise FrameError(f"{self._path} was closed while a frame was sought in it.")
            if not self._step():
                return False
            if keep and number - _KEPT_PICTURES < self._at < number:
                self._keep()
        return self._at == number

    def _step(self) -> bool:
        """Decodes the next picture and finds out which it is; False at the end."""
        capture = self._live()
        is_there = capture.grab()
        self._damaged = 0 if is_there else self._damaged + 1
        if self._damaged >= MOST_DAMAGED:
            self._rewind()  # a decoder that saw the end gives nothing more
            return False
        if not self.index.times_us:
            # One that is damaged counts too: behind it, though not at a picture.
            self._at = math.floor(self._at) + (1.0 if is_there else 1.5)
        elif is_there:
            self._at = self.index.place_of(time_us(capture))
        return True

    def _keep(self) -> None:
        is_picture = self._at.is_integer() and self._at not in self.index.foreign
        pixels = pixels_at_hand(self._live()) if is_picture else None
        if pixels is None:
            return
        self._kept[int(self._at)] = pixels
        while len(self._kept) * pixels.nbytes > _KEPT_BYTES:
            self._kept.popitem(last=False)

    def _live(self) -> cv2.VideoCapture:
        """Gives the open video, at its start if it was closed."""
        if self._capture is None:
            if self._stream is None:
                self._stream = self._held.enter_context(self._opened())
            self._capture = open_pictures(self._stream)
            self._at = _START
        return self._capture

    def _release(self) -> None:
        self._rewind()
        self._kept.clear()
        self._stream = None
        self._held.close()
