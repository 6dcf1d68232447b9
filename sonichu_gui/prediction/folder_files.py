"""The files of a model folder: what they are called, and where its weights and terms are."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from sonichu_gui.errors import ModelError
from sonichu_gui.model.weights_names import PICKLED, is_single, matching, weights_among

CONFIG_FILE = "config.json"
PREPROCESSOR_FILE = "preprocessor_config.json"
CARD_FILE = "README.md"
CODE_FILES = ("modeling_sonichu.py", "inference.py")
"""What makes a model folder work by itself; always the app's own."""

BASELINE_TYPE = "sonichu-baseline"
"""``model_type`` of a network that was trained to be compared with, not to be used."""

LEGAL_PATTERNS = ("LICEN[CS]E*", "COPYING*", "NOTICE*")


def needs_conversion(weights: Sequence[Path]) -> bool:
    """Whether weights cannot be used where they are: pickles, and those in several files."""
    return len(weights) > 1 or bool(matching([weights[0].name], PICKLED))


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
        config = json.loads(path.read_bytes(), parse_constant=_refuse_constant, parse_float=_finite)
        json.dumps(config, ensure_ascii=False).encode()  # half a surrogate is no text to keep
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


def refuse_baseline(folder: Path, config: Mapping[str, Any] | None) -> None:
    """Makes sure that a folder is no baseline.

    Raises:
        ModelError: It is one.
    """
    if config is not None and config.get("model_type") == BASELINE_TYPE:
        raise ModelError(
            f"{folder} holds a baseline, which was trained to be compared with: it is no model"
            " that measures frames.",
            "Score it with `sonichu train evaluate`; choose another model here.",
        )


def _refuse_constant(word: str) -> NoReturn:
    # Python's reader takes NaN and Infinity, which no other program would read back from us.
    raise ValueError(f"{word} is no JSON number")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):  # 1e999: written back, it would be the constant refused above
        _refuse_constant(digits)
    return number
