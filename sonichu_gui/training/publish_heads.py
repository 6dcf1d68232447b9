"""What is published of a model: its heads, the frames they are measured on, and what they saw."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from math import inf
from typing import TYPE_CHECKING

from sonichu_gui.training.config import TrainingError, data_root, require_between
from sonichu_gui.training.data.leaks import require_no_leaks
from sonichu_gui.training.data.sources import SourceConfig, read_source
from sonichu_gui.training.data.splits import SplitRule, split_rows

if TYPE_CHECKING:
    from sonichu_gui.model.modeling_sonichu import SonichuModel
    from sonichu_gui.training.data.labels import LabelRow
    from sonichu_gui.training.loop import Report


@dataclass(frozen=True, slots=True)
class HeadConfig:
    """Heads that learned from one source: from what, and the frames that they are measured on.

    Attributes:
        tasks: their ids.
        labels, images, kind: the source of the test frames, as in `SourceConfig`.
        split: the test frames' split; empty for all rows.
        calibrate_labels, calibrate_images: where the frames are that their uncertainty is fitted
            to; those of the test frames when empty.
        calibrate_split: and their split.
        calibrate_part: which of those frames the model did not learn from, as its training held
            them out; without it all are used. What a model knows by heart makes it too sure.
        data_name, data_licence, data_source: what they learned from, for the card.
        real_frames, phantom_frames: how many; taken from the trained model when negative.
        draft: whether a person is told so; always of one that learned from phantoms alone.
    """

    tasks: tuple[str, ...]
    labels: str
    data_name: str
    data_licence: str
    data_source: str
    images: str = ""
    kind: str = "csv"
    split: str = ""
    calibrate_labels: str = ""
    calibrate_images: str = ""
    calibrate_split: str = ""
    calibrate_part: SplitRule | None = None
    real_frames: int = -1
    phantom_frames: int = -1
    draft: bool = False

    def test(self, task: str) -> SourceConfig:
        """The source of a head's test frames."""
        return SourceConfig(self.kind, self.labels, self.images, task=task, split=self.split)

    def calibration(self, task: str) -> SourceConfig:
        """The source of the frames that a head's uncertainty is fitted to."""
        return replace(
            self.test(task),
            path=self.calibrate_labels or self.labels,
            images=self.calibrate_images or ("" if self.calibrate_labels else self.images),
            split=self.calibrate_split,
        )


@dataclass(frozen=True, slots=True)
class PublishConfig:
    """One publication.

    Attributes:
        model: the trained model's folder.
        folder: where it goes.
        output: folder for what is made on the way.
        version: of the published model.
        head: tables ``[[head]]`` of every head that is published as trained.
        leave_out: heads that are trained, and published as if they were not.
        name: of the published model; the trained one's when empty.
        made_from: further lines of the card on what it was made from.
        limits: further lines of the card on where it fails.
        largest_mb: of the whole folder.
        threads: of the processor; 0 leaves that to torch.
    """

    model: str
    folder: str
    output: str
    version: str
    head: tuple[HeadConfig, ...]
    leave_out: tuple[str, ...] = ()
    name: str = ""
    made_from: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    largest_mb: float = 20.0
    threads: int = 0

    def __post_init__(self) -> None:
        """Refuses what no machine has."""
        require_between(self, threads=(0, inf))


@dataclass(frozen=True, slots=True)
class PublishedHead:
    """A head with its frames and how many it learned from."""

    task: str
    config: HeadConfig
    test: tuple[LabelRow, ...]
    calibration: tuple[LabelRow, ...]
    real_frames: int
    phantom_frames: int

    @property
    def is_draft(self) -> bool:
        """Whether a person is told to look at its points with care."""
        return self.config.draft or self.real_frames == 0


def require_every_head(config: PublishConfig, model: SonichuModel) -> None:
    """Makes sure that every trained head is described once, or left out by name.

    Raises:
        TrainingError: naming those that are not.
    """
    named = [task for one in config.head for task in one.tasks]
    trained = {name for name, task in model.config.tasks.items() if task.trained}
    untold = sorted(trained - set(named) - set(config.leave_out))
    unknown = sorted((set(named) | set(config.leave_out)) - trained)
    twice = sorted({name for name in named if named.count(name) > 1 or name in config.leave_out})
    if untold or unknown or twice or not named:
        raise TrainingError(
            f"{config.model}: trained heads without a [[head]]: {', '.join(untold) or 'none'}; "
            f"heads that are not trained there: {', '.join(unknown) or 'none'}; "
            f"named twice: {', '.join(twice) or 'none'}.",
            "Say of every trained head what it learned from and what it is measured on, or name it "
            "in leave_out.",
        )


def read_head(
    task: str, config: HeadConfig, model: SonichuModel, *, report: Report
) -> PublishedHead:
    """One head's frames; none is measured on that its uncertainty is fitted to.

    Raises:
        SonichuError: frames cannot be used: a figure of those that can would be of others.
    """
    sides = []
    for source in (config.test(task), config.calibration(task)):
        found = read_source(source, data_root())
        if found.broken:
            raise TrainingError(
                f"The figures of {task} cannot be measured: {found.broken[0]}"
                f" ({len(found.broken)} rows in all).",
                "Nothing is published without them. Correct the file, or the path of its images.",
            )
        sides.append(found.rows)
    if config.calibrate_part is not None:
        sides[1] = split_rows(sides[1], config.calibrate_part).held_out
    require_no_leaks(sides[1], sides[0], kinds=("file", "subject"))
    counted = counted_frames(model.config.tasks[task].training_data)
    real, phantoms = config.real_frames, config.phantom_frames
    if min(real, phantoms) < 0 and counted is None:
        raise TrainingError(
            f"{task}: nothing says how many frames the head learned from.",
            "Give real_frames and phantom_frames.",
        )
    from_model = counted or (0, 0)
    real = real if real >= 0 else from_model[0]
    phantoms = phantoms if phantoms >= 0 else from_model[1]
    if counted is not None and counted != (real, phantoms):
        report(
            -1,
            f"{task}: published as learned from {real} real frames and {phantoms} phantoms;"
            f" its training counted {counted[0]} and {counted[1]}",
        )
    if real + phantoms == 0:
        raise TrainingError(
            f"{task} is said to have learned from no frame.", "Name it in leave_out."
        )
    return PublishedHead(task, config, sides[0], sides[1], real, phantoms)


def counted_frames(told: str) -> tuple[int, int] | None:
    """Real frames and phantoms of what a training run says of a head: "719 label, 2000 phantom".

    Pseudo-labels are of real frames, but nobody looked at them: they count as neither.
    """
    counts = {
        kind: int(count) for count, kind in re.findall(r"(\d+) (label|correction|phantom)", told)
    }
    if not counts:
        return None
    return counts.get("label", 0) + counts.get("correction", 0), counts.get("phantom", 0)
