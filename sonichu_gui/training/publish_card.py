"""The card of a published model: what it is, what it was made from, what it reaches, its limits."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sonichu_gui.model.modeling_sonichu import EfficientNetLiteConfig
from sonichu_gui.tasks import load_tasks

if TYPE_CHECKING:
    from sonichu_gui.model.modeling_sonichu import SonichuModel
    from sonichu_gui.training.published_figures import HeadFigures
    from sonichu_gui.training.scores import MeasureScore


@dataclass(frozen=True, slots=True)
class CardHead:
    """One head as the card tells of it.

    Attributes:
        figures: of the published file, with the mirrored view.
        one_pass: the same without it.
        full_precision: with it, before the weights were stored in half precision.
        real_frames, phantom_frames: what it learned from.
        is_draft: whether a person is told so.
        data: name, licence and source of what it learned from.
        command: how anyone measures the same.
    """

    figures: HeadFigures
    one_pass: HeadFigures
    full_precision: HeadFigures | None
    real_frames: int
    phantom_frames: int
    is_draft: bool
    data: str
    command: str


@dataclass(frozen=True, slots=True)
class CardText:
    """What only the person who publishes knows.

    Attributes:
        made_from: further lines on what the model was made from.
        limits: further lines on where it fails.
        recipe: the configuration of the publication.
    """

    made_from: tuple[str, ...]
    limits: tuple[str, ...]
    recipe: str


def model_card(model: SonichuModel, heads: Sequence[CardHead], text: CardText) -> str:
    """The folder's README."""
    tested = [head for head in heads if not head.figures.on_phantoms]
    drawn = [head for head in heads if head.figures.on_phantoms]
    untrained = [name for name, task in model.config.tasks.items() if not task.trained]
    parts = [
        _FRONT.format(license=model.config.license.lower()),
        f"# {model.config.name} {model.config.version}",
        "**Not for clinical use.** Not clinically validated; no diagnosis, no treatment decision.",
        _wrapped(_what(model, heads)),
    ]
    if any(head.is_draft for head in heads):
        parts.append(_wrapped(_draft(heads)))
    if untrained:
        parts.append(
            _wrapped(
                f"The heads for {', '.join(untrained)} are not trained and are marked "
                '`"trained": false` in `config.json`: their points mean nothing.'
            )
        )
    parts += ["## Heads", _heads_table(heads), _wrapped(_HEADS)]
    parts += ["## Use", _USE.format(task=heads[0].figures.task)]
    parts += ["## Made from", "\n".join(map(_item, _made_from(heads, text)))]
    parts.append("## Measured")
    for head in tested:
        parts += _on_real_frames(head)
    if drawn:
        parts += ["### On phantoms", _wrapped(_PHANTOMS), _drawn_table(drawn)]
        commands = dict.fromkeys(head.command for head in drawn)
        parts.append("\n".join(f"    {command}" for command in commands))
    limits = [*text.limits, *_LIMITS]
    if drawn:
        limits.append(_DRAFT_LIMIT)
    parts += ["## Limits", "\n".join(map(_item, limits))]
    return "\n\n".join(parts) + "\n"


def _what(model: SonichuModel, heads: Sequence[CardHead]) -> str:
    backbone = model.config.backbone
    if isinstance(backbone, EfficientNetLiteConfig):
        network = (
            f"EfficientNet-Lite0, a feature pyramid of {backbone.fpn_channels} channels, one small "
            "heatmap head a task"
        )
    else:
        network = (
            f"a vision transformer, {backbone.hidden_size} wide with {backbone.num_hidden_layers} "
            "blocks, one heatmap head a task"
        )
    tasks = load_tasks()
    names = [
        tasks[head.figures.task].title.lower() if head.figures.task in tasks else head.figures.task
        for head in heads
    ]
    return (
        f"Finds keypoints in a B-mode ultrasound frame, to measure {', '.join(names)}. "
        f"{model.num_parameters / 1e6:.1f} million parameters: {network}. "
        "Weights are stored as float16 and computed in float32."
    )


def _draft(heads: Sequence[CardHead]) -> str:
    drafts = ", ".join(head.figures.task for head in heads if head.is_draft)
    alone = [head.figures.task for head in heads if head.real_frames == 0]
    why = (
        f" {', '.join(alone)} learned from phantoms alone: drawn frames, no patient's."
        if alone
        else ""
    )
    return f"**Drafts: {drafts}.**{why} Their points are a first guess to be corrected by hand."


def _heads_table(heads: Sequence[CardHead]) -> str:
    rows = [("task", "learned from", "tested on", "MRE px", "MRE % width", "error", "draft")]
    for head in heads:
        found = head.figures
        kind = "phantoms" if found.on_phantoms else "frames"
        rows.append(
            (
                found.task,
                frames_text(head.real_frames, head.phantom_frames),
                f"{found.score['n']} {kind}",
                f"{found.score['mre_unordered_px']:.1f}",
                f"{found.percent_width:.2f}",
                _error(found),
                "yes" if head.is_draft else "no",
            )
        )
    return _markdown(rows)


def frames_text(real: int, phantoms: int) -> str:
    """What a head learned from, in words."""
    parts = [f"{real} real frames"] if real else []
    parts += [f"{phantoms} phantoms"] if phantoms else []
    return " + ".join(parts)


def _error(found: HeadFigures) -> str:
    name, measure = found.measure_name, found.measure
    return "–" if measure is None else f"{name} {measure['mae']:.2f} {measure['unit']}"


