"""Our own light network's names, where a weights file comes without its configuration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from . import config_hints
from .layout import Layout, UnplacedTensors

if TYPE_CHECKING:
    from .placing import Placing

__all__ = ["LIGHT_STEM", "place_light"]

LIGHT_STEM = "stem.conv.weight"


def place_light(placing: Placing, root: str, config: Mapping[str, Any]) -> Layout:
    """Plans our EfficientNet-Lite and its heads below ``root``: every tensor keeps its name.

    Which tensors it needs is known to the network alone, which is just as strict when it is built.
    """
    heads: dict[str, int] = {}
    channels: dict[str, int] = {}
    kind = "light"
    for name in placing.left:
        parts = name.removeprefix(root).split(".")
        if not name.startswith(root) or parts[0] not in {"backbone", "neck", "heads"}:
            continue
        spec = placing.specs[name]
        if name.endswith(".num_batches_tracked"):
            placing.count(name.removeprefix(root), name)
        else:
            placing.copy(name.removeprefix(root), name, spec.shape)
        match parts:
            case ["heads", task, "final_layer", "weight"] if spec.shape:
                heads[task] = spec.shape[0]
            case ["heads", task, "conv", "weight"] if spec.shape:
                channels[task] = spec.shape[0]
            case ["heads", task, "deconv_layers", "0", "weight"] if len(spec.shape) == 4:
                kind, channels[task] = "vitpose", spec.shape[1]
    pyramid = placing.shape(f"{root}neck.lateral.0.0.weight")
    if not pyramid:
        raise UnplacedTensors(missing=[f"{root}neck.lateral.0.0.weight"])
    sides = config_hints.image_sides(config)
    size = max(sides) if sides else 256
    notes = () if sides else (f"For frames of {size} x {size} pixels, as no configuration says.",)
    return Layout(
        "Sonichu",
        {"type": "efficientnet_lite", "variant": "lite0", "fpn_channels": pyramid[0]},
        size,
        kind,
        next(iter(channels.values()), 64),
        heads,
        (),
        notes=notes,
    )
