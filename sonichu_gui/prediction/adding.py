"""Installing a model among the person's own: what may be added, under which name, and only once."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from sonichu_gui import paths
from sonichu_gui.errors import ModelError
from sonichu_gui.model.config_hints import is_own_form
from sonichu_gui.model.weights_names import WEIGHTS_FILE
from sonichu_gui.prediction.folder_files import read_config, weights_in
from sonichu_gui.prediction.model_info import ModelInfo, read_model_info
from sonichu_gui.prediction.model_making import (
    NewModel,
    Origin,
    converted,
    copied,
    record,
    unfinished_folder,
)
from sonichu_gui.prediction.model_source import sha256_of, write_source
from sonichu_gui.prediction.opening import not_finite, opened
from sonichu_gui.prediction.work import IsCancelled, Report, never, stop_if, tell_nobody

if TYPE_CHECKING:
    from sonichu_gui.model.checkpoints import Opened


def add_model(
    path: Path,
    *,
    name: str | None = None,
    image_size: int | None = None,
    task: str | None = None,
    report: Report = tell_nobody,
    is_cancelled: IsCancelled = never,
    origin: Origin | None = None,
) -> ModelInfo:
    """Installs a model folder or a file of weights among the person's models.

    The same model a second time is not added again: the one that is there is given.

    Args:
        path: A model folder, a folder of another library, or a file of weights.
        name: What to call it; its own name, else the folder's or file's, when None.
        image_size: Side of the square input, for weights of others that do not tell it.
        task: What the only head is for, for weights of others that do not tell it.
        report: Told the progress.
        is_cancelled: Asked often.
        origin: Where it comes from, where that is not the path.

    Raises:
        ModelError: It cannot be read, loaded whole or written, or the name is taken.
        WorkCancelled: It was stopped; nothing is left of it.
    """
    new = _new(path, name, origin, report, is_cancelled)
    target = paths.user_models() / folder_name(new.name)
    try:
        report(0.0, f"Reading {new.file_name}")
        digest = sha256_of(*new.weights, is_cancelled=is_cancelled)
        report(0.2, f"Loading {new.file_name}")
        loaded = opened(new.path, image_size=image_size, task=task)
        there = _already_there(new, loaded, target, digest)
        if there is not None:
            report(1.0, f"{there.name} is installed already")
            return there
        broken = not_finite(loaded)
        if broken:
            raise ModelError(
                f"{new.weights[0]} holds numbers that are none, in {', '.join(broken[:5])}.",
                "Its weights are damaged: get them again.",
            )
        stop_if(is_cancelled)
        with unfinished_folder(target.parent) as folder:
            make = copied if loaded.layout is None else converted
            files = make(new, loaded, folder)
            write_source(folder, record(new, loaded, digest, files))
            stop_if(is_cancelled)
            if not _settled(folder, target):
                # Somebody added one of that name meanwhile: the same, or another that is told.
                there = _already_there(new, loaded, target, digest)
    except OSError as error:
        raise _cannot_be_written(new.path, error) from error
    except MemoryError as error:
        raise ModelError(
            f"{new.path} cannot be added: it is larger than the memory that is free.",
            "Close other programs and try again.",
        ) from error
    report(1.0, f"{new.name} is installed")
    return there or read_model_info(target)


def folder_name(name: str) -> str:
    """Gives a name for the folder of a model, for any system: one part, not hidden, not too long.

    Raises:
        ModelError: Nothing is left of the name.
    """
    kept = "".join(letter if letter.isalnum() or letter in " ._-" else "-" for letter in name)
    short = kept.encode()[:100].decode(errors="ignore").strip(" .-")
    if not short:
        raise ModelError(f"{name!r} is no name for a model.", "Use letters and digits.")
    reserved = short.partition(".")[0].upper() in _RESERVED_ON_WINDOWS
    return f"model-{short}" if reserved else short


_RESERVED_ON_WINDOWS = {
    *("CON", "PRN", "AUX", "NUL"),
    *(f"{port}{number}" for port in ("COM", "LPT") for number in range(1, 10)),
}


def _new(
    path: Path, name: str | None, origin: Origin | None, report: Report, is_cancelled: IsCancelled
) -> NewModel:
    try:
        given = Path(os.path.abspath(path.expanduser()))  # noqa: PTH100 - a link keeps its name
        _refuse_what_is_installed(given.resolve(strict=True))
    except (OSError, RuntimeError, ValueError) as error:  # a ring of links, an unknown ~user
        reason = "it does not exist" if isinstance(error, FileNotFoundError) else _reason(error)
        raise ModelError(f"{path} cannot be added: {reason}.", "Check the path.") from error
    if given.name == WEIGHTS_FILE and is_own_form(read_config(given.parent)):
        given = given.parent
    weights = weights_in(given)
    called = given.name if given.is_dir() else given.name.removesuffix(".tar").rpartition(".")[0]
    if origin is not None:
        called = origin.text.rpartition("/")[2]
    config = read_config(given) if given.is_dir() else None
    own_name = str(config.get("name") or "") if config and is_own_form(config) else ""
    return NewModel(
        path=given,
        weights=weights,
        name=name or own_name or called,
        renamed=bool(name) and name != own_name,
        origin=origin or Origin("folder" if given.is_dir() else "file", str(given)),
        report=report,
        is_cancelled=is_cancelled,
    )


def _refuse_what_is_installed(path: Path) -> None:
    for home, whose in ((paths.user_models(), "yours"), (paths.resources("models"), "the app's")):
        if path.is_relative_to(home.resolve()):
            raise ModelError(
                f"{path} is one of {whose} already: it lies among the installed models.",
                "Choose it in the list of models.",
            )


def _already_there(new: NewModel, loaded: Opened, target: Path, digest: str) -> ModelInfo | None:
    """Gives the installed model of the same weights that computes and says the same.

    Args:
        new: What is added.
        loaded: As it was loaded from where it comes from.
        target: Where it is to go.
        digest: Of its weights.

    Raises:
        ModelError: The name is taken by another model, or by a damaged copy of this one.
    """
    homes = [target] if new.renamed else [target, *_folders(target.parent)]
    for folder in homes:
        with suppress(ModelError):
            info = read_model_info(folder)
            was = digest if info.source is None else info.source.original_sha256
            is_now = info.hash
            whole = is_now in {digest, *(() if info.source is None else info.source.files.values())}
            if was == digest and whole and _is_same(opened(folder), loaded):
                return info
    if target.exists() or target.is_symlink():
        raise ModelError(
            f"There is an installed model {target.name!r} already, and it is not this one.",
            "Give it another name, or remove the one that is there.",
        )
    return None


def _is_same(one: Opened, other: Opened) -> bool:
    """Whether two of the same weights are one model: configured, and shown their frames, alike."""
    first, second = (
        replace(model.model.config, name="", version="", license="") for model in (one, other)
    )
    return first == second and one.preprocessor.to_dict() == other.preprocessor.to_dict()


def _folders(home: Path) -> list[Path]:
    with suppress(OSError):
        return sorted(path for path in home.iterdir() if not path.name.startswith("."))
    return []


def _settled(folder: Path, target: Path) -> bool:
    """Gives a finished folder its name; whether that was still free."""
    try:
        folder.rename(target)
    except OSError as error:
        if error.errno not in {errno.EEXIST, errno.ENOTEMPTY}:
            raise
        return False
    return True


def _cannot_be_written(path: Path, error: OSError) -> ModelError:
    place = f" {error.filename}" if error.filename else ""
    return ModelError(
        f"{path} cannot be added: {_reason(error)}{':' if place else ''}{place}.",
        f"Check that the disk has room, and that you may write in {paths.user_models()}.",
    )


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