def _on_real_frames(head: CardHead) -> list[str]:
    found, measure = head.figures, head.figures.measure
    rows = [
        ("", "MRE px", "median", "p95", "MRE px, ordered")
        + (_measure_columns(found.measure_name, measure) if measure else ())
    ]
    for label, one in (
        ("with TTA", head.figures),
        ("one pass", head.one_pass),
        ("with TTA, before storing as float16", head.full_precision),
    ):
        if one is not None:
            score = one.score
            rows.append(
                (
                    label,
                    f"{score['mre_unordered_px']:.1f}",
                    f"{score['median_unordered_px']:.1f}",
                    f"{score['p95_unordered_px']:.1f}",
                    f"{score['mre_px']:.1f}",
                )
                + (_measure_cells(one.measure) if one.measure else ())
            )
    parts = [
        f"### {found.task}",
        _wrapped(
            f"On {found.score['n']} frames that the head never learned from, used for nothing but "
            "this table:"
        ),
        f"    {head.command}",
        _markdown(rows),
        _wrapped(_MEASURED),
    ]
    if measure is not None and measure["within_68"] is not None:
        parts.append(_wrapped(_sure(found.measure_name, measure)))
    return parts


def _measure_columns(name: str, measure: MeasureScore) -> tuple[str, ...]:
    return (f"{name} error {measure['unit']}", "bias", "median", "p95", "max")


def _measure_cells(measure: MeasureScore) -> tuple[str, ...]:
    return (
        f"{measure['mae']:.2f}",
        f"{measure['bias']:+.2f}",
        f"{measure['median']:.2f}",
        f"{measure['p95']:.2f}",
        f"{measure['max']:.1f}",
    )


def _sure(name: str, measure: MeasureScore) -> str:
    shares = (measure["within_68"], measure["within_95"])
    one, two = ("an unknown share" if share is None else f"{100 * share:.0f} %" for share in shares)
    return (
        f"How sure it is: with TTA the standard error that it states for {name} is "
        f"{measure['uncertainty']:.1f} {measure['unit']} on average; the labelled {name} lies "
        f"within 1 of it in {one} of the test frames and within 1.96 in {two}, where 68 % and 95 % "
        "would be perfect."
    )


def _drawn_table(heads: Sequence[CardHead]) -> str:
    rows = [("task", "n", "MRE % width", "p95", "one pass", "MRE px", "error", "± holds 68 / 95 %")]
    for head in heads:
        found, measure = head.figures, head.figures.measure
        held = "–"
        if measure is not None and measure["within_68"] is not None:
            held = f"{measure['within_68']:.0%} / {measure['within_95'] or 0.0:.0%}"
        rows.append(
            (
                found.task,
                str(found.score["n"]),
                f"{found.percent_width:.2f}",
                f"{found.p95_percent_width:.2f}",
                f"{head.one_pass.percent_width:.2f}",
                f"{found.score['mre_unordered_px']:.1f}",
                _error(found),
                held,
            )
        )
    return _markdown(rows)


def _made_from(heads: Sequence[CardHead], text: CardText) -> list[str]:
    by_data: dict[str, list[str]] = {}
    for head in heads:
        frames = frames_text(head.real_frames, head.phantom_frames)
        by_data.setdefault(head.data, []).append(f"{head.figures.task} ({frames})")
    lines = [
        f"Training data: {data}. Heads: {', '.join(tasks)}." for data, tasks in by_data.items()
    ]
    return [*lines, *text.made_from, f"Published by `{text.recipe}` of the Sonichu project."]


def _markdown(rows: Sequence[Sequence[str]]) -> str:
    head, *body = rows
    ruler = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ruler, *body))


def _item(line: str) -> str:
    return _wrapped(f"- {line}", hanging="  ")


def _wrapped(text: str, *, hanging: str = "") -> str:
    return textwrap.fill(
        text, 100, subsequent_indent=hanging, break_on_hyphens=False, break_long_words=False
    )


_FRONT = """\
---
license: {license}
library_name: pytorch
pipeline_tag: keypoint-detection
tags:
- medical-imaging
- ultrasound
- keypoint-detection
- fetal-biometry
---"""

_HEADS = (
    "MRE: mean over the points of the distance to the label, in pixels of the original frame or in "
    "hundredths of its width; the two ends of a pair may swap. Error: mean absolute error of the "
    "task's first measure. With TTA."
)

_MEASURED = (
    "MRE: mean over the points of the distance in pixels of the original frame; the two ends of a "
    'pair may swap unless "ordered" is said. Error: mean absolute difference to the labelled value.'
)

_PHANTOMS = (
    "Drawn frames that no head learned from. They tell whether a head has learned the task as it "
    "is drawn; how it does on patients they do not tell."
)

_USE = """\
```python
import cv2
import numpy as np
from modeling_sonichu import SonichuModel, SonichuPreprocessor

model = SonichuModel.from_pretrained(".")
prep = SonichuPreprocessor.from_pretrained(".")
frame = cv2.cvtColor(cv2.imread("frame.png"), cv2.COLOR_BGR2RGB)
inputs = prep(frame)
points = model.predict(inputs["pixel_values"], task="{task}", tta=True)[0].numpy()
print(points * np.array([inputs["orig_w"], inputs["orig_h"]]) - 0.5)
```

The result is in pixels with (0, 0) at the centre of the top-left pixel, in the order of the task's
keypoints in `config.json`. `python inference.py frame.png {task}` draws them."""

_LIMITS = (
    "Standard planes only. It answers on any picture, also where the structure is not there.",
    "Machines, populations and settings beyond those of the training data are untested.",
)

_DRAFT_LIMIT = (
    "A head that learned from phantoms alone has seen no patient. Take its points as a draft, look "
    "at each, and correct it."
)
