"""Which pixels of a frame are echo, and which are letters, bars, traces, banners and ground.

Echo is broad, bright in part and never flat; letters, ticks and ECG traces are thin; a banner is
flat; a grey bar is narrow. In a cine, echo changes from frame to frame and what is burnt in does
not. Only what is surely echo is taken: where a sector is black, nothing tells it from the ground.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sonichu_gui.domain.frame import Pixels

Mask = npt.NDArray[np.bool_]

_GROUND = 0.03
"""Share of the frame that the ground covers, where there is one."""

_LIT, _DIM = 6, 2
"""Grey levels above the ground: of echo for certain, and of what goes on from it into the dark."""

_STROKE = 40
"""Grey levels above the ground that letters have."""

_THIN = 0.012
"""Thickness of the strokes of large letters, as a share of the frame's longer side."""

_FLAT = 0.6
"""Deviation of grey levels around a pixel, below which the picture is a drawn area."""

_SMALLEST = 0.002
"""Share of the frame that a piece of echo covers at least."""

_CHANGED = 8
_CHANGES_OF_PIECE, _CHANGES_OF_CINE = 0.15, 0.02
"""Share of its pixels that must change in a piece, where so many of the frame do."""

_EVEN = 2
"""Grey levels by which neighbours within a row of a bar differ, after JPEG."""

_BANNER = 0.5
"""Share of the frame's side that a banner runs along, at least."""

_RAMP = 60
"""Grey levels from one end of a bar to the other, at least."""

_SHORTEST_BAR = 0.07
"""Length of a bar as a share of the frame's side, at least."""

_NARROW = 0.045
"""Width of grey and colour bars as a share of the frame's longer side, at most."""


def echo_pieces(frames: Sequence[Pixels]) -> list[Mask]:
    """Gives the connected pieces of echo, the largest first.

    Args:
        frames: One or more frames of one source, (height, width) or (height, width, 3) each.

    Returns:
        Masks (height, width); none where nothing is echo.
    """
    import cv2

    brightest, changed = _over_time(frames)
    grey = np.asarray(cv2.medianBlur(brightest, 5), np.uint8)
    ground = _ground(grey)
    drawn = _flat(brightest)
    drawn |= _banners(drawn & (grey > ground + _LIT)) | _bars(brightest)
    drawn |= _strokes(brightest, ground)
    lit = _without_thin((grey > ground + _LIT) & ~drawn)
    mean = cv2.boxFilter(np.where(drawn, ground, grey).astype(np.float32), -1, (5, 5))
    dim = _without_thin((mean > ground + _DIM) & ~drawn)
    count, labels, boxes, _ = cv2.connectedComponentsWithStats((lit | dim).view(np.uint8))
    bright = np.bincount(labels[lit], minlength=count)
    pieces = []
    for label in range(1, count):
        width, height, area = boxes[label, [2, 3, 4]]
        if bright[label] < _SMALLEST * grey.size or _is_bar(width, height, area, max(grey.shape)):
            continue
        piece = labels == label
        if changed is None or changed[piece].mean() >= _CHANGES_OF_PIECE:
            pieces.append(piece)
    return sorted(pieces, key=lambda piece: -int(piece.sum()))


def _without_thin(mask: Mask) -> Mask:
    """The mask without what is as thin as the strokes of letters."""
    import cv2

    # Gaps of dark speckle close first, else opening would take the speckle with the letters.
    closed = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    return np.asarray(cv2.morphologyEx(closed, cv2.MORPH_OPEN, _disc(mask.shape)), np.bool_)


def _over_time(frames: Sequence[Pixels]) -> tuple[Pixels, Mask | None]:
    """Gives the brightest of every pixel, and which change; None where a still tells nothing."""
    greys = [np.asarray(frame if frame.ndim == 2 else frame.max(axis=2)) for frame in frames]
    brightest, darkest = np.maximum.reduce(greys), np.minimum.reduce(greys)
    changed = brightest - darkest > _CHANGED
    return brightest, changed if changed.mean() >= _CHANGES_OF_CINE else None


