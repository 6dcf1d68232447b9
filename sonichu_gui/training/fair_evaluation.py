"""The model card's table: models and ensembles side by side on the same labels.

    sonichu train evaluate --config resources/training/fair_light.toml

A fair validation measures on originally labelled rows alone. Pseudo-labels and corrections are
counted and left out; phantoms have a table of their own. A model that is not trained yet has a row
that says so.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from sonichu_gui.errors import FrameError, SonichuError
from sonichu_gui.model.modeling_sonichu import SonichuPreprocessor
from sonichu_gui.prediction.folder_files import BASELINE_TYPE, CONFIG_FILE
from sonichu_gui.prediction.folder_files import read_config as read_model_config
from sonichu_gui.prediction.model_info import read_model_info
from sonichu_gui.tasks import task_named
from sonichu_gui.training.config import (
    LARGEST_SEED,
    TrainingError,
    data_root,
    read_config,
    require_between,
)
from sonichu_gui.training.data.sources import SourceConfig, read_sources
from sonichu_gui.training.data.splits import SplitRule, split_rows
from sonichu_gui.training.ensemble import median_points
from sonichu_gui.training.evaluate import load_model
from sonichu_gui.training.fair_table import EntryFigures, FairTable, as_markdown
from sonichu_gui.training.figures import Chance, Figures, figures_of
from sonichu_gui.training.known_points import KnownPoints, Loaded

if TYPE_CHECKING:
    from sonichu_gui.training.data.labels import LabelRow
    from sonichu_gui.training.loop import Report
    from sonichu_gui.training.scores import Points

TABLE_FILE = "table.md"
JSON_FILE = "table.json"
ENSEMBLES = ("", "median", "best")


@dataclass(frozen=True, slots=True)
class EntryConfig:
    """One row of the table.

    Attributes:
        name: what it is called.
        models: model folders.
        tta: average the mirrored view.
        ensemble: how several models are one answer: "median" of every coordinate, or "best": the
            single one that is best on the validation part.
        group: rows of one group stand together under its name.
    """

    name: str
    models: tuple[str, ...]
    tta: bool = True
    ensemble: str = ""
    group: str = ""

    def __post_init__(self) -> None:
        if self.ensemble not in ENSEMBLES:
            raise TrainingError(
                f"{self.name}: there is no ensemble {self.ensemble!r}.",
                'Choose "median" or "best".',
            )
        if not self.models or (len(self.models) > 1 and not self.ensemble):
            raise TrainingError(
                f"{self.name} has {len(self.models)} models and no way to one answer.",
                'Name one model, or several with ensemble = "median" or "best".',
            )


@dataclass(frozen=True, slots=True)
class FairConfig:
    """One table.

    Attributes:
        output: folder for the table, and for the points that were found.
        data: sources of labelled frames; what the split holds out of them is measured on.
        split: column, group, fold, or the card's own: rule = "image", share 0.15, seed 42.
        entry: the rows.
        held_out: further sources that are measured on whole, e.g. phantoms.
        validation: of what the split does not hold out, the part that a "best" is chosen on.
        title: of the table.
        seed, draws: of the intervals.
        threads: of the processor; 0 leaves that to torch.
    """

    output: str
    data: tuple[SourceConfig, ...]
    split: SplitRule
    entry: tuple[EntryConfig, ...]
    held_out: tuple[SourceConfig, ...] = ()
    validation: SplitRule | None = None
    title: str = "Fair evaluation"
    seed: int = 42
    draws: int = 2000
    threads: int = 0

    def __post_init__(self) -> None:
        require_between(self, seed=(0, LARGEST_SEED), threads=(0, inf))
        if self.validation is None and any(one.ensemble == "best" for one in self.entry):
            raise TrainingError(
                "The best model cannot be chosen on the frames that the table is measured on.",
                "Write a table [validation] with the rule of the validation part.",
            )
        if not self.entry or self.draws < 100:
            raise TrainingError(
                f"There are {len(self.entry)} entries and {self.draws} draws.",
                "Write an [[entry]] for each row; 100 draws or more.",
            )


@dataclass(frozen=True, slots=True)
class MeasuredRows:
    """The frames of a table.

    Attributes:
        labels: originally labelled, held out.
        phantoms: held out.
        validation: originally labelled, the part that a choice is made on.
        split, validation_split: how they were divided, in words.
        left_out: how many held-out rows of every other origin are not measured on.
    """

    labels: list[LabelRow]
    phantoms: list[LabelRow]
    validation: list[LabelRow]
    split: str
    validation_split: str
    left_out: dict[str, int]


def run(path: Path, *, resume: bool, report: Report) -> Path:  # noqa: ARG001
    """Make the table that a TOML file describes; the Markdown file, with a JSON file beside it.

    Points that were found before are always taken again, so there is nothing to resume.

    Raises:
        SonichuError: for a configuration or data that cannot be used.
    """
    config = read_config(path, FairConfig)
    if config.threads:
        torch.set_num_threads(config.threads)
    rows = measured_rows(config, report=report)
    output = Path(config.output)
    done = 0

    def tell(line: str) -> None:
        report(done / len(config.entry), line)

    known = KnownPoints(output / "points", load=load_scored, report=tell)
    rows, broken = _readable(rows, known)
    for line in broken:
        report(-1, line)
    scorer = _Scorer(config, rows, known)
    entries = []
    for entry in config.entry:
        tell(entry.name)
        entries.append(scorer.figures(entry))
        done += 1
    table = FairTable(
        config.title, rows.split, rows.validation_split, rows.left_out, tuple(broken), entries
    )
    output.mkdir(parents=True, exist_ok=True)
    document = {**asdict(table), "chance": asdict(Chance(config.seed, config.draws))}
    _write(output / JSON_FILE, json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    _write(output / TABLE_FILE, as_markdown(table))
    return output / TABLE_FILE


def measured_rows(config: FairConfig, *, report: Report) -> MeasuredRows:
    """The frames that the table is measured on, and those that a choice is made on.

    Raises:
        SonichuError: a source cannot be read, or a split leaves nothing.
    """

    def tell(line: str) -> None:
        report(-1, line)

    split = split_rows(read_sources(config.data, data_root(), report=tell).rows, config.split)
    tell(split.described)
    beside = read_sources(config.held_out, data_root(), report=tell).rows
    held = {
        (row.task_id, str(row.images), row.image_path): row for row in (*split.held_out, *beside)
    }
    measured = list(held.values())
    left_out = Counter(row.origin for row in measured if row.origin not in {"label", "phantom"})
    validation, words = [], ""
    if config.validation is not None:
        part = split_rows(split.learn, config.validation)
        validation = [row for row in part.held_out if row.origin == "label"]
        words = part.described
        tell(f"validation part: {words}")
    return MeasuredRows(
        [row for row in measured if row.origin == "label"],
        [row for row in measured if row.origin == "phantom"],
        validation,
        split.described,
        words,
        dict(left_out),
    )


def load_scored(folder: Path) -> Loaded:
    """Network and preprocessor of any folder that can be scored, the baseline's too.

    Raises:
        ModelError: naming the file and what is wrong with it.
    """
    if not _is_baseline(folder):
        return load_model(folder)
    from sonichu_gui.training.baseline_model import load_baseline  # brings transformers

    model = load_baseline(folder)
    return model, SonichuPreprocessor(model.config.image_size)


def trained_heads(folder: Path) -> frozenset[str]:
    """The tasks that a model can be asked for, as its configuration says.

    Raises:
        ModelError: naming the file and what is wrong with it.
    """
    if _is_baseline(folder):
        tasks = load_scored(folder)[0].config.tasks
        return frozenset(name for name, task in tasks.items() if task.trained)
    heads = read_model_info(folder).tasks
    return frozenset(name for name, head in heads.items() if head.trained)


def _is_baseline(folder: Path) -> bool:
    return (read_model_config(folder) or {}).get("model_type") == BASELINE_TYPE


class _Scorer:
    """Figures of entries on the same rows."""

    def __init__(self, config: FairConfig, rows: MeasuredRows, known: KnownPoints) -> None:
        self._rows, self._known = rows, known
        self._chance = Chance(config.seed, config.draws)

    def figures(self, entry: EntryConfig) -> EntryFigures:
        """The row of an entry; a model that is missing or broken is told in it."""
        missing = [name for name in entry.models if not (Path(name) / CONFIG_FILE).is_file()]
        present = [Path(name) for name in entry.models if name not in missing]
        note = f"not trained yet: {', '.join(missing)}" if missing else ""
        if not present or (missing and entry.ensemble != "best"):
            return EntryFigures(entry.name, entry.group, note=note or "not trained yet")
        try:
            if entry.ensemble == "best":
                best, chosen = self._best(present, tta=entry.tta)
                present, note = [best], "; ".join(part for part in (chosen, note) if part)
            return self._scored(entry, present, note)
        except SonichuError as error:
            return EntryFigures(entry.name, entry.group, note=f"cannot be used: {error}")

    def _scored(self, entry: EntryConfig, models: Sequence[Path], note: str) -> EntryFigures:
        heads = frozenset.intersection(*map(trained_heads, models))
        untrained = sorted({row.task_id for row in self._rows.labels} - heads)
        if untrained:
            told = f"no trained head for {', '.join(untrained)}: means are of the others"
            note = "; ".join(part for part in (note, told) if part)
        return EntryFigures(
            entry.name,
            entry.group,
            models=tuple(map(str, models)),
            passes=len(models) * (2 if entry.tta else 1),
            note=note,
            labels=self._measured(self._rows.labels, models, heads, tta=entry.tta),
            phantoms=self._measured(self._rows.phantoms, models, heads, tta=entry.tta),
        )

    def _measured(
        self, rows: Sequence[LabelRow], models: Sequence[Path], heads: frozenset[str], *, tta: bool
    ) -> Figures | None:
        asked = [row for row in rows if row.task_id in heads]
        if not asked:
            return None
        answers = [self._points(model, asked, tta=tta) for model in models]
        joined = [
            median_points(own, task_named(row.task_id).unordered_pairs)
            for row, own in zip(asked, zip(*answers, strict=True), strict=True)
        ]
        return figures_of(asked, joined, self._chance)

    def _points(self, model: Path, rows: Sequence[LabelRow], *, tta: bool) -> list[Points]:
        found = []
        for answer in self._known.of(model, rows, tta=tta):
            if isinstance(answer, FrameError):
                raise answer
            found.append(answer)
        return found

    def _best(self, models: Sequence[Path], *, tta: bool) -> tuple[Path, str]:
        """The model that errs least on the validation part, and what was compared, in words."""
        rows, heads = self._rows.validation, frozenset.intersection(*map(trained_heads, models))
        scores = {}
        for model in models:
            figures = self._measured(rows, [model], heads, tta=tta)
            if figures is None:
                raise TrainingError(
                    "The validation part has no originally labelled row of a task they all know.",
                    "Choose another rule in [validation].",
                )
            scores[model] = figures.weighted_mre_unordered_px.value
        best = min(scores, key=lambda model: scores[model])
        told = ", ".join(f"{model} {score:.2f}" for model, score in scores.items())
        return best, f"{best}, chosen on the validation part (weighted MRE px: {told})"


def _readable(rows: MeasuredRows, known: KnownPoints) -> tuple[MeasuredRows, list[str]]:
    """The rows whose frames can be read, so that every entry is measured on the same ones."""
    broken: list[str] = []

    def kept(some: Sequence[LabelRow]) -> list[LabelRow]:
        return [row for row in some if _can_be_read(row, known, broken.append)]

    whole = MeasuredRows(
        kept(rows.labels),
        kept(rows.phantoms),
        kept(rows.validation),
        rows.split,
        rows.validation_split,
        rows.left_out,
    )
    if not whole.labels and not whole.phantoms:
        raise TrainingError(
            f"There is no frame to measure on: {rows.split}.",
            " ".join(broken[:1]) or "Hold out originally labelled rows or phantoms.",
        )
    return whole, broken


def _can_be_read(row: LabelRow, known: KnownPoints, tell: Callable[[str], None]) -> bool:
    try:
        known.require_frame(row)
    except FrameError as error:
        tell(f"{row.image_path} (line {row.line}) left out: {error}")
        return False
    return True


def _write(path: Path, text: str) -> None:
    part = path.with_name(path.name + ".part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)
