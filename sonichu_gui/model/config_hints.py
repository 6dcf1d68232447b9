"""What somebody else's ``config.json`` says that shapes cannot: hints, never a structure relied on.

The file may be any JSON. A key is looked for at the top and in the objects where the common
libraries put the backbone's settings; a value of another type counts as not there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

__all__ = [
    "activation",
    "attention_heads",
    "has_qkv_bias",
    "image_sides",
    "is_own_form",
    "model_types",
    "norm_eps",
    "sides_of",
]

OWN_TYPE = "sonichu"

_NESTED = ("backbone_config", "backbone", "vision_config", "encoder", "model_args", "model")
_HEADS = ("num_attention_heads", "num_heads", "n_heads")
_SIZES_BESIDE_HEADS = frozenset({"dim", "embed_dim", "hidden_size", "depth"})
_EPS = ("layer_norm_eps", "layer_norm_epsilon", "layernorm_eps", "norm_eps", "eps")
_ACTIVATION = ("hidden_act", "hidden_activation")
_IMAGE = ("image_size", "img_size", "input_size")
_LARGEST_SIDE = 4096


def is_own_form(config: Mapping[str, Any] | None) -> bool:
    """Whether it describes a network as our own ``config.json`` does, true or damaged.

    Weights like ours may be published with another file under the same word, whose tasks are a list
    or have no keypoints: that one gives hints, as any other library's.
    """
    if config is None or config.get("model_type", OWN_TYPE) != OWN_TYPE:
        return False
    tasks = config.get("tasks")
    parts = [tasks, config.get("backbone", {}), config.get("head", {})]
    return all(isinstance(part, Mapping) for part in parts) and all(
        isinstance(task, Mapping) and isinstance(task.get("keypoints"), list)
        for task in dict(tasks or {}).values()
    )


def attention_heads(config: Mapping[str, Any]) -> int | None:
    """The number of attention heads, where it is a number of at least one."""
    # A bare "heads" may as well count tasks: it is believed beside the other sizes alone.
    bare = (
        place.get("heads") for place in _places(config) if not _SIZES_BESIDE_HEADS.isdisjoint(place)
    )
    for value in (*_values(config, _HEADS), *bare):
        if type(value) is int and 0 < value <= 1 << 20:
            return value
    return None


def has_qkv_bias(config: Mapping[str, Any]) -> bool | None:
    """Whether queries, keys and values have biases, where it is said."""
    return next((v for v in _values(config, ("qkv_bias",)) if isinstance(v, bool)), None)


def norm_eps(config: Mapping[str, Any]) -> float | None:
    """The epsilon of the layer norms, where it is one."""
    for value in _values(config, _EPS):
        if isinstance(value, float) and 0 < value < 1:
            return value
    return None


def activation(config: Mapping[str, Any]) -> str | None:
    """The name of the MLP's activation, in lower case, under the keys that mean no other."""
    return next((v.lower() for v in _values(config, _ACTIVATION) if isinstance(v, str)), None)


def model_types(config: Mapping[str, Any]) -> frozenset[str]:
    """The library's names for the architecture, of the whole and of its backbone."""
    return frozenset(v.lower() for v in _values(config, ("model_type",)) if isinstance(v, str))


def image_sides(config: Mapping[str, Any]) -> tuple[int, int] | None:
    """Height and width of the frames it was made for, in pixels."""
    for value in _values(config, _IMAGE):
        sides = sides_of(value)
        if sides is not None:
            return sides
    return None


def sides_of(value: object) -> tuple[int, int] | None:
    """Height and width out of any of the ways in which they are written; None for others."""
    if isinstance(value, Mapping):
        edge = value.get("shortest_edge")
        sides: Sequence[object] = (value.get("height", edge), value.get("width", edge))
    elif isinstance(value, list | tuple):
        sides = [*value, *value][:2] if len(value) == 1 else value[-2:]
    else:
        sides = (value, value)
    height, width = sides if len(sides) == 2 else (None, None)
    if type(height) is type(width) is int and 0 < height <= _LARGEST_SIDE >= width > 0:
        return height, width
    return None


def _values(config: Mapping[str, Any], keys: Sequence[str]) -> Iterator[object]:
    for place in _places(config):
        yield from (place[key] for key in keys if key in place)


def _places(config: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The objects that may hold the backbone's settings."""
    for place in (config, *(config.get(name) for name in _NESTED)):
        if isinstance(place, Mapping):
            yield place
