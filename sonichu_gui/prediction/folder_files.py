"""The files of a model folder: what they are called, and which of them hold the weights.

Folders of other libraries have no fixed names, so theirs are told by their endings; safetensors
come before pickles, which are read only where there is nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from sonichu_gui.errors import ModelError

CONFIG_FILE = "config.json"
PREPROCESSOR_FILE = "preprocessor_config.json"
WEIGHTS_FILE = "model.safetensors"
CARD_FILE = "README.md"
CODE_FILES = ("modeling_sonichu.py", "inference.py")
"""What makes a model folder work by itself; always the app's own."""

LEGAL_PATTERNS = ("LICEN[CS]E*", "COPYING*", "NOTICE*")
INDEX_FILE = f"{WEIGHTS_FILE}.index.json"
"""Names the shards of weights that are too large for one file."""

_SHARDS = ("model-*-of-*.safetensors",)
_SAFE = ("*.safetensors",)
_PICKLED = ("*.bin", "*.pth", "*.pt", "*.pth.tar")
_USUAL = (WEIGHTS_FILE, "pytorch_model.bin")
_NOT_WEIGHTS = frozenset(
    {"training_args.bin", "optimizer.pt", "optimizer.bin", "scheduler.pt", "scaler.pt"}
)
"""What training scripts leave beside the weights under the same endings."""


def matching(names: Iterable[str], patterns: Sequence[str]) -> tuple[str, ...]:
    """Gives the names that fit one of the patterns, in order."""
    return tuple(sorted(name for name in names if any(fnmatch(name, p) for p in patterns)))


def weights_among(names: Iterable[str]) -> tuple[str, ...]:
    """Gives the names of files of weights: one of a usual name, else all of the safest kind.

    Sharded weights are the index, then its shards; more than one of anything else is for the person
    to choose from.
    """
    kept = [name for name in names if not name.startswith(".") and name not in _NOT_WEIGHTS]
    if WEIGHTS_FILE not in kept and INDEX_FILE in kept:
        return (INDEX_FILE, *matching(kept, _SHARDS))
    found = matching(kept, _SAFE) or matching(kept, _PICKLED)
    return next(((usual,) for usual in _USUAL if usual in found), found)


def is_single(weights: Sequence[str]) -> bool:
    """Whether the names that `weights_among` found are one set of weights."""
    return len(weights) == 1 or INDEX_FILE in weights


def needs_conversion(weights: Sequence[Path]) -> bool:
    """Whether weights cannot be used where they are: pickles, and those in several files."""
    return len(weights) > 1 or bool(matching([weights[0].name], _PICKLED))


def weights_in(path: Path) -> tuple[Path, ...]:
    """Gives the files of the weights that a folder holds, or the file itself.

    Raises:
        ModelError: There is none, or more than one that it could be.
    """
    if not path.is_dir():
        if not path.is_file() or not weights_among([path.name]):
            raise ModelError(
                f"{path} is no file of weights.",
                "Those end in .safetensors, .pth, .pt or .bin; a model folder is given as a whole.",
            )
        return (path,)
    found = weights_among(file_names(path))
    if not found:
        raise ModelError(
            f"{path} is not a model folder: it holds no weights.",
            "A model folder holds config.json, preprocessor_config.json and model.safetensors.",
        )
    if not is_single(found):
        raise ModelError(
            f"{path} holds several files of weights: {', '.join(found[:6])}.",
            "Choose one of them by itself.",
        )
    return tuple(path / name for name in found)


def file_names(folder: Path) -> list[str]:
    """Gives the names of the files of a folder, links that lead to files included.

    Raises:
        ModelError: The folder cannot be read.
    """
    try:
        return [path.name for path in folder.iterdir() if path.is_file()]
    except OSError as error:
        raise ModelError(
            f"{folder} cannot be read: {error.strerror or error}.", "Check that you may read it."
        ) from error


def legal_files(folder: Path) -> list[Path]:
    """Gives the files of a folder that say under which terms its model may be used."""
    return [folder / name for name in matching(file_names(folder), LEGAL_PATTERNS)]


def read_config(folder: Path) -> Mapping[str, Any] | None:
    """Gives the configuration of a model folder; None where there is no such file.

    Raises:
        ModelError: It cannot be read, or is something else.
    """
    path = folder / CONFIG_FILE
    try:
        config = json.loads(path.read_bytes(), parse_constant=_refuse_constant)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ModelError(
            f"{path} cannot be read: {error.strerror or error}.", "Check that you may read it."
        ) from error
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{path} is not JSON: {error}.", "Get the model folder again.") from error
    if not isinstance(config, dict):
        raise ModelError(
            f"{path} is not a model configuration but a JSON {type(config).__name__}.",
            "Get the model folder again.",
        )
    return config


def is_own_form(config: Mapping[str, Any] | None) -> bool:
    """Whether a configuration is of the app's own form, not one of another library."""
    if config is None:
        return False
    return bool(config.get("model_type", "sonichu" if "tasks" in config else "") == "sonichu")


def _refuse_constant(word: str) -> None:
    # Python's reader takes NaN and Infinity, which no other program would read back from us.
    raise ValueError(f"{word} is no JSON number")
