"""Frames drawn for tests of what a picture says about itself: echo, rulers, and what is neither."""

from __future__ import annotations

import math

import cv2
import numpy as np

BITS = 6


def speckle(shape, *, seed=0, level=70.0):
    """Echo-like grey: Rayleigh amplitudes, compressed, with grains of a few pixels."""
    rng = np.random.default_rng(seed)
    parts = (cv2.GaussianBlur(rng.standard_normal(shape), (0, 0), 1.5) for _ in range(2))
    amplitude = np.hypot(*parts)
    grey = level * (1 + 0.45 * np.log(amplitude / amplitude.mean() + 0.02))
    return np.clip(grey, 2, 255).astype(np.uint8)


def fan_mask(shape, *, apex=(200.0, -30.0), half=0.62, near=50.0, far=310.0, turn=0.0):
    """Where a curved probe's picture is."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    radius = np.hypot(x - apex[0], y - apex[1])
    angle = np.arctan2(x - apex[0], y - apex[1]) - turn
    return (radius >= near) & (radius <= far) & (np.abs(angle) <= half)


def fan_frame(shape=(300, 400), *, seed=0, **fan):
    mask = fan_mask(shape, **fan)
    return np.where(mask, speckle(shape, seed=seed), 0).astype(np.uint8), mask


def line(frame, start, end, grey):
    """A line of a pixel's width between places to 1/64 px."""
    ends = [tuple(round(v * (1 << BITS)) for v in point) for point in (start, end)]
    cv2.line(frame, *ends, grey, 1, cv2.LINE_AA, BITS)


def vertical_ruler(
    frame, *, x=20.0, first=12.0, period=24.0, length=7.0, every=5, grey=200, side=1, hidden=()
):
    """Draws ticks to the right (side 1) or left of `x`; gives their rows."""
    rows = np.arange(first, frame.shape[0] - 3, period)
    for number, row in enumerate(rows):
        if number in hidden:
            continue
        long = every is not None and number % every == 0
        line(frame, (x, row), (x + side * length * (2 if long else 1), row), grey)
    return rows


def dotted(frame, start, step, count, *, grey=230, size=1):
    """Draws dots at equal distances; gives their places."""
    places = np.array(start) + np.arange(count)[:, None] * np.array(step)
    for x, y in places:
        centre = (round(x * (1 << BITS)), round(y * (1 << BITS)))
        cv2.circle(frame, centre, size << BITS, grey, -1, cv2.LINE_AA, BITS)
    return places


def lines_of_text(frame, left, top, *, lines=8, step=16, grey=220, scale=0.42):
    words = ("Gn 60", "C 61", "HGen", "FR 28Hz", "D 11cm", "MI 1.1", "3/3/4", "TIb 0.2", "Pen")
    for number in range(lines):
        at = (left, top + number * step)
        text = words[number % len(words)]
        cv2.putText(frame, text, at, cv2.FONT_HERSHEY_SIMPLEX, scale, grey, 1, cv2.LINE_AA)


def grey_bar(frame, left, top, width, height, *, levels=256):
    ramp = np.linspace(levels - 1, 0, height).astype(int) * 255 // (levels - 1)
    frame[top : top + height, left : left + width] = ramp[:, None]


def ecg(frame, *, row, beat=60, height=24, grey=210):
    """A trace along the bottom with equal beats."""
    width = frame.shape[1]
    x = np.arange(width)
    phase = x % beat
    y = (
        row
        - height * np.exp(-0.5 * ((phase - beat / 2) / 1.5) ** 2)
        - 2 * np.sin(2 * math.pi * phase / beat)
    )
    points = np.stack([x, np.rint(y)], axis=1).astype(np.int32)
    cv2.polylines(frame, [points], False, grey, 1, cv2.LINE_AA)


def jpeg(frame, quality=70):
    _, data = cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return cv2.imdecode(data, cv2.IMREAD_UNCHANGED)
