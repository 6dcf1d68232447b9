"""From what a file stores to the 8 bits that are shown, by rules that depend on nothing else.

A picture of more than 8 bits without a window of its own is stretched so that its lowest value
becomes 0 and its highest 255; a constant one becomes black. Colour of more than 8 bits keeps its
high byte, so that hues stay. A colour picture without any colour is kept as grey, a third as large.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sonichu_gui.domain.frame import Pixels

_LARGEST = 1e300
"""Beyond this the range of floating-point values would itself not be a finite number."""


def full_range_to_8bit(values: NDArray[Any]) -> Pixels:
    """Stretches values to 0-255 by their own range.

    Args:
        values: (height, width), any number type; NaN counts as the lowest value, infinities as
            the lowest and highest.

    Returns:
        (height, width) uint8; zeros when all values are equal.
    """
    exact = np.asarray(values, dtype=np.float64)
    if values.dtype.kind == "f":
        finite = exact[np.isfinite(exact)].clip(-_LARGEST, _LARGEST)
        low, high = (finite.min(), finite.max()) if finite.size else (0.0, 0.0)
        exact = np.nan_to_num(exact, nan=low, posinf=high, neginf=low).clip(low, high)
    else:
        low, high = exact.min(), exact.max()
    if high - low < 1 / _LARGEST:
        return np.zeros(values.shape, np.uint8)
    return np.rint((exact - low) / (high - low) * 255).astype(np.uint8)


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
    weight = alpha.astype(np.uint16)
    if colour.ndim == 3:
        weight = weight[..., None]
    return ((colour * weight + 127) // 255).astype(np.uint8)
