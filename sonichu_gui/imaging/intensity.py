"""From what a file stores to the 8 bits that are shown, by rules that depend on nothing else.

A picture of more than 8 bits without a window of its own is stretched so that its lowest value
becomes 0 and its highest 255; a constant one becomes black. Colour of more than 8 bits keeps its
high byte, so that hues stay. A colour picture without any colour is kept as grey, a third as large.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sonichu_gui.domain.frame import Pixels

_LARGEST = 1e300
"""Beyond this the range of floating-point values would itself not be a finite number."""

_PIXELS_AT_ONCE = 1 << 18


def full_range_to_8bit(values: NDArray[Any]) -> Pixels:
    """Stretches values to 0-255 by their own range.

    Args:
        values: (height, width), any number type; NaN counts as the lowest value, infinities as
            the lowest and highest.

    Returns:
        (height, width) uint8; zeros when all values are equal.
    """
    low, high = _finite_range(values)
    shown = np.zeros(values.shape, np.uint8)
    if high - low < 1 / _LARGEST:
        return shown
    for rows in bands(values):
        exact = np.asarray(values[rows], dtype=np.float64)
        if values.dtype.kind == "f":
            exact = np.nan_to_num(exact, nan=low, posinf=high, neginf=low).clip(low, high)
        shown[rows] = np.rint((exact - low) / (high - low) * 255)
    return shown


def _finite_range(values: NDArray[Any]) -> tuple[float, float]:
    if values.dtype.kind != "f":
        return float(values.min()), float(values.max())
    parts = [values[rows] for rows in bands(values)]
    ends = [finite for part in parts if (finite := part[np.isfinite(part)]).size]
    if not ends:
        return 0.0, 0.0
    low, high = min(part.min() for part in ends), max(part.max() for part in ends)
    return max(float(low), -_LARGEST), min(float(high), _LARGEST)


def bands(values: NDArray[Any]) -> Iterator[slice]:
    """Gives the rows of a picture in parts: numbers computed of all at once would fill memory.

    Args:
        values: (height, width) or (height, width, 3).
    """
    height = values.shape[0]
    step = max(1, _PIXELS_AT_ONCE // max(1, values.shape[1]))
    for top in range(0, height, step):
        yield slice(top, top + step)


def grey_if_colourless(rgb: Pixels, *, within: int = 0) -> Pixels:
    """Gives (height, width) where red, green and blue are equal everywhere, else the same array.

    Args:
        rgb: (height, width, 3).
        within: Difference that still counts as equal: encoders of video round grey to colours next
            to it. Green, which differs least from the brightness, is kept.
    """
    # A sample settles nearly every colour picture without a look at all of it.
    for part in (rgb[::16, ::16], rgb):
        red, green, blue = part[..., 0], part[..., 1], part[..., 2]
        if within:
            highest = np.maximum(np.maximum(red, green), blue)
            lowest = np.minimum(np.minimum(red, green), blue)
            if int((highest - lowest).max(initial=0)) > within:
                return rgb
        elif not (np.array_equal(red, green) and np.array_equal(green, blue)):
            return rgb
    return np.ascontiguousarray(rgb[..., 1])


def over_black(colour: Pixels, alpha: Pixels) -> Pixels:
    """Lays a partly transparent picture on black.

    Args:
        colour: (height, width) or (height, width, 3).
        alpha: (height, width), 255 is opaque.

    Returns:
        The shape of `colour`.
    """
    shown = np.empty(colour.shape, np.uint8)
    for rows in bands(colour):
        weight = alpha[rows].astype(np.uint16)
        if colour.ndim == 3:
            weight = weight[..., None]
        shown[rows] = (colour[rows] * weight + 127) // 255
    return shown
