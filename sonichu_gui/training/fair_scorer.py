"""Figures of a model, a median of models, or the best of them, on the rows of one table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sonichu_gui.errors import FrameError, SonichuError
from sonichu_gui.model.modeling_sonichu import SonichuPreprocessor
from sonichu_gui.prediction.folder_files import BASELINE_TYPE, CONFIG_FILE
from sonichu_gui.prediction.folder_files import read_config as read_model_config
from sonichu_gui.prediction.model_info import read_model_info
from sonichu_gui.tasks import task_named
from sonichu_gui.training.config import TrainingError
from sonichu_gui.training.ensemble import median_points
from sonichu_gui.training.evaluate import load_model
from sonichu_gui.training.fair_table import EntryFigures
from sonichu_gui.training.figures import Chance, Figures, figures_of

if TYPE_CHECKING:
    from sonichu_gui.training.data.labels import LabelRow
    from sonichu_gui.training.fair_recipe import EntryConfig, FairConfig
    from sonichu_gui.training.fair_rows import MeasuredRows
    from sonichu_gui.training.known_points import KnownPoints, Loaded
    from sonichu_gui.training.scores import Points


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


class FairScorer:
    """Figures of entries on the same rows.

    Args:
        config: the table's.
        rows: what it is measured on.
        known: points that were found before, and the way to others.
    """

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
