"""Places the tensors of a plain vision transformer, whichever library named them, in ours."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import config_hints
from .layout import ClassRow, Positions, UnplacedTensors
from .position_grid import TableKind, grid_of_table

if TYPE_CHECKING:
    from .placing import Placing
    from .transformer_names import Family

__all__ = ["PlacedBackbone", "place_backbone"]


_HEADS_OF_WIDTH = {192: 3, 384: 6, 768: 12, 1024: 16, 1280: 16, 1408: 16, 1664: 16}
_MOST_BLOCKS = 200
_LARGEST_WIDTH = 1 << 16
_LARGEST_PATCH = 1 << 10


@dataclass(frozen=True, slots=True)
class PlacedBackbone:
    """A transformer whose tensors have been placed.

    Attributes:
        settings: the ``backbone`` object of our ``config.json``.
        image_size: of the square input, in pixels.
        has_class_token: whether a class token is kept.
        is_vitpose: whether it pads the frame and adds the class slot as ViTPose does.
        notes: what was assumed or changed.
    """

    settings: Mapping[str, Any]
    image_size: int
    has_class_token: bool
    is_vitpose: bool
    notes: tuple[str, ...]


def place_backbone(
    placing: Placing,
    family: Family,
    prefix: str,
    config: Mapping[str, Any],
    image_size: int | None,
) -> PlacedBackbone:
    """Plans every tensor of the transformer below ``prefix``.

    Raises:
        UnplacedTensors: where not even its sizes can be told, or it computes something else.
    """
    return _Backbone(placing, family, prefix, config).place(image_size)


class _Backbone:
    def __init__(
        self, placing: Placing, family: Family, prefix: str, config: Mapping[str, Any]
    ) -> None:
        self.placing = placing
        self.family = family
        self.prefix = prefix
        self.config = config
        self.notes: list[str] = []
        self.width, self.patch = self._patch_sizes()
        self.block, self.depth = self._count_blocks()
        self.class_token = self._has(family.class_token)

    def place(self, image_size: int | None) -> PlacedBackbone:
        act = config_hints.activation(self.config)
        if act not in {None, "gelu", "gelu_python"}:
            raise UnplacedTensors(
                f"its configuration asks for the activation {act!r}, and this network has GELU"
            )
        placing, width = self.placing, self.width
        target = "backbone.patch_embed.proj"
        self._copy(f"{target}.weight", f"{self.family.patch}.weight", width, 3, *2 * [self.patch])
        self._copy(f"{target}.bias", f"{self.family.patch}.bias", width)
        if self.class_token:
            self._copy("backbone.cls_token", self.family.class_token, 1, 1, width)
        is_vitpose, image_size = self._place_positions(image_size)
        hidden = self._hidden_width()
        for index in range(self.depth):
            self._place_block(index, hidden)
        norm = self._in_use(self.family.norm, "")
        for kind in ("weight", "bias"):
            placing.copy(f"backbone.norm.{kind}", f"{self.prefix}{norm}.{kind}", (width,))
        return PlacedBackbone(
            {
                "type": "vit",
                "patch_size": self.patch,
                "hidden_size": width,
                "num_hidden_layers": self.depth,
                "num_attention_heads": self._attention_heads(),
                "mlp_ratio": _ratio(hidden, width),
                "layer_norm_eps": self._norm_eps(),
                "patch_padding": 2 if is_vitpose else 0,
                "class_token": self.class_token,
            },
            image_size,
            self.class_token,
            is_vitpose,
            tuple(self.notes),
        )

    # --- sizes

    def _patch_sizes(self) -> tuple[int, int]:
        name = f"{self.prefix}{self.family.patch}.weight"
        shape = self.placing.shape(name) or ()
        match shape:
            case (width, 3, rows, columns) if rows == columns and 0 < rows <= _LARGEST_PATCH:
                if width in range(4, _LARGEST_WIDTH, 4):
                    return width, rows
        raise UnplacedTensors(
            mismatched=[f"{name}: {list(shape)}, expected [width, 3, patch, patch] of an RGB frame"]
        )

    def _count_blocks(self) -> tuple[str, int]:
        """The way in which blocks are named, and how many there are."""
        counts = {}
        for block in self.family.block:
            start, end = (re.escape(part) for part in block.split("{i}"))
            pattern = re.compile(rf"{re.escape(self.prefix)}{start}(\d{{1,9}}){end}")
            matches = (pattern.match(name) for name in self.placing.specs)
            counts[block] = max((int(match[1]) for match in matches if match), default=-1) + 1
        block = max(counts, key=lambda name: counts[name])
        if not 0 < counts[block] <= _MOST_BLOCKS:
            raise UnplacedTensors(
                f"it has {counts[block]} transformer blocks; from 1 to {_MOST_BLOCKS} can be"
            )
        return block, counts[block]

    def _hidden_width(self) -> int:
        name = self._in_use(self.family.parts["mlp.fc1"], self.block)
        shape = self.placing.shape(f"{self.prefix}{self.block.format(i=0)}{name}.weight")
        return shape[0] if shape and shape[0] > 0 else 4 * self.width

    def _attention_heads(self) -> int:
        stated = config_hints.attention_heads(self.config)
        if stated is not None and self.width % stated == 0:
            return stated
        if stated is not None:
            self.notes.append(f"The {stated} attention heads of its configuration cannot be.")
        heads = _HEADS_OF_WIDTH.get(self.width) or max(1, self.width // 64)
        while self.width % heads:
            heads -= 1
        self.notes.append(
            f"{heads} attention heads, as usual for a width of {self.width}: "
            "no configuration says how many."
        )
        return heads

    def _norm_eps(self) -> float:
        stated = config_hints.norm_eps(self.config)
        if stated is None:
            self.notes.append(f"Norms with an epsilon of {self.family.norm_eps:g}, the usual one.")
        return self.family.norm_eps if stated is None else stated

    # --- tensors

    def _place_block(self, index: int, hidden: int) -> None:
        width = self.width
        theirs = self.prefix + self.block.format(i=index)
        ours = f"backbone.blocks.{index}."
        shapes = {
            "norm1": (width,),
            "attn.proj": (width, width),
            "norm2": (width,),
            "mlp.fc1": (hidden, width),
            "mlp.fc2": (width, hidden),
        }
        for part, shape in shapes.items():
            name = theirs + self._in_use(self.family.parts[part], self.block)
            self.placing.copy(f"{ours}{part}.weight", f"{name}.weight", shape)
            self.placing.copy(f"{ours}{part}.bias", f"{name}.bias", shape[:1])
        names = self._qkv_in_use()
        rows = 3 * width // len(names)
        weights, biases = ([f"{theirs}{name}.{kind}" for name in names] for kind in _KINDS)
        if len(names) == 1:
            self.placing.copy(f"{ours}attn.qkv.weight", weights[0], (rows, width))
        else:
            self.placing.stack(f"{ours}attn.qkv.weight", weights, (rows, width))
        if not self._has_qkv_biases(names):
            if index == 0:
                self.notes.append("Its queries, keys and values have no biases: zeros stand there.")
            self.placing.zeros(f"{ours}attn.qkv.bias", (3 * width,))
        elif len(names) == 1:
            self.placing.copy(f"{ours}attn.qkv.bias", biases[0], (rows,))
        else:
            self.placing.stack(f"{ours}attn.qkv.bias", biases, (rows,))

    def _place_positions(self, image_size: int | None) -> tuple[bool, int]:
        """Plans the position table; whether it is ViTPose's, and the size of the input."""
        name = self.prefix + self.family.positions
        shape = self.placing.shape(name)
        if shape is None:
            return self._place_fixed_positions(image_size)
        if len(shape) != 3 or shape[0] != 1 or shape[2] != self.width or not shape[1]:
            self.placing.fits(name, (1, -1, self.width))
            return False, 0
        grid, class_row = self._grid(name, shape[1])
        rows, columns = grid
        is_vitpose = class_row == "added" or self._looks_like_vitpose()
        if rows != columns:
            self.notes.append(
                f"Made for frames of {columns * self.patch} x {rows * self.patch} pixels: "
                "its positions were resampled to a square."
            )
        size = image_size or max(grid) * self.patch
        new_grid = self._new_grid(size)
        if rows == columns != new_grid:
            self.notes.append(
                f"Made for frames of {rows * self.patch} x {rows * self.patch} pixels: "
                f"its positions were resampled for {size} x {size}."
            )
        if self.placing.fits(name, shape):
            self.placing.steps.append(
                Positions(
                    "backbone.pos_embed", self.placing.own_name(name), grid, new_grid, class_row
                )
            )
        return is_vitpose, size

    def _place_fixed_positions(self, image_size: int | None) -> tuple[bool, int]:
        size = image_size or max(config_hints.image_sides(self.config) or (16 * self.patch,))
        grid = self._new_grid(size)
        self.notes.append(
            "It holds no position table: the fixed sine-cosine one was put in its place, "
            f"for frames of {size} x {size} pixels."
        )
        row: ClassRow = "zero" if self.class_token else "none"
        self.placing.steps.append(Positions("backbone.pos_embed", None, (grid, grid), grid, row))
        return self._looks_like_vitpose(), size

    def _grid(self, name: str, rows: int) -> tuple[tuple[int, int], ClassRow]:
        """Rows and columns of a table, and what its first row is."""
        sides = config_hints.image_sides(self.config) or (0, 0)
        kind: TableKind = "plain"
        if self.class_token:
            kind = "class token"
        elif self._looks_like_vitpose():
            kind = "vitpose"
        elif self._has_vitpose_head():
            kind = "vitpose by its head"
        stated = (sides[0] // self.patch, sides[1] // self.patch)
        found = grid_of_table(rows, kind, stated)
        if found is not None:
            return found
        raise UnplacedTensors(
            mismatched=[f"{name}: {rows} rows make no grid, with or without a class token"]
        )

    def _new_grid(self, size: int) -> int:
        if size % self.patch or not 0 < size <= 4096:
            raise UnplacedTensors(
                f"frames of {size} x {size} pixels cannot be cut into patches of {self.patch}"
            )
        return size // self.patch

    def _looks_like_vitpose(self) -> bool:
        """Its norm has ViTPose's name, or its blocks Hugging Face's mix of old and new names."""
        if any(kind.startswith("vitpose") for kind in config_hints.model_types(self.config)):
            return True
        block = self.block.format(i=0)
        mixed = self._has(f"{block}attention.attention.query") and self._has(f"{block}mlp.fc1")
        return self._has("last_norm") or mixed

    def _has_vitpose_head(self) -> bool:
        """Whether it has ViTPose's head, though its norm is renamed.

        Without such a sign a row too many is a class token that got lost, and is refused.
        """
        return any("keypoint_head" in name for name in self.placing.specs)

    # --- names

    def _copy(self, target: str, source: str, *shape: int) -> None:
        self.placing.copy(target, self.prefix + source, shape)

    def _has(self, name: str) -> bool:
        full = self.prefix + name
        return full in self.placing.specs or f"{full}.weight" in self.placing.specs

    def _in_use(self, names: tuple[str, ...], block: str) -> str:
        """The one of several names that this checkpoint has; the first where it has none."""
        return max(
            names,
            key=lambda name: sum(self._has(block.format(i=i) + name) for i in range(self.depth)),
        )

    def _qkv_in_use(self) -> tuple[str, ...]:
        firsts = tuple(names[0] for names in self.family.qkv)
        return self.family.qkv[firsts.index(self._in_use(firsts, self.block))]

    def _has_qkv_biases(self, names: tuple[str, ...]) -> bool:
        """Whether there are some, or should be: a network made without has none in any block."""
        if config_hints.has_qkv_bias(self.config):
            return True
        blocks = (self.prefix + self.block.format(i=i) for i in range(self.depth))
        return any(
            f"{block}{name}.bias" in self.placing.specs for block in blocks for name in names
        )


_KINDS = ("weight", "bias")


def _ratio(hidden: int, width: int) -> float:
    """The MLP's ratio: the width times it, cut to a whole number, is the hidden width."""
    ratio = hidden / width
    return ratio if int(width * ratio) == hidden else math.nextafter(ratio, math.inf)
