"""Checking a model: its files against their record, its weights against its network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sonichu_gui.errors import ModelError
from sonichu_gui.prediction.folder_files import file_names
from sonichu_gui.prediction.model_info import ModelInfo, read_model_info
from sonichu_gui.prediction.model_source import SOURCE_FILE, read_source, sha256_of
from sonichu_gui.prediction.opening import not_finite, opened
from sonichu_gui.prediction.work import IsCancelled, Report, never, stop_if, tell_nobody

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at.

    Attributes:
        name: What it is, e.g. "files".
        ok: Whether it is as it should be.
        text: What was found, one sentence.
    """

    name: str
    ok: bool
    text: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a model is whole.

    Attributes:
        ok: Whether every check is.
        checks: In the order they were made.
    """

    ok: bool
    checks: tuple[Check, ...]


def verify_model(
    info: ModelInfo, *, report: Report = tell_nobody, is_cancelled: IsCancelled = never
) -> Verdict:
    """Checks every file against its recorded digest, and loads the weights for real.

    Args:
        info: Of a folder, one that is known not to be usable included.
        report: Told the progress.
        is_cancelled: Asked often.

    Raises:
        WorkCancelled: It was stopped.
    """
    checks = [*_files(info, report, is_cancelled)]
    stop_if(is_cancelled)
    report(-1.0, f"Loading {info.name}")
    checks += _network(info)
    stop_if(is_cancelled)
    report(1.0, f"{info.name} is checked")
    return Verdict(all(check.ok for check in checks), tuple(checks))


def _files(info: ModelInfo, report: Report, is_cancelled: IsCancelled) -> Iterator[Check]:
    try:
        source = read_source(info.folder)
    except ModelError as error:
        yield Check("files", ok=False, text=error.message)
        return
    if source is None:
        why = "it came with the app" if info.embedded else "it was not added here"
        yield Check("files", ok=True, text=f"There is no record to hold its files against: {why}.")
        return
    damaged = []
    for name, recorded in source.files.items():
        report(-1.0, f"Checking {name}")
        try:
            found = sha256_of(info.folder / name, is_cancelled=is_cancelled)
        except FileNotFoundError:
            damaged.append(f"{name} is missing")
            continue
        except OSError as error:
            damaged.append(f"{name} cannot be read ({error.strerror or error})")
            continue
        if found != recorded:
            damaged.append(f"{name} is not as it was added")
    if damaged:
        yield Check("files", ok=False, text="; ".join(damaged) + ".")
    else:
        yield Check("files", ok=True, text=f"All {len(source.files)} are as they were added.")
    added_since = sorted({*file_names(info.folder)} - {*source.files, SOURCE_FILE})
    if added_since:
        text = f"Not part of it, and not used: {', '.join(added_since[:6])}."
        yield Check("other files", ok=True, text=text)


def _network(info: ModelInfo) -> Iterator[Check]:
    try:
        found = read_model_info(info.folder)
    except ModelError as error:
        yield Check("header", ok=False, text=error.message)
        return
    size = f"{found.size_bytes / 1e6:.1f} MB"
    yield Check("header", ok=True, text=f"{found.weights.name} is whole: {size}, {found.naming}.")
    try:
        loaded = opened(found.folder)
    except ModelError as error:
        yield Check("tensors", ok=False, text=error.message)
        return
    count = len(loaded.model.state_dict())
    broken = not_finite(loaded)
    if broken:
        text = f"{len(broken)} hold numbers that are none: {', '.join(broken[:6])}."
        yield Check("tensors", ok=False, text=text)
    else:
        yield Check("tensors", ok=True, text=f"All {count} are in their place and finite.")
    yield Check("heads", ok=True, text=_heads(found))


def _heads(info: ModelInfo) -> str:
    trained = [task for task, head in info.tasks.items() if head.trained]
    untrained = [task for task in info.tasks if task not in trained]
    parts = [
        f"{word}: {', '.join(tasks)}."
        for word, tasks in (("Trained", trained), ("Not trained", untrained))
        if tasks
    ]
    return " ".join(parts) or "None: it gives features only."
