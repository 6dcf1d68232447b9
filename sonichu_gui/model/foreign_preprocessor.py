"""What somebody else's ``preprocessor_config.json`` says of the frames that a network wants."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .config_hints import sides_of
from .modeling_sonichu import IMAGENET_MEAN, IMAGENET_STD, PREPROCESSOR_FILE

__all__ = ["Preparation", "read_preprocessor"]

Triple = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Preparation:
    """How frames become the network's input.

    Attributes:
        image_mean: subtracted from channels in [0, 1].
        image_std: divided by afterwards.
        image_size: of the square input in pixels; None where the file does not say.
        notes: what was assumed.
    """

    image_mean: Triple
    image_std: Triple
    image_size: int | None
    notes: tuple[str, ...] = ()


def read_preprocessor(folder: Path) -> Preparation:
    """What the file in ``folder`` says, anybody's; ImageNet's numbers where it does not say."""
    try:
        given = json.loads((folder / PREPROCESSOR_FILE).read_bytes())
    except OSError:
        given = {}
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, Mapping):
        note = f"Its {PREPROCESSOR_FILE} is not a JSON object: ImageNet's mean and deviation taken."
        return Preparation(IMAGENET_MEAN, IMAGENET_STD, None, (note,))
    mean, std = _triple(given.get("image_mean")), _triple(given.get("image_std"))
    notes = []
    if given.get("do_normalize") is False:
        mean, std = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
    elif mean is None or std is None or min(std) <= 0:
        mean, std = IMAGENET_MEAN, IMAGENET_STD
        notes.append("ImageNet's mean and deviation taken: nothing beside the weights says which.")
    # Ours takes channels in [0, 1]; theirs may be scaled otherwise before mean and deviation.
    scale = 255 * _rescale_factor(given)
    return Preparation(
        (mean[0] / scale, mean[1] / scale, mean[2] / scale),
        (std[0] / scale, std[1] / scale, std[2] / scale),
        _image_size(given),
        tuple(notes),
    )


def _rescale_factor(given: Mapping[str, Any]) -> float:
    if given.get("do_rescale") is False:
        return 1.0
    factor = given.get("rescale_factor")
    usable = isinstance(factor, float) and math.isfinite(factor) and 0 < factor <= 1
    return factor if usable and isinstance(factor, float) else 1 / 255


def _image_size(given: Mapping[str, Any]) -> int | None:
    """The longer side of what reaches the network: of the crop, if it is cropped."""
    keys = ["crop_size"] if given.get("do_center_crop") is True else []
    for key in [*keys, "image_size", "size"]:
        sides = sides_of(given.get(key))
        if sides is not None:
            return max(sides)
    return None


def _triple(value: object) -> Triple | None:
    if not isinstance(value, list) or len(value) not in {1, 3}:
        return None
    numbers = [float(v) for v in value if isinstance(v, int | float) and not isinstance(v, bool)]
    if len(numbers) != len(value) or not all(map(math.isfinite, numbers)):
        return None
    first, *_, last = numbers if len(numbers) == 3 else 3 * numbers
    return first, (numbers * 3)[1], last
