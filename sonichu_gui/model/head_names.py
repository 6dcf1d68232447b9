"""Finds the heads of a checkpoint: the task of each by its name, its parts by their shapes.

A head is two 4x4 deconvolutions with a batch norm each and a convolution to one heatmap a keypoint
(ViTPose's classic decoder), or that last convolution alone, 3x3 (its simple decoder).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .layout import UnplacedTensors
from .placing import natural_order

if TYPE_CHECKING:
    from .placing import Placing

__all__ = ["PUBLISHED_TASKS", "PlacedHeads", "place_heads"]

PUBLISHED_TASKS = ("AOP", "FUGC", "FA", "HC", "IVC", "PLAX", "PSAX", "A4C", "fetal_femur")
NAMELESS_TASK = "keypoints"
"""What the only head of a checkpoint is called that says no name for it."""

_CONTAINER = re.compile(
    r"(task_?|keypoint_?|kpt_?|pose_?|decode_?)?(head|decoder)s?", re.IGNORECASE
)
_NAMED = re.compile(
    r"(?:(?P<before>\w+?)_(?:head|decoder)|(?:head|decoder)_(?P<after>\w+))", re.IGNORECASE
)
_INNER = re.compile(
    r"(deconv|conv|final|bn|batchnorm|norm|up|out|net|model|seq|main|head|decoder)?"
    r"_?(layer|block)?s?_?\d*",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class PlacedHeads:
    """The heads that were found and placed.

    Attributes:
        type: of all, as in our ``config.json``.
        channels: of their inner layers.
        keypoints: of each task's head; published tasks first, in their order.
        notes: what was assumed or changed.
    """

    type: str
    channels: int
    keypoints: Mapping[str, int]
    notes: tuple[str, ...]


def place_heads(placing: Placing, width: int, task: str | None) -> PlacedHeads:
    """Plans every tensor of every head among those that are left.

    Args:
        placing: the tensors.
        width: channels of the features.
        task: the name for a head without one.

    Raises:
        UnplacedTensors: for two heads of one name, or a ``task`` that nothing waits for.
    """
    groups = _named_groups(placing, task)
    heads = [_Head(placing, prefix, names) for _, prefix, names in groups]
    simple = {not head.deconvolutions for head in heads}
    if len(simple) > 1:
        raise UnplacedTensors("it mixes heads with and without deconvolutions")
    channels = heads[0].channels if heads else 256
    keypoints = {}
    notes: list[str] = []
    for (name, _, _), head in zip(groups, heads, strict=True):
        keypoints[name] = head.place(f"heads.{name}", width, channels, notes)
    return PlacedHeads(
        "simple" if simple == {True} else "vitpose", channels, keypoints, tuple(notes)
    )


def _named_groups(placing: Placing, task: str | None) -> list[tuple[str, str, list[str]]]:
    """Task, prefix and tensors of each head."""
    named: dict[str, tuple[str, list[str]]] = {}
    for words, prefix, names in _groups(placing):
        if words is None and task is None:
            name = NAMELESS_TASK
        elif words is None:
            name, task = _published(task or ""), None
        else:
            name = _published(words)
        if name in named:
            raise UnplacedTensors(f"{named[name][0]}* and {prefix}* are both heads for {name}")
        named[name] = (prefix, names)
    if task is not None:
        raise UnplacedTensors(f"it has no head without a name that could serve {task}")
    order = {name: place for place, name in enumerate(PUBLISHED_TASKS)}
    known = sorted(named, key=lambda name: order.get(name, len(order)))
    return [(name, *named[name]) for name in known]


def _groups(placing: Placing) -> list[tuple[str | None, str, list[str]]]:
    """Task as it is written (None: not at all), prefix and tensors of all that looks like heads."""
    containers: dict[str, list[str]] = {}
    found: dict[str, tuple[str | None, list[str]]] = {}
    for name in placing.left:
        parts = name.split(".")
        for index, part in enumerate(parts[:-1]):
            prefix = ".".join(parts[: index + 1]) + "."
            if _CONTAINER.fullmatch(part):
                containers.setdefault(prefix, []).append(name)
                break
            words = _NAMED.fullmatch(part)
            if words:
                task = words["before"] or words["after"]
                found.setdefault(prefix, (task, []))[1].append(name)
                break
    for prefix, names in containers.items():
        children = list(dict.fromkeys(name[len(prefix) :].split(".")[0] for name in names))
        if _is_one_head(placing, names) and (len(children) > 1 or _INNER.fullmatch(children[0])):
            found[prefix] = (None, names)
            continue
        for child in children:
            inner = f"{prefix}{child}."
            words = _NAMED.fullmatch(child)
            task = (words["before"] or words["after"]) if words else child
            found[inner] = (task, [name for name in names if name.startswith(inner)])
    return [
        (task, prefix, names)
        for prefix, (task, names) in found.items()
        if _looks_like_a_head(placing, names)
    ]


def _is_one_head(placing: Placing, names: Iterable[str]) -> bool:
    kernels = _kernels(placing, names)
    return sum(size == 4 for size in kernels) <= 2 and sum(size != 4 for size in kernels) <= 1


def _looks_like_a_head(placing: Placing, names: Iterable[str]) -> bool:
    kernels = _kernels(placing, names)
    return 4 in kernels or kernels == [3]


def _kernels(placing: Placing, names: Iterable[str]) -> list[int]:
    shapes = (placing.shape(name) or () for name in names)
    return [shape[2] for shape in shapes if len(shape) == 4 and shape[2] == shape[3]]


def _published(words: str) -> str:
    """A published task's own spelling; other names as they are."""

    def plain(text: str) -> str:
        return text.lower().replace("-", "_")

    return next((name for name in PUBLISHED_TASKS if plain(name) == plain(words)), words)


