"""The colours of a heatmap: clear where nothing is seen, never hiding what lies beneath."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sonichu_gui.gui.canvas.heat import MOST_OPAQUE, heat_image

if TYPE_CHECKING:
    from PySide6.QtGui import QColor


def colors(values) -> list[QColor]:
    image = heat_image(np.array([values], np.float32))
    return [image.pixelColor(x, 0) for x in range(len(values))]


def test_it_is_clear_where_nothing_is_seen():
    assert [color.alpha() for color in colors([0.0, 0.01, 0.019])] == [0, 0, 0]


def test_the_likeliest_place_is_no_more_than_half_opaque():
    assert colors([1.0])[0].alphaF() <= MOST_OPAQUE + 0.01


def test_likelier_is_denser_and_brighter_in_one_hue():
    ramp = colors(np.linspace(0.05, 1.0, 12))
    assert [c.alpha() for c in ramp] == sorted(c.alpha() for c in ramp)
    assert [c.lightness() for c in ramp] == sorted(c.lightness() for c in ramp)
    hues = [c.hslHue() for c in ramp[2:]]  # the faintest are rounded to a few levels
    assert max(hues) - min(hues) <= 12


def test_values_outside_the_range_and_missing_ones_do_no_harm():
    alphas = [color.alpha() for color in colors([-1.0, np.nan, 7.0, 1.0])]
    assert alphas[:2] == [0, 0]
    assert alphas[2] == alphas[3]
