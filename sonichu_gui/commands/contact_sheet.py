"""Contact sheets: a small picture and a few words for every file, to look many over at a glance.

A picture is shown as it is, never stretched: a large one is made smaller, a tiny one larger by
whole pixels. A file without one keeps its place, with the reason where the picture would be.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from sonichu_gui.domain.calibration import Trust
from sonichu_gui.errors import ExportError
from sonichu_gui.imaging.raster import write_png

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sonichu_gui.domain.frame import Pixels

_COLUMNS, _ROWS = 5, 5
_PICTURE, _CAPTION, _GAP, _EDGE, _HEAD = (320, 220), 118, 20, 28, 40
_LINE, _NAME_PX, _TEXT_PX = 18, 15, 13
_SCALE_LINES, _REASON_LINES = 3, 5
_LARGEST_ZOOM = 8
_GROUND, _PICTURE_GROUND, _REFUSED_GROUND = (22, 23, 26), (0, 0, 0), (46, 26, 27)
_TITLE, _QUIET, _REFUSED = (228, 230, 234), (150, 155, 163), (240, 150, 142)
_TRUST_COLORS = {
    Trust.TRUSTED: (112, 199, 134),
    Trust.DOUBTFUL: (232, 182, 88),
    Trust.NONE: (168, 172, 180),
}
_DOTS = "…"

_Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


class ContactSheet:
    """Draws cells one after the other and writes each page as it is full.

    Args:
        out: The picture to write; with more than one page, "OUT-1.png", "OUT-2.png" …
        count: Number of cells to come.
        keep: Files that no page may replace.

    Attributes:
        written: The pages so far.

    Raises:
        ExportError: A page would replace a file of `keep`.
    """

    def __init__(self, out: Path, count: int, *, keep: Sequence[Path] = ()) -> None:
        self.written: list[Path] = []
        self._count = count
        self._done = 0
        self._page: Image.Image | None = None
        pages = max(1, math.ceil(count / (_COLUMNS * _ROWS)))
        self._targets = [
            out if pages == 1 else out.with_stem(f"{out.stem}-{page}")
            for page in range(1, pages + 1)
        ]
        kept = {path.resolve() for path in keep}
        if taken := [target for target in self._targets if target.resolve() in kept]:
            raise ExportError(
                f"{taken[0]} is one of the files to draw.", "Name another file for the sheet."
            )
        self._large, self._small = _font(_NAME_PX), _font(_TEXT_PX)

    def add(
        self, name: str, pixels: Pixels | None, lines: Sequence[str], trust: Trust | None, said: str
    ) -> None:
        """Draws the next cell.

        Args:
            name: What the file is called.
            pixels: (height, width) or (height, width, 3), None where it is refused.
            lines: Plain words about it, a line each; of a refused file they follow the reason.
            trust: Of its scale; None where it is refused.
            said: The scale in words, or why it is refused.

        Raises:
            ExportError: A page that is full cannot be written.
        """
        place = self._done % (_COLUMNS * _ROWS)
        if self._page is None:
            self._page = self._new_page()
        row, column = divmod(place, _COLUMNS)
        left = _EDGE + column * (_PICTURE[0] + _GAP)
        top = _EDGE + _HEAD + row * (_PICTURE[1] + _CAPTION + _GAP)
        pen = ImageDraw.Draw(self._page)
        if pixels is None:
            self._refusal(pen, (left, top), said, lines)
            lines, trust = [], None
        else:
            self._page.paste(_cell(pixels), (left, top))
        at = top + _PICTURE[1] + 8
        pen.text((left, at), _elided(name, self._large), _TITLE, self._large)
        at += _LINE + 4
        for line in lines:
            pen.text((left, at), _wrapped(line, 1, self._small), _QUIET, self._small)
            at += _LINE
        if trust is not None:
            words = _wrapped(said, _SCALE_LINES, self._small)
            pen.multiline_text((left, at), words, _TRUST_COLORS[trust], self._small, spacing=5)
        self._done += 1
        if place == _COLUMNS * _ROWS - 1:
            self.close()

    def close(self) -> None:
        """Writes the page at hand, if there is one.

        Raises:
            ExportError: It cannot be written.
        """
        if self._page is None:
            return
        page, self._page = self._page, None
        target = self._targets[len(self.written)]
        try:
            write_png(np.asarray(page), target)
        except (OSError, ValueError) as error:
            raise ExportError(
                f"{target} cannot be written: {getattr(error, 'strerror', None) or error}.",
                "Name a file in a folder that exists and that you may write to.",
            ) from error
        self.written.append(target)

    def _new_page(self) -> Image.Image:
        here = min(_COLUMNS * _ROWS, self._count - self._done)
        columns, rows = min(_COLUMNS, self._count), math.ceil(here / _COLUMNS)
        size = (
            2 * _EDGE + columns * (_PICTURE[0] + _GAP) - _GAP,
            2 * _EDGE + _HEAD + rows * (_PICTURE[1] + _CAPTION + _GAP) - _GAP,
        )
        page = Image.new("RGB", size, _GROUND)
        first, last = self._done + 1, self._done + here
        which = f"{first}–{last} of {self._count} files" if self._count > 1 else "1 file"
        ImageDraw.Draw(page).text((_EDGE, _EDGE), which, _QUIET, self._large)
        return page

    def _refusal(
        self, pen: ImageDraw.ImageDraw, at: tuple[int, int], reason: str, lines: Sequence[str]
    ) -> None:
        """Fills the place of a picture with the reason why there is none."""
        (left, top), inset = at, 14
        pen.rectangle((left, top, left + _PICTURE[0] - 1, top + _PICTURE[1] - 1), _REFUSED_GROUND)
        width = _PICTURE[0] - 2 * inset
        pen.text((left + inset, top + inset), "not shown", _REFUSED, self._large)
        words = _wrapped(reason, _REASON_LINES, self._small, width)
        pen.multiline_text((left + inset, top + 44), words, _TITLE, self._small, spacing=5)
        below = top + 54 + _LINE * (words.count("\n") + 1)
        for line in filter(None, lines):
            words = _wrapped(line, 2, self._small, width)
            pen.multiline_text((left + inset, below), words, _QUIET, self._small, spacing=5)
            below += _LINE * (words.count("\n") + 1) + 4


def _cell(pixels: Pixels) -> Image.Image:
    """Fits a picture into its place with its shape kept."""
    height, width = pixels.shape[:2]
    scale = min(_PICTURE[0] / width, _PICTURE[1] / height)
    if scale >= 1:
        zoom = min(int(scale), _LARGEST_ZOOM)
        fitted = pixels.repeat(zoom, axis=0).repeat(zoom, axis=1)
    else:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        fitted = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA).astype(np.uint8)
    cell = Image.new("RGB", _PICTURE, _PICTURE_GROUND)
    left, top = (_PICTURE[0] - fitted.shape[1]) // 2, (_PICTURE[1] - fitted.shape[0]) // 2
    cell.paste(Image.fromarray(fitted).convert("RGB"), (left, top))
    return cell


def _font(pixels: int) -> _Font:
    """Gives the typeface of the window; Pillow's own where its package is not whole."""
    from fontpkg_inter import __file__ as package

    for file in sorted(Path(package or "").parent.rglob("Inter[[]*.ttf")):
        return ImageFont.truetype(file, pixels)
    return ImageFont.load_default(pixels)


def _elided(name: str, font: _Font) -> str:
    """Shortens a name at its beginning: files of a folder differ in their ends."""
    short = name
    while font.getlength(short) > _PICTURE[0]:
        name = name[1:]
        short = _DOTS + name
    return short


def _wrapped(text: str, most: int, font: _Font, width: int = _PICTURE[0]) -> str:
    """Breaks a text into at most so many lines, between words where it can; dots end what is cut.

    Args:
        text: The text; a word longer than a line is broken.
        most: Number of lines.
        font: Its typeface.
        width: Of a line, in pixels.
    """
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".lstrip()
        if font.getlength(longer) <= width:
            lines[-1] = longer
            continue
        if lines[-1]:
            lines.append("")
        for letter in word:
            if font.getlength(lines[-1] + letter) > width:
                lines.append("")
            lines[-1] += letter
    if len(lines) > most:
        last = lines[most - 1]
        while last and font.getlength(last + _DOTS) > width:
            last = last[:-1]
        lines = [*lines[: most - 1], last + _DOTS]
    return "\n".join(lines)
