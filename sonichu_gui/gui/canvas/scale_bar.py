"""The scale bar: a round length in millimetres, only where millimetres are trusted."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QFont, QPainter, QPen

if TYPE_CHECKING:
    from sonichu_gui.domain.calibration import Scale

_ROUND = (1.0, 2.0, 5.0)


@dataclass(frozen=True, slots=True)
class ScaleBar:
    """A bar to be drawn: its length in widget units and its words."""

    length: float
    text: str


def scale_bar(scale: Scale, *, zoom: float, longest: float = 120.0) -> ScaleBar | None:
    """Gives the longest bar of 1, 2 or 5 x 10^n mm that fits, or None without millimetres.

    Args:
        scale: Of the frame.
        zoom: Widget units a image pixel.
        longest: In widget units.
    """
    if not scale.in_mm or scale.dx_mm is None:
        return None
    most_mm = longest * scale.dx_mm / zoom
    if not 0.0 < most_mm < math.inf:
        return None
    power = 10.0 ** math.floor(math.log10(most_mm))
    length_mm = max(step * power for step in (0.5, *_ROUND) if step * power <= most_mm * 1.0001)
    return ScaleBar(longest * length_mm / most_mm, f"{length_mm:g} mm · {scale.tag}")


def paint_scale_bar(
    painter: QPainter, scale: Scale, *, zoom: float, height: float, font: QFont
) -> None:
    """Draws the bar into the lower left corner of a widget, where there are millimetres.

    Args:
        painter: On the widget.
        scale: Of the frame.
        zoom: Widget units a image pixel.
        height: Of the widget.
        font: Of its words.
    """
    bar = scale_bar(scale, zoom=zoom)
    if bar is None:
        return
    left, bottom = 24.0, height - 26.0
    painter.setFont(font)
    painter.setPen(QColor("#A7B1BC"))
    painter.drawText(QPointF(left, bottom - 8.0), bar.text)
    painter.setPen(QPen(QColor("#E8ECF0"), 1.6))
    painter.drawLine(QPointF(left, bottom), QPointF(left + bar.length, bottom))
