"""The names that libraries give to the parts of a plain vision transformer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["FAMILIES", "Family"]


@dataclass(frozen=True, slots=True)
class Family:
    """How one family of libraries names a transformer; of several names the one in use counts.

    Attributes:
        patch: the convolution that cuts the frame into patches.
        positions: the position table.
        class_token: its token that stands for no patch.
        block: what stands before the parts of block ``{i}``.
        parts: the parts of a block, ours to theirs.
        qkv: the joint projection, or the three of queries, keys and values.
        norm: the norm after the last block.
        norm_eps: the library's epsilon of all norms.
    """

    patch: str
    positions: str
    class_token: str
    block: tuple[str, ...]
    parts: Mapping[str, tuple[str, ...]]
    qkv: tuple[tuple[str, ...], ...]
    norm: tuple[str, ...]
    norm_eps: float


FAMILIES = {
    "timm": Family(
        patch="patch_embed.proj",
        positions="pos_embed",
        class_token="cls_token",  # noqa: S106 - a tensor's name
        block=("blocks.{i}.",),
        parts={name: (name,) for name in ("norm1", "attn.proj", "norm2", "mlp.fc1", "mlp.fc2")},
        qkv=(("attn.qkv",),),
        norm=("norm", "last_norm"),
        norm_eps=1e-6,
    ),
    "Hugging Face": Family(
        patch="embeddings.patch_embeddings.projection",
        positions="embeddings.position_embeddings",
        class_token="embeddings.cls_token",  # noqa: S106 - a tensor's name
        block=("encoder.layer.{i}.", "layers.{i}.", "encoder.layers.{i}."),
        parts={
            "norm1": ("layernorm_before",),
            "attn.proj": ("attention.output.dense", "attention.o_proj"),
            "norm2": ("layernorm_after",),
            "mlp.fc1": ("intermediate.dense", "mlp.fc1"),
            "mlp.fc2": ("output.dense", "mlp.fc2"),
        },
        qkv=tuple(
            tuple(way.format(part) for part in parts)
            for way, parts in (
                ("attention.attention.{}", ("query", "key", "value")),
                ("attention.{}_proj", ("q", "k", "v")),
            )
        ),
        norm=("layernorm",),
        norm_eps=1e-12,
    ),
}
