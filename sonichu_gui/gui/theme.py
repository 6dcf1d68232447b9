"""Colours, type, spacing and icons: the one place that knows how the window looks.

Colours are those of the look's decision: a dark room first, one accent, state colours only with a
word or a shape beside them, and keypoint pairs from a colour-blind safe set.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontDatabase,
    QGuiApplication,
    QIcon,
    QPainter,
    QPalette,
    QPixmap,
)
from PySide6.QtSvg import QSvgRenderer

from sonichu_gui.paths import resources

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

PAIR_COLORS = (
    "#56B4E9",
    "#F0A202",
    "#2FCB9A",
    "#CC79A7",
    "#F0E442",
    "#E8743B",
    "#9AA8FF",
    "#8FD14F",
    "#FF9DA7",
    "#5FD3E0",
    "#D9B38C",
)
"""One colour a pair, lightness differing between neighbours; the first six from the look."""


@dataclass(frozen=True, slots=True)
class Palette:
    """Every colour of one theme."""

    name: str
    canvas: str
    window: str
    panel: str
    control: str
    control_hover: str
    line: str
    text: str
    text_soft: str
    text_faint: str
    accent: str
    accent_ink: str
    accent_fill: str
    green: str
    amber: str
    amber_fill: str
    red: str
    red_fill: str


DARK = Palette(
    name="dark",
    canvas="#0B0D10",
    window="#14181D",
    panel="#1A1F26",
    control="#242B34",
    control_hover="#2C3540",
    line="#2E3641",
    text="#E8ECF0",
    text_soft="#A7B1BC",
    text_faint="#6C7885",
    accent="#45B8C4",
    accent_ink="#0B1418",
    accent_fill="#16393F",
    green="#5CC28B",
    amber="#E2B33C",
    amber_fill="#2A2415",
    red="#E86C66",
    red_fill="#2E1A1B",
)

LIGHT = Palette(
    name="light",
    canvas="#0B0D10",
    window="#E9EDF1",
    panel="#F6F8FA",
    control="#FFFFFF",
    control_hover="#EEF2F5",
    line="#CBD3DB",
    text="#14181D",
    text_soft="#45505C",
    text_faint="#5F6B76",
    accent="#0B6B77",
    accent_ink="#FFFFFF",
    accent_fill="#D3ECEF",
    green="#1A7045",
    amber="#8A6100",
    amber_fill="#FBF1D6",
    red="#B3342E",
    red_fill="#FBE3E1",
)

PALETTES = {palette.name: palette for palette in (DARK, LIGHT)}

_current: Palette = DARK


def current() -> Palette:
    """The palette in use."""
    return _current


def pair_color(pair: int) -> QColor:
    """Colour of a keypoint pair; pairs beyond the table start over."""
    return QColor(PAIR_COLORS[pair % len(PAIR_COLORS)])


def resolve(choice: str) -> Palette:
    """The palette of a setting: "dark", "light", or "system" to follow the desktop."""
    if choice == "system":
        scheme = QGuiApplication.styleHints().colorScheme()
        return LIGHT if scheme is Qt.ColorScheme.Light else DARK
    return PALETTES.get(choice, DARK)


def apply(app: QApplication, palette: Palette) -> None:
    """Dresses the whole application in a palette."""
    global _current  # noqa: PLW0603 - one application, one look
    _current = palette
    icon.cache_clear()
    load_fonts()
    app.setStyle("Fusion")
    app.setPalette(_qt_palette(palette))
    app.setFont(font(11.5))
    template = resources("theme.qss").read_text(encoding="utf-8")
    colors = {name: getattr(palette, name) for name in Palette.__dataclass_fields__}
    app.setStyleSheet(Template(template).substitute(colors))


@functools.cache
def load_fonts() -> None:
    """Makes Inter known to Qt, from the font package."""
    from fontpkg_inter import __file__ as package

    if package is None:
        return
    for file in sorted(Path(package).parent.rglob("*.[to]tf")):
        QFontDatabase.addApplicationFont(str(file))


@functools.cache
def font(pixels: float, *, weight: int = 400, spaced: bool = False, caps: bool = False) -> QFont:
    """Inter at a size in logical pixels, with figures of equal width.

    Args:
        pixels: 10.5, 11.5, 13, 15 or 34.
        weight: 400 regular, 500 medium, 600 semibold, 700 bold.
        spaced: Wider letters, for section heads.
        caps: Small section heads in capitals.
    """
    result = QFont("Inter")
    screens = QGuiApplication.screens()
    dots_per_inch = screens[0].logicalDotsPerInch() if screens else 96.0
    result.setPointSizeF(pixels * 72.0 / dots_per_inch)
    result.setWeight(QFont.Weight(weight))
    result.setVariableAxis(QFont.Tag("wght"), weight)
    result.setFeature(QFont.Tag("tnum"), 1)
    result.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    if caps:
        result.setCapitalization(QFont.Capitalization.AllUppercase)
    if spaced:
        result.setLetterSpacing(QFont.SpacingType.PercentageSpacing, 108)
    return result


@functools.cache
def word_font(pixels: float, weight: int = 400) -> QFont:
    """The font for words: figures of equal width would widen the hyphens in names too."""
    result = QFont(font(pixels, weight=weight))
    result.unsetFeature(QFont.Tag("tnum"))
    return result


@functools.lru_cache(maxsize=256)
def icon(name: str, role: str = "text_soft") -> QIcon:
    """An icon of `resources/icons` in a colour of the palette.

    Args:
        name: File name without its ending.
        role: Attribute of `Palette`.
    """
    svg = resources("icons", f"{name}.svg").read_text(encoding="utf-8")
    result = QIcon()
    for mode, color in ((QIcon.Mode.Normal, role), (QIcon.Mode.Disabled, "line")):
        drawing = QByteArray(svg.replace("currentColor", getattr(_current, color)).encode())
        for size in (16, 20, 32, 40):
            pixmap = QPixmap(QSize(size, size))
            pixmap.fill(Qt.GlobalColor.transparent)
            painter = QPainter(pixmap)
            QSvgRenderer(drawing).render(painter, QRectF(0, 0, size, size))
            painter.end()
            result.addPixmap(pixmap, mode)
    return result


def _qt_palette(palette: Palette) -> QPalette:
    """The colours for the parts of Qt's controls that a style sheet leaves alone."""
    result = QPalette()
    for role, color in (
        (QPalette.ColorRole.Window, palette.window),
        (QPalette.ColorRole.Base, palette.control),
        (QPalette.ColorRole.AlternateBase, palette.panel),
        (QPalette.ColorRole.Button, palette.control),
        (QPalette.ColorRole.ToolTipBase, palette.control),
        (QPalette.ColorRole.Highlight, palette.accent),
        (QPalette.ColorRole.Accent, palette.accent),
        (QPalette.ColorRole.Mid, palette.line),
        (QPalette.ColorRole.Dark, palette.line),
        (QPalette.ColorRole.HighlightedText, palette.accent_ink),
        (QPalette.ColorRole.PlaceholderText, palette.text_faint),
        (QPalette.ColorRole.WindowText, palette.text),
        (QPalette.ColorRole.Text, palette.text),
        (QPalette.ColorRole.ButtonText, palette.text),
        (QPalette.ColorRole.ToolTipText, palette.text),
        (QPalette.ColorRole.Link, palette.accent),
    ):
        result.setColor(role, QColor(color))
    return result
