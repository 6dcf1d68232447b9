"""The words and figures of the Models dialog, as plain functions of what a model says of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QCoreApplication

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sonichu_gui.domain.task import Task
    from sonichu_gui.gui.model_choice import Serving
    from sonichu_gui.prediction.zoo import HeadInfo, ModelInfo

_NAMED = 3
"""Tasks that a row of the list names before it counts."""


def tr(text: str) -> str:
    """Translates a text of the dialog."""
    return QCoreApplication.translate("models_dialog", text)


def size_text(size_bytes: int) -> str:
    """How large a file is, in decimal units as file managers say it: "6.8 MB"."""
    for unit, worth in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size_bytes >= worth:
            return f"{size_bytes / worth:.1f} {unit}"
    return f"{size_bytes} B"


def tasks_text(info: ModelInfo) -> str:
    """Which tasks a model can do: "HC, FA, IVC and 2 more", "HC · 8 drafts"."""
    trained = [task for task, head in info.tasks.items() if head.trained]
    if not trained:
        return tr("no trained head")
    drafts = [task for task in trained if info.tasks[task].is_draft]
    good = _some([task for task in trained if task not in drafts])
    if len(drafts) == 1:
        return " · ".join(part for part in (good, tr("draft of {}").format(drafts[0])) if part)
    told = tr("{} drafts").format(len(drafts)) if drafts else ""
    return " · ".join(part for part in (good, told) if part)


def _some(tasks: Sequence[str]) -> str:
    more = len(tasks) - _NAMED
    if more <= 1:  # "and 1 more" is no shorter than its name
        return ", ".join(tasks)
    return tr("{} and {} more").format(", ".join(tasks[:_NAMED]), more)


def use_text(info: ModelInfo, serving: Serving) -> str:
    """What a model is used for now, or nothing: "in use", "in use for FA"."""
    own = ", ".join(serving.own_tasks(info.folder))
    if info.folder == serving.active:
        return tr("in use")
    return tr("in use for {}").format(own) if own else ""


def points_text(count: int) -> str:
    """How many points a head finds."""
    return tr("1 point") if count == 1 else tr("{} points").format(count)


def obstacle(head: HeadInfo, task: Task | None) -> str:
    """Why a head cannot serve a task of this app; empty when it can."""
    if not head.trained:
        return tr("not trained")
    if task is None:
        return tr("no such task here")
    if len(head.keypoints) != len(task.keypoints):
        return tr("the task has {}").format(points_text(len(task.keypoints)))
    return ""


_ACCURACY = {
    "mae_mm": ("mean error {} mm", 1),
    "median_mm": ("median {} mm", 1),
    "p95_mm": ("95th percentile {} mm", 1),
    "mre_px": ("point error {} px", 1),
    "mre_px_unordered": ("point error {} px, ends may swap", 1),
    "within_68": ("68 % interval holds {} %", 100),
    "within_95": ("95 % interval holds {} %", 100),
    "n_test": ("{} test frames", 1),
    "mre_percent_width": ("point error {} % of the width", 1),
    "mae_deg": ("mean error {}°", 1),
    "median_deg": ("median {}°", 1),
    "p95_deg": ("95th percentile {}°", 1),
}
"""Words for the numbers of a card, and what they are multiplied by."""


def accuracy_text(accuracy: Mapping[str, Any]) -> str:
    """The numbers of a card as it states them; names that the app does not know are kept."""
    parts = [tr("measured on phantoms")] if accuracy.get("phantoms") is True else []
    for name, value in accuracy.items():
        if name == "phantoms":
            continue
        words, factor = _ACCURACY.get(name, (name.replace("_", " ") + " {}", 1))
        number = f"{value * factor:.4g}" if isinstance(value, float) else str(value)
        parts.append(tr(words).format(number))
    return " · ".join(parts)


def data_text(head: HeadInfo) -> str:
    """Where its frames came from; empty where the sentence on the head says all there is."""
    return head.training_data if head.real_frames is not None else ""


def doubt_text(head: HeadInfo) -> str:
    """What its ± is worth; empty where it was fitted."""
    return "" if head.is_calibrated else tr("± not fitted to its errors: may be far off")


def origin_rows(info: ModelInfo, *, in_place: bool) -> list[tuple[str, str, bool]]:
    """Where a model came from: label, value, and whether the value is exact and may be copied.

    Args:
        info: The model.
        in_place: Whether it lies where a person keeps it.
    """
    source = info.source
    if source is None:
        return [(tr("Origin"), _origin_word(info, in_place=in_place), False), *_note_rows(info)]
    kinds = {
        "folder": tr("copied from a folder"),
        "file": tr("made from a file of weights"),
        "hub": tr("from the Hugging Face hub"),
    }
    rows = [
        (tr("Origin"), kinds[source.kind], False),
        (tr("From"), source.origin, True),
        (tr("Revision"), source.revision, True),
        (tr("Added"), source.added.replace("T", " ").replace("+00:00", " UTC"), False),
        (tr("Names there"), source.naming, False),
        (tr("SHA-256 there"), source.original_sha256, True),
    ]
    return [row for row in rows if row[1]] + _note_rows(info)


def _origin_word(info: ModelInfo, *, in_place: bool) -> str:
    if info.embedded:
        return tr("comes with the app")
    if in_place:
        return tr("used where it is, not copied")
    return tr("put there by hand; no record of where it came from")


def _note_rows(info: ModelInfo) -> list[tuple[str, str, bool]]:
    return [(tr("Notes"), "\n".join(info.notes), False)] if info.notes else []


def removal_text(info: ModelInfo, serving: Serving) -> str:
    """What removing a model means."""
    text = tr("Its folder is deleted, {}:").format(size_text(info.size_bytes))
    text += f"\n{info.folder}\n"
    if info.folder == serving.active:
        text += "\n" + tr("It is in use. The model that comes with the app takes its place.")
    elif own := serving.own_tasks(info.folder):
        text += "\n" + tr("It is in use for {}. The model of all tasks takes its place.").format(
            ", ".join(own)
        )
    return text
