"""The installed models: which folders there are, and how one is found, checked, added and removed.

This is the door that commands and the window use; what each deed does is in a module of its own.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NoReturn

from sonichu_gui import paths
from sonichu_gui.errors import ModelError
from sonichu_gui.model.weights_names import weights_among
from sonichu_gui.prediction.adding import add_model
from sonichu_gui.prediction.folder_files import CONFIG_FILE, file_names
from sonichu_gui.prediction.model_info import HeadInfo, ModelInfo, is_embedded, read_model_info
from sonichu_gui.prediction.model_making import REMOVED
from sonichu_gui.prediction.verdict import Check, Verdict, verify_model

__all__ = [
    "Check",
    "HeadInfo",
    "ModelInfo",
    "Verdict",
    "add_model",
    "default_model",
    "find_installed",
    "find_model",
    "installed_models",
    "read_model_info",
    "remove_model",
    "verify_model",
]


def installed_models(extra: Sequence[Path] = ()) -> tuple[ModelInfo, ...]:
    """Gives the models that the app finds: those it ships with, then the person's own.

    A folder that cannot be used is listed too, with its problem.

    Args:
        extra: More model folders, listed last.
    """
    folders = [*_folders_in(paths.resources("models")), *_folders_in(paths.user_models()), *extra]
    return tuple(_info_or_problem(folder) for folder in folders)


def find_model(wanted: str | Path) -> ModelInfo:
    """Gives the model of a folder, or the installed model of a name.

    Raises:
        ModelError: There is no such folder and no such name, or the model cannot be used.
    """
    if Path(wanted).is_dir():
        return read_model_info(Path(wanted))
    found = _named(str(wanted))
    return _usable(found[0]) if found else _unknown(str(wanted))


def find_installed(wanted: str) -> ModelInfo:
    """Gives the one model of a name or folder, one that cannot be used included.

    Raises:
        ModelError: There is none, or more than one of that name.
    """
    found = _named(wanted)
    if not found and Path(wanted).is_dir():
        return _info_or_problem(Path(wanted))
    if len(found) > 1:
        raise ModelError(
            f"{len(found)} installed models are called {wanted!r}.",
            f"Name one by its folder: {', '.join(str(info.folder) for info in found)}",
        )
    return found[0] if found else _unknown(wanted)


def _named(wanted: str) -> list[ModelInfo]:
    """Gives the installed models of a name; that of a folder's name alone where there is one."""
    models = installed_models()
    return [info for info in models if info.folder.name == wanted] or [
        info for info in models if info.name == wanted
    ]


def _unknown(wanted: str) -> NoReturn:
    names = ", ".join(info.name for info in installed_models()) or "none"
    raise ModelError(
        f"There is no model folder and no installed model {wanted!r}.",
        f"Installed models: {names}.",
    )


def default_model() -> ModelInfo:
    """Gives the first usable model: the one that the app ships with.

    Raises:
        ModelError: There is none; says what is wrong with those that were found.
    """
    models = installed_models()
    for info in models:
        if not info.problem:
            return info
    problems = " ".join(info.problem for info in models)
    raise ModelError(
        f"There is no usable model. {problems}".strip(),
        f"Put a model folder into {paths.user_models()}, or name one with --model.",
    )


def remove_model(info: ModelInfo) -> None:
    """Deletes a model that the person added.

    A link among the installed models is taken away; the folder it leads to stays.

    Raises:
        ModelError: It is not one of the person's own, or it cannot be deleted.
    """
    folder, home = info.folder, paths.user_models()
    if info.embedded:
        raise ModelError(
            f"{info.name} belongs to the app and cannot be removed.",
            "Choose another model instead.",
        )
    if folder.parent.resolve() != home.resolve():
        raise ModelError(
            f"{folder} is not among the installed models, so it is not deleted.",
            f"Only folders in {home} can be removed here.",
        )
    try:
        if folder.is_symlink():
            folder.unlink()
            return
        # Renamed first: a deletion that is cut short must not leave half a model in the list.
        with tempfile.TemporaryDirectory(prefix=REMOVED, dir=home) as grave:
            folder.rename(Path(grave) / folder.name)
    except OSError as error:
        raise ModelError(
            f"{folder} cannot be removed: {error.strerror or error}.",
            "Close the programs that use it, and check that you may write there.",
        ) from error


def _usable(info: ModelInfo) -> ModelInfo:
    if info.problem:
        raise ModelError(info.problem, "Get the model folder again.")
    return info


def _folders_in(parent: Path) -> Iterator[Path]:
    """Gives the folders below that look like models; an unreadable parent holds none."""
    try:
        found = sorted(parent.iterdir(), key=lambda path: path.name)
    except OSError:
        return
    for path in found:
        # Half-made and half-removed folders are hidden; one that lacks a file is a broken model.
        if not path.name.startswith(".") and path.is_dir() and _looks_like_model(path):
            yield path


def _looks_like_model(folder: Path) -> bool:
    try:
        names = file_names(folder)
    except ModelError:
        return True  # so that it is listed, with the reason why it cannot be read
    return CONFIG_FILE in names or bool(weights_among(names))


def _info_or_problem(folder: Path) -> ModelInfo:
    try:
        return read_model_info(folder)
    except ModelError as error:
        return ModelInfo(
            folder.name, folder, {}, problem=error.message, embedded=is_embedded(folder)
        )
