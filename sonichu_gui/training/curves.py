"""Learning curves of runs as a picture: how the loss fell, and what the held-out frames said.

sonichu train curves runs/teacher_r1 runs/teacher_r2 -o curves.png
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from sonichu_gui.training.config import TrainingError
from sonichu_gui.training.run_log import LOG_FILE, read_log

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

Floats = npt.NDArray[np.float64]

COLORS = (
    *("#0072B2", "#D55E00", "#009E73", "#CC79A7"),
    *("#E69F00", "#56B4E9", "#8C6D31", "#5B5B5B"),
)
"""Lines that colour-blind readers tell apart on white (after Okabe & Ito)."""

_Style: TypeAlias = Literal["-", "--", ":"]
_STYLES: tuple[_Style, ...] = ("-", "--", ":")

LOSS = "total"
_COLUMNS = 3
_WINDOWS = 40  # the smooth line is a mean over this part of the run
_INK, _SOFT, _LINE = "#22272E", "#6A737D", "#E3E6EA"


@dataclass(frozen=True, slots=True)
class Curve:
    """Values of one run over its steps."""

    run: str
    steps: Floats
    values: Floats


@dataclass(frozen=True, slots=True)
class Panel:
    """The curves of one value.

    Attributes:
        title: what it is.
        held_out: measured on held-out frames, now and then; else logged while training.
        curves: a run each.
    """

    title: str
    held_out: bool
    curves: tuple[Curve, ...]


def draw_curves(runs: Sequence[Path], output: Path, *, also: Sequence[str] = ()) -> Path:
    """Draws the runs' loss and every held-out score, one panel each.

    Args:
        runs: output folders of runs.
        output: the picture, PNG, SVG or PDF by its ending.
        also: further logged values, by name.

    Raises:
        TrainingError: a run has no log, nothing is called so, or the picture cannot be written.
    """
    panels = read_panels(runs, also=also)
    figure = _figure(panels)
    output.parent.mkdir(parents=True, exist_ok=True)
    try:
        figure.savefig(output, dpi=150, facecolor="white")
    except (OSError, ValueError) as error:  # ValueError: an ending that is no picture's
        raise TrainingError(
            f"{output} cannot be written: {error}.", "Choose a name that ends in .png or .svg."
        ) from error
    return output


def read_panels(runs: Sequence[Path], *, also: Sequence[str] = ()) -> list[Panel]:
    """What there is to draw of the runs' logs, the loss first.

    Raises:
        TrainingError: a run has no log, or nothing is called as asked.
    """
    logs = {}
    for folder, name in zip(runs, _names(runs), strict=True):
        logs[name] = read_log(folder)
        if not logs[name]:
            raise TrainingError(
                f"{folder / LOG_FILE} is not there, or holds nothing yet.",
                "Name the output folders of runs.",
            )
    panels = [_panel(logs, name, held_out=False) for name in dict.fromkeys((LOSS, *also))]
    held = dict.fromkeys(
        name
        for records in logs.values()
        for record in records
        for name, value in record.get("held_out", {}).items()
        if isinstance(value, int | float)
    )
    panels += [_panel(logs, name, held_out=True) for name in held]
    for panel in panels:
        if not panel.curves:
            known = sorted({name for log in logs.values() for record in log for name in record})
            raise TrainingError(
                f"No run has logged {panel.title}.",
                f"They have logged {', '.join(name for name in known if name != 'held_out')}.",
            )
    return panels


def smoothed(values: Floats) -> Floats:
    """The mean of each value's neighbourhood, which gets narrower towards both ends."""
    reach = len(values) // _WINDOWS
    sums = np.concatenate([[0.0], np.cumsum(values)])
    places = np.arange(len(values))
    near = np.minimum(np.minimum(places, len(values) - 1 - places), reach)
    return np.asarray((sums[places + near + 1] - sums[places - near]) / (2 * near + 1))


def _names(runs: Sequence[Path]) -> list[str]:
    """What each run is called: its folder, or as much of the path as tells it from the others."""
    paths = [folder.absolute() for folder in runs]
    for depth in range(1, max(len(path.parts) for path in paths)):
        names = ["/".join(path.parts[-depth:]) for path in paths]
        if len(set(names)) == len(names):
            return names
    raise TrainingError("The same run is named twice.", "Name each run once.")