def _ground(grey: Pixels) -> int:
    """The commonest dark grey, which nothing is drawn on; black where echo is all over."""
    dark = np.bincount(grey.ravel(), minlength=256)[:32]
    commonest = int(np.argmax(dark))
    return commonest if dark[commonest] >= _GROUND * grey.size else 0


def _flat(grey: Pixels) -> Mask:
    import cv2

    exact = grey.astype(np.float32)
    mean, square = (cv2.boxFilter(values, -1, (7, 7)) for values in (exact, exact * exact))
    return np.asarray(square - mean * mean < _FLAT**2, dtype=np.bool_)


def _banners(even: Mask) -> Mask:
    """The boxes around drawn areas that run along half the frame, with the text that lies on them.

    Args:
        even: Where one grey, brighter than the ground, is drawn.
    """
    import cv2

    boxes = np.zeros(even.shape, np.bool_)
    count, _, stats, _ = cv2.connectedComponentsWithStats(even.view(np.uint8))
    for left, top, wide, high, area in stats[1:count]:
        long = wide >= _BANNER * even.shape[1] or high >= _BANNER * even.shape[0]
        if long and area >= 0.3 * wide * high:
            boxes[max(top - 4, 0) : top + high + 4, max(left - 4, 0) : left + wide + 4] = True
    return boxes


def _strokes(grey: Pixels, ground: int) -> Mask:
    """Letters, ticks and traces on the ground: bright, and nothing is left of them when thinned."""
    import cv2

    thinned = cv2.morphologyEx(grey, cv2.MORPH_OPEN, _disc(grey.shape))
    strokes = (thinned <= ground + _LIT) & (grey > ground + _STROKE)
    return cv2.dilate(strokes.view(np.uint8), np.ones((5, 5), np.uint8)).astype(np.bool_)


def _disc(shape: tuple[int, ...]) -> npt.NDArray[np.uint8]:
    """A disc that no stroke of a letter can hold."""
    import cv2

    thick = max(7, 2 * round(_THIN * max(shape) / 2) + 1)
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (thick, thick)), np.uint8)


def _bars(grey: Pixels) -> Mask:
    """Where grey bars are: narrow boxes, from bright to dark, with every row (or column) even.

    They may touch the echo or lie on it: then the shape of a piece would not tell them.
    """
    import cv2

    found = np.zeros(grey.shape, np.bool_)
    for upright in (True, False):
        image = grey if upright else np.ascontiguousarray(grey.T)
        even = np.zeros(image.shape, np.uint8)
        even[:, :-1] = np.abs(np.diff(image.astype(np.int16), axis=1)) <= _EVEN
        even[image <= _LIT] = 0
        length = max(round(_SHORTEST_BAR * image.shape[0]), 15)
        tall = cv2.morphologyEx(even, cv2.MORPH_OPEN, np.ones((length, 3), np.uint8))
        count, _, boxes, _ = cv2.connectedComponentsWithStats(tall)
        view = found if upright else found.T
        for left, top, wide, high, area in boxes[1:count]:
            narrow = wide <= _NARROW * max(grey.shape) and area > 0.7 * wide * high
            if narrow and _is_ramp(image[top : top + high, left + wide // 2]):
                view[max(top - 5, 0) : top + high + 5, max(left - 5, 0) : left + wide + 5] = True
    return found


def _is_ramp(greys: Pixels) -> bool:
    """Whether greys (N,) rise or fall all along but for a few places, and far enough.

    Where a bar ends on the echo, its last rows may be the echo's.
    """
    steps = np.diff(greys.astype(np.int64))
    one_way = max(np.mean(steps >= -_EVEN), np.mean(steps <= _EVEN))
    low, high = np.percentile(greys, [5, 95])
    return bool(one_way >= 0.95 and high - low >= _RAMP)


def _is_bar(width: int, height: int, area: int, longer_side: int) -> bool:
    """Whether a piece is as narrow and as full as a grey bar, and not as long as a picture."""
    narrow, long = sorted((width, height))
    return narrow <= _NARROW * longer_side and area > 0.8 * width * height and long > 2 * narrow
