"""Trained models that answer together: the teachers of a student, or who labels unlabelled frames.

A model whose head for a task is not trained has no vote on that task. Teachers are never changed:
they hold no gradient, batch norm answers by its kept statistics, and each sees the frames at its
own input size.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

import torch
from torch import Tensor
from torch.nn import functional

from sonichu_gui.model.modeling_sonichu import IMAGENET_MEAN, IMAGENET_STD, WEIGHTS_FILE
from sonichu_gui.prediction.model_source import sha256_of
from sonichu_gui.training.config import TrainingError
from sonichu_gui.training.data.label_rules import RULES
from sonichu_gui.training.ensemble import median_batch
from sonichu_gui.training.evaluate import load_model

if TYPE_CHECKING:
    from sonichu_gui.model.modeling_sonichu import SonichuModel, SonichuPreprocessor, TaskConfig
    from sonichu_gui.training.data.samples import Batch
    from sonichu_gui.training.ensemble import Pairs

_SHORTEST = 0.01
"""Fraction of the frame below which a pair's ends are one place; sine of the angle below which two
axes are one."""


@dataclass(frozen=True, slots=True)
class Member:
    """One model of a panel.

    Attributes:
        folder: where it was loaded from.
        digest: SHA-256 of its weights' file; of all files of a folder that somebody else made.
        model: in evaluation mode, without gradient.
        preprocessor: what its frames go through.
    """

    folder: Path
    digest: str
    model: SonichuModel
    preprocessor: SonichuPreprocessor

    @classmethod
    def load(cls, folder: Path) -> Self:
        """The model of a folder or of a file of weights.

        Raises:
            ModelError: it cannot be loaded whole.
        """
        model, preprocessor = load_model(folder)
        model.requires_grad_(requires_grad=False)
        model = model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        weights = folder / WEIGHTS_FILE if folder.is_dir() else folder
        files = [weights] if weights.is_file() else sorted(filter(Path.is_file, folder.iterdir()))
        return cls(folder, sha256_of(*files), model, preprocessor)

    def votes_on(self, task: str) -> bool:
        """Whether its head for the task has learned something."""
        settings = self.model.config.tasks.get(task)
        return settings is not None and settings.trained

    def seen(self, pixel_values: Tensor) -> Tensor:
        """Another network's input (B, 3, S, S), ImageNet-normalised, as this one's."""
        side = self.model.config.image_size
        if pixel_values.shape[-1] != side:
            pixel_values = functional.interpolate(
                pixel_values, (side, side), mode="bilinear", antialias=True
            )
        mean, std = tuple(self.preprocessor.image_mean), tuple(self.preprocessor.image_std)
        if (mean, std) == (IMAGENET_MEAN, IMAGENET_STD):
            return pixel_values
        here, there = _column(IMAGENET_MEAN, pixel_values), _column(mean, pixel_values)
        grey = pixel_values * _column(IMAGENET_STD, pixel_values) + here
        return (grey - there) / _column(std, pixel_values)


def load_panel(folders: Sequence[str]) -> tuple[Member, ...]:
    """The models of these folders, which start from the working directory as all runs' do.

    Raises:
        TrainingError: there is none.
        ModelError: one cannot be loaded whole.
    """
    if not folders:
        raise TrainingError("No model is named that could answer.", "Name the model folders.")
    return tuple(Member.load(Path(folder)) for folder in folders)


class Teachers:
    """What a panel says of a student's batches.

    Args:
        members: the models.
        tasks: of the student, whose numbers batches speak in.
        tta: whether each teacher looks at the mirrored frame too.
        asked: tasks that they are asked about; empty for all.

    Raises:
        TrainingError: nobody has a vote, a teacher's head has other keypoints, or the student has
            no such task as is asked about.
    """

    def __init__(
        self,
        members: Sequence[Member],
        tasks: Mapping[str, TaskConfig],
        *,
        tta: bool = False,
        asked: Sequence[str] = (),
    ) -> None:
        self._members, self._tasks, self._tta = members, dict(tasks), tta
        self._names, self._asked = list(tasks), set(asked or tasks)
        if unknown := sorted(self._asked.difference(tasks)):
            raise TrainingError(
                f"The teachers are asked about {', '.join(unknown)}, which the student does not "
                "have.",
                f"Choose of {', '.join(tasks)}.",
            )
        for member in members:
            for name, task in tasks.items():
                if not self._votes_on(member, name):
                    continue
                own = len(member.model.config.tasks[name].keypoints)
                if own != len(task.keypoints):
                    raise TrainingError(
                        f"{member.folder} has {own} keypoints for {name}, "
                        f"the student {len(task.keypoints)}.",
                        "Choose other teachers, or give the student the same keypoints.",
                    )
        if not any(self.votes.values()):
            raise TrainingError(
                "No teacher has a trained head for any task that is asked about.",
                "Choose other teachers.",
            )

    def _votes_on(self, member: Member, name: str) -> bool:
        return name in self._asked and member.votes_on(name)

    @property
    def votes(self) -> dict[str, int]:
        """How many teachers vote on each task."""
        return {
            name: sum(self._votes_on(member, name) for member in self._members)
            for name in self._names
        }

    @property
    def identity(self) -> list[str]:
        """Which weights they have."""
        return [member.digest for member in self._members]

    def to(self, device: torch.device) -> None:
        """Moves them to where the student learns."""
        for member in self._members:
            member.model.to(device)

    def taught(self, batch: Batch) -> Batch:
        """The batch with the median of the teachers' points; rows without an answer weigh 0."""
        points, weights = batch.points.clone(), torch.zeros_like(batch.weights)
        for number, answers in self._answers(batch).items():
            chosen, task = batch.tasks == number, self._tasks[self._names[number]]
            # What inference mode made may not be used where a gradient flows: it is copied.
            median = median_batch(answers, task.pairs).clone()
            usable = distinct(median, task.pairs, rule=RULES.get(self._names[number], ""))
            count = len(task.keypoints)
            said = median * batch.sizes[chosen][:, None]
            known = points[chosen, :count]
            points[chosen, :count] = said.where(usable[:, None, None], known)
            weights[chosen] = usable.to(weights.dtype)
        return replace(batch, points=points, weights=weights)

    @torch.inference_mode()
    def _answers(self, batch: Batch) -> dict[int, list[Tensor]]:
        """For each task's number, what every teacher that votes says of its rows, as fractions."""
        numbers = sorted(set(batch.tasks.tolist()))
        answers: dict[int, list[Tensor]] = {}
        for member in self._members:
            voted = [n for n in numbers if self._votes_on(member, self._names[n])]
            if not voted:
                continue
            mine = torch.isin(batch.tasks, torch.tensor(voted, device=batch.tasks.device))
            tasks = batch.tasks[mine]
            seen = member.seen(batch.pixel_values[mine])
            views = member.model.encode_views(seen, tta=self._tta)
            for number in voted:
                rows = (tasks == number).nonzero()[:, 0]
                both = torch.cat([rows, rows + len(tasks)]) if self._tta else rows
                found = member.model.locate(views[both], self._names[number], tta=self._tta)
                answers.setdefault(number, []).append(found.xy)
        return answers


def distinct(points: Tensor, pairs: Pairs, *, rule: str) -> Tensor:
    """(B,) whether points (B, K, 2), in fractions of the frame, are an answer to learn from.

    A model that sees nothing may put both ends of a pair, or both axes of an ellipse, in one place;
    such a label has no ellipse and no direction that a loss could be taken against.

    Args:
        points: of frames of one task.
        pairs: of the task.
        rule: of the task, see `label_rules.RULES`.
    """
    usable = points.isfinite().all(dim=2).all(dim=1)
    axes = [points[:, first] - points[:, second] for first, second in pairs]
    for axis in axes:
        usable = usable & (axis.norm(dim=1) > _SHORTEST)
    if rule == "ellipse":
        across = axes[0][:, 0] * axes[1][:, 1] - axes[0][:, 1] * axes[1][:, 0]
        usable = usable & (across.abs() > _SHORTEST * axes[0].norm(dim=1) * axes[1].norm(dim=1))
    return usable


def _column(values: Sequence[float], like: Tensor) -> Tensor:
    return torch.tensor(values, dtype=like.dtype, device=like.device)[:, None, None]