def _panel(logs: Mapping[str, Sequence[dict[str, Any]]], name: str, *, held_out: bool) -> Panel:
    curves = []
    for run, records in logs.items():
        points = list(_points(records, name, held_out=held_out))
        if points:
            steps, values = np.array(points, np.float64).T
            curves.append(Curve(run, steps, values))
    return Panel(name, held_out, tuple(curves))


def _points(
    records: Sequence[dict[str, Any]], name: str, *, held_out: bool
) -> Iterator[tuple[float, float]]:
    for record in records:
        value = record.get("held_out", {}).get(name) if held_out else record.get(name)
        if isinstance(value, int | float) and math.isfinite(value):
            yield record["step"], value


def _figure(panels: Sequence[Panel]) -> Figure:
    from matplotlib.figure import Figure  # no pyplot: nothing global, no window

    runs = list(dict.fromkeys(curve.run for panel in panels for curve in panel.curves))
    columns = min(_COLUMNS, len(panels))
    rows = math.ceil(len(panels) / columns)
    size = (4.1 * columns, 2.75 * rows + 0.55)
    figure = Figure(figsize=size, layout="constrained")
    figure.get_layout_engine().set(h_pad=0.1, w_pad=0.1)  # type: ignore[union-attr, call-arg]
    axes = figure.subplots(rows, columns, squeeze=False)
    colors = {run: COLORS[number % len(COLORS)] for number, run in enumerate(runs)}
    styles = {run: _STYLES[number // len(COLORS) % 3] for number, run in enumerate(runs)}
    last = max(float(curve.steps[-1]) for panel in panels for curve in panel.curves)
    for place, panel in zip(axes.flat, panels, strict=False):
        _draw(place, panel, colors, styles)
        place.set_xlim(0, last * 1.02)  # the same in all, so that panels can be compared
    for place in axes.flat[len(panels) :]:
        place.set_visible(False)
    lines = [_line(run, colors[run], styles[run]) for run in runs]
    figure.legend(
        handles=lines,
        loc="outside upper left",
        ncols=max(1, min(len(runs), columns * 2)),
        frameon=False,
        fontsize=9,
        labelcolor=_INK,
        handlelength=1.6,
    )
    return figure


def _line(run: str, color: str, style: _Style) -> Line2D:
    from matplotlib.lines import Line2D

    return Line2D([], [], color=color, linestyle=style, linewidth=2, label=run)


def _draw(
    place: Axes, panel: Panel, colors: Mapping[str, str], styles: Mapping[str, _Style]
) -> None:
    for curve in panel.curves:
        color, style = colors[curve.run], styles[curve.run]
        if panel.held_out:
            place.plot(
                curve.steps, curve.values, style, color=color, linewidth=1.6, marker="o",
                markersize=3,
            )  # fmt: skip
        else:
            place.plot(curve.steps, curve.values, color=color, linewidth=0.5, alpha=0.25)
            place.plot(curve.steps, smoothed(curve.values), style, color=color, linewidth=1.6)
    every = np.concatenate([curve.values for curve in panel.curves])
    if every.min() > 0 and every.max() > 8 * every.min():
        _by_factors(place, float(every.min()), float(every.max()))
    place.set_title(_title(panel), fontsize=10, color=_INK, loc="left", pad=6)
    place.set_xlabel("step", fontsize=8.5, color=_SOFT)
    place.tick_params(which="both", colors=_SOFT, labelsize=8.5, length=0)
    place.grid(visible=True, axis="y", color=_LINE, linewidth=0.8)
    place.set_axisbelow(True)
    for side in ("top", "right", "left"):
        place.spines[side].set_visible(False)
    place.spines["bottom"].set_color(_LINE)


def _by_factors(place: Axes, low: float, high: float) -> None:
    """A logarithmic axis with plain numbers."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    place.set_yscale("log")
    subs = (1.0, 2.0, 5.0) if high < 300 * low else (1.0,)
    place.yaxis.set_major_locator(LogLocator(subs=subs))
    place.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    place.yaxis.set_minor_formatter(NullFormatter())


def _title(panel: Panel) -> str:
    if not panel.held_out:
        return "loss" if panel.title == LOSS else panel.title
    words = panel.title.removesuffix("_mre_px")
    if words != panel.title:
        return f"{words}: held-out MRE, px"
    name, _, unit = panel.title.rpartition("_")
    return f"{name}: held-out error, {unit}" if name else f"held out: {panel.title}"