class _Head:
    """The tensors of one head, told apart by their shapes; in natural order among their like."""

    def __init__(self, placing: Placing, prefix: str, names: Sequence[str]) -> None:
        self.placing = placing
        self.prefix = prefix
        ordered = sorted(names, key=natural_order)
        four = [name for name in ordered if len(placing.shape(name) or ()) == 4]
        self.deconvolutions = [name for name in four if (placing.shape(name) or ())[2:] == (4, 4)]
        self.finals = [name for name in four if name not in self.deconvolutions]
        # A norm that lacks a part is still a norm, so that the part is reported missing.
        statistics = (".running_mean", ".running_var")
        self.norms = list(
            dict.fromkeys(
                name.rpartition(".")[0]
                for name in ordered
                if name.endswith(statistics)
                or (name.endswith(".weight") and len(placing.shape(name) or ()) == 1)
            )
        )
        self.names = frozenset(names)

    @property
    def channels(self) -> int:
        """Of the inner layers."""
        if not self.deconvolutions:
            return 256
        return (self.placing.shape(self.deconvolutions[0]) or (0, 0))[1]

    def place(self, target: str, width: int, channels: int, notes: list[str]) -> int:
        """Plans all of it; gives the number of keypoints."""
        placing = self.placing
        if self.deconvolutions:
            for slot, into in ((0, width), (1, channels)):
                self._place_stage(f"{target}.deconv_layers", slot, into, channels, notes)
        final = (*self.finals, f"{self.prefix}final_layer.weight")[0]
        keypoints = (placing.shape(final) or (0,))[0]
        kernel, inner = (1, channels) if self.deconvolutions else (3, width)
        placing.copy(f"{target}.final_layer.weight", final, (keypoints, inner, kernel, kernel))
        bias = final.removesuffix("weight") + "bias"
        placing.copy(f"{target}.final_layer.bias", bias, (keypoints,))
        return keypoints

    def _place_stage(
        self, target: str, slot: int, into: int, channels: int, notes: list[str]
    ) -> None:
        """A deconvolution and the norm after it."""
        placing = self.placing
        missing = f"{self.prefix}deconv_layers.{3 * slot}.weight"
        weight = (*self.deconvolutions, missing, missing)[slot]
        placing.copy(f"{target}.{3 * slot}.weight", weight, (into, channels, 4, 4))
        norm = (*self.norms, *2 * [f"{self.prefix}deconv_layers.{3 * slot + 1}"])[slot]
        ours = f"{target}.{3 * slot + 1}"
        for part in ("weight", "bias", "running_var"):
            placing.copy(f"{ours}.{part}", f"{norm}.{part}", (channels,))
        bias = weight.removesuffix("weight") + "bias"
        mean = f"{norm}.running_mean"
        if bias in self.names:
            placing.shift(f"{ours}.running_mean", mean, bias, (channels,))
            notes.append(f"{placing.own_name(bias)} was moved into the norm after it.")
        else:
            placing.copy(f"{ours}.running_mean", mean, (channels,))
        placing.count(f"{ours}.num_batches_tracked", f"{norm}.num_batches_tracked")
