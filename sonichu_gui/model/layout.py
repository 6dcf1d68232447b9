"""Where each tensor of somebody's checkpoint goes in our network: the plan, without the tensors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

__all__ = [
    "ClassRow",
    "Copy",
    "Layout",
    "Positions",
    "Shift",
    "Stack",
    "Step",
    "UnplacedTensors",
    "Zeros",
]


class UnplacedTensors(ValueError):
    """A checkpoint that does not fit our network whole.

    Attributes:
        missing: tensors that the network needs and the checkpoint lacks.
        surplus: tensors that the network has no place for.
        mismatched: tensors of another shape or number type, each with both.
    """

    def __init__(
        self,
        reason: str = "",
        *,
        missing: Sequence[str] = (),
        surplus: Sequence[str] = (),
        mismatched: Sequence[str] = (),
    ) -> None:
        lists = (("missing", missing), ("surplus", surplus), ("misshaped", mismatched))
        lines = [f"{len(names)} {what} tensors: {_some(names)}" for what, names in lists if names]
        super().__init__("; ".join([reason, *lines] if reason else lines))
        self.missing = tuple(missing)
        self.surplus = tuple(surplus)
        self.mismatched = tuple(mismatched)


def _some(names: Sequence[str], most: int = 12) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


@dataclass(frozen=True, slots=True)
class Copy:
    """``source`` as it is."""

    target: str
    source: str

    @property
    def sources(self) -> tuple[str, ...]:
        """The tensors it reads."""
        return (self.source,)


@dataclass(frozen=True, slots=True)
class Stack:
    """``sources`` one below the other: queries, keys and values in one matrix."""

    target: str
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shift:
    """``source`` less ``minus``: the bias of a layer, moved into the mean of the norm after it."""

    target: str
    source: str
    minus: str

    @property
    def sources(self) -> tuple[str, ...]:
        """The tensors it reads."""
        return (self.source, self.minus)


@dataclass(frozen=True, slots=True)
class Zeros:
    """Zeros that change nothing: a bias that the checkpoint does without."""

    target: str
    shape: tuple[int, ...]

    @property
    def sources(self) -> tuple[str, ...]:
        """None."""
        return ()


ClassRow = Literal["none", "kept", "added", "zero"]
"""The class token's row of a position table.

"none": there is none and none is wanted; "kept": the first row; "added": the first row is added to
all others (ViTPose); "zero": the network has a class token, the table no row for it.
"""


@dataclass(frozen=True, slots=True)
class Positions:
    """A position table brought to a square grid.

    Attributes:
        target: the name of ours.
        source: the checkpoint's; None makes the fixed sine-cosine table.
        grid: rows and columns of the checkpoint's table.
        new_grid: rows and columns, alike, of ours.
        class_row: what becomes of the class token's row.
    """

    target: str
    source: str | None
    grid: tuple[int, int]
    new_grid: int
    class_row: ClassRow

    @property
    def sources(self) -> tuple[str, ...]:
        """The table that it reads, if any."""
        return () if self.source is None else (self.source,)


Step = Copy | Stack | Shift | Zeros | Positions


@dataclass(frozen=True, slots=True)
class Layout:
    """What a checkpoint is and how it becomes ours.

    Attributes:
        naming: whose names it has, in words: "Sonichu", "I-JEPA", "timm", "Hugging Face ViT" …
        backbone: the ``backbone`` object of our ``config.json``.
        image_size: pixels a side of the network's square input.
        head_type: of our ``config.json``.
        head_channels: likewise; without heads, the usual number.
        heads: keypoints of each task's head; empty for a feature extractor.
        steps: one for each tensor of our network.
        set_aside: tensors that keypoints have no use for: classifiers, optimisers, other copies.
        notes: sentences about what was assumed or changed.
    """

    naming: str
    backbone: Mapping[str, Any]
    image_size: int
    head_type: str
    head_channels: int
    heads: Mapping[str, int]
    steps: tuple[Step, ...]
    set_aside: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
