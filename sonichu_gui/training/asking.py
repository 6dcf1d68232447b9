"""Models asked about unlabelled frames: each frame's answer is their median, and how sure it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch.utils.data import DataLoader

from sonichu_gui.errors import FrameError
from sonichu_gui.model.inference import to_normalised, to_pixels
from sonichu_gui.training.answers import Answer, Refusal
from sonichu_gui.training.data.frames import read_frame
from sonichu_gui.training.data.label_rules import RULES
from sonichu_gui.training.ensemble import Points, median_points, paired_like
from sonichu_gui.training.panel import distinct

if TYPE_CHECKING:
    from torch import Tensor

    from sonichu_gui.training.answers import Question
    from sonichu_gui.training.ensemble import Pairs
    from sonichu_gui.training.panel import Member


class _Prepared:
    """Frames as the network of every model takes them; a map-style dataset."""

    def __init__(self, questions: Sequence[Question], members: Sequence[Member]) -> None:
        self._questions, self._members = questions, members

    def __len__(self) -> int:
        return len(self._questions)

    def __getitem__(self, index: int) -> tuple[int, tuple[int, int], list[Tensor]] | str:
        """Number, size and each model's input; or why the frame cannot be used."""
        try:
            pixels = read_frame(self._questions[index].frame)
        except FrameError as error:
            return str(error)
        size = pixels.shape[1], pixels.shape[0]
        seen = [member.preprocessor(pixels)["pixel_values"] for member in self._members]
        return index, size, seen


def answer_all(
    questions: Sequence[Question],
    members: Sequence[Member],
    pairs: Pairs,
    *,
    tta: bool,
    batch_size: int,
    workers: int,
    device: torch.device,
) -> Iterator[list[Answer | Refusal]]:
    """Batch after batch, the models' median on each frame, or why there is none.

    Args:
        questions: all of one task.
        members: those that have a vote on it.
        pairs: of the task, whose ends may swap.
        tta: whether they look at the mirrored frame too.
        batch_size: frames at a time.
        workers: processes that prepare frames.
        device: where the models are.
    """
    loader: DataLoader[Any] = DataLoader(
        _Prepared(questions, members),  # type: ignore[arg-type]
        batch_size=batch_size,
        num_workers=workers,
        collate_fn=list,
    )
    for start, batch in zip(range(0, len(questions), batch_size), loader, strict=True):
        told: list[Answer | Refusal] = [
            Refusal(*questions[start + place].key, one)
            for place, one in enumerate(batch)
            if isinstance(one, str)
        ]
        usable = [one for one in batch if not isinstance(one, str)]
        if usable:
            asked = [questions[index] for index, _, _ in usable]
            sizes = [size for _, size, _ in usable]
            inputs = zip(*(seen for _, _, seen in usable), strict=True)
            said = [
                _said(member, torch.cat(seen).to(device), asked[0].task, sizes, tta=tta)
                for member, seen in zip(members, inputs, strict=True)
            ]
            told += [
                _joined(question, size, answers, pairs)
                for question, size, answers in zip(
                    asked, sizes, zip(*said, strict=True), strict=True
                )
            ]
        yield told


@dataclass(frozen=True, slots=True, eq=False)
class _Said:
    """One model's points of one frame in pixels, its confidence, and how far its views differ."""

    points: Points
    confidence: float
    apart_px: float


def _said(
    member: Member, seen: Tensor, task: str, sizes: Sequence[tuple[int, int]], *, tta: bool
) -> list[_Said]:
    found = member.model.detect(seen, task, tta=tta)
    confidence = found.confidence.amin(dim=1).tolist()
    xy, views = found.xy.cpu().numpy(), None if found.views is None else found.views.cpu().numpy()
    told = []
    for number, size in enumerate(sizes):
        apart = 0.0
        if views is not None:
            between = (views[0, number] - views[1, number]) * size
            apart = float(np.linalg.norm(between, axis=1).max())
        told.append(_Said(to_pixels(xy[number], *size), confidence[number], apart))
    return told


def _joined(
    question: Question, size: tuple[int, int], said: Sequence[_Said], pairs: Pairs
) -> Answer | Refusal:
    points = median_points([one.points for one in said], pairs)
    from_median = [_farthest(one.points, points, pairs) for one in said]
    apart = max(float(np.median([one.apart_px for one in said])), float(np.median(from_median)))
    confidence = float(np.median([one.confidence for one in said]))
    if not np.isfinite([*points.flat, apart, confidence]).all():
        return Refusal(*question.key, "the model's answer is no number")
    fractions = torch.from_numpy(to_normalised(points, *size))[None]
    if not distinct(fractions, pairs, rule=RULES.get(question.task, "")):
        return Refusal(*question.key, "the model's points fall together")
    listed = tuple((round(x, 3), round(y, 3)) for x, y in points.tolist())
    return Answer(
        question.task, question.image, size, listed, round(confidence, 4), round(apart, 3)
    )


def _farthest(points: Points, median: Points, pairs: Pairs) -> float:
    return float(np.linalg.norm(paired_like(points, median, pairs) - median, axis=1).max())
