"""A measurement: a number that cannot be parted from its unit, its scale and its formula."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sonichu_gui.domain.calibration import Scale


@dataclass(frozen=True, slots=True)
class Measurement:
    """One measured number.

    Attributes:
        name: Short name, e.g. "BPD".
        title: Long name.
        value: The number, or None when it cannot be given; `reason` then says why.
        unit: "mm", "px", "deg", "%", "g" or "1".
        uncertainty: Standard error in `unit`, or None when the points have none.
        points: Zero-based keypoint indices it comes from.
        scale: The scale that was used, or would have been.
        formula: Name of the formula, e.g. "Ramanujan II".
        convention: How the callipers are set, or empty.
        primary: The number shown first and large.
        reason: Why there is no number, or why it is in pixels; empty when all is well.
    """

    name: str
    title: str
    value: float | None
    unit: str
    uncertainty: float | None
    points: tuple[int, ...]
    scale: Scale
    formula: str
    convention: str = ""
    primary: bool = False
    reason: str = ""

    @property
    def text(self) -> str:
        """The number with its unit as the user reads it, e.g. "32.4 mm"."""
        if self.value is None:
            return "–"
        space = "" if self.unit == "deg" else " "
        return f"{self.number}{space}{self.unit_text}".rstrip()

    @property
    def number(self) -> str:
        """The number alone with the decimals its unit deserves."""
        if self.value is None:
            return "–"
        return f"{self.value:.{_DECIMALS.get(self.unit, 1)}f}"

    @property
    def error_text(self) -> str:
        """The standard error with the number's decimals, e.g. "± 0.9"; empty where not known."""
        if self.value is None or self.uncertainty is None:
            return ""
        return f"± {self.uncertainty:.{_DECIMALS.get(self.unit, 1)}f}"

    @property
    def full_text(self) -> str:
        """Number, standard error and unit as a paper writes them, e.g. "32.4 ± 0.9 mm"."""
        if not self.error_text:
            return self.text
        space = "" if self.unit == "deg" else " "
        return f"{self.number} {self.error_text}{space}{self.unit_text}".rstrip()

    @property
    def rests_on_scale(self) -> bool:
        """Whether the number is one in millimetres, or made of them."""
        return self.value is not None and self.unit in _OF_SCALE and self.scale.in_mm

    @property
    def is_contradicted(self) -> bool:
        """Whether the ruler in the picture contradicts the millimetres it is made of."""
        return self.rests_on_scale and bool(self.scale.contradicted_by)

    @property
    def scale_tag(self) -> str:
        """Who states the scale that the number rests on, in a word or two; empty without one."""
        return self.scale.tag if self.rests_on_scale else ""

    @property
    def sourced_text(self) -> str:
        """Number, unit and whose millimetres they are, e.g. "32.4 mm · region 1"."""
        return _with_tag(self.text, self.scale_tag)

    @property
    def full_sourced_text(self) -> str:
        """As `full_text`, with whose millimetres they are."""
        return _with_tag(self.full_text, self.scale_tag)

    def plate_text(self, *, error: bool, short: bool) -> str:
        """The number as a picture shows it, with whose millimetres they are.

        Args:
            error: Whether its standard error stands beside it.
            short: Whether there are many numbers, so that each says it in a few letters.
        """
        tag = self.scale.short_tag if short and self.rests_on_scale else self.scale_tag
        return _with_tag(self.full_text if error else self.text, tag)

    @property
    def unit_text(self) -> str:
        """The unit as the user reads it."""
        return {"deg": "°", "1": ""}.get(self.unit, self.unit)


def _with_tag(text: str, tag: str) -> str:
    return f"{text} · {tag}" if tag else text


_OF_SCALE = ("mm", "g")
_DECIMALS = {"mm": 1, "px": 1, "deg": 1, "%": 1, "g": 0, "1": 2}
