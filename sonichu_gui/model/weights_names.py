"""Which files of a folder hold its weights, told by their names alone.

Folders of other libraries have no fixed names, so theirs are told by their endings; safetensors
come before pickles, which are read only where there is nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatch

__all__ = ["INDEX_FILE", "PICKLED", "WEIGHTS_FILE", "is_single", "matching", "weights_among"]

WEIGHTS_FILE = "model.safetensors"
INDEX_FILE = f"{WEIGHTS_FILE}.index.json"
"""Names the shards of weights that are too large for one file."""

PICKLED = ("*.bin", "*.pth", "*.pt", "*.pth.tar")

_SHARDS = ("model-*-of-*.safetensors",)
_SAFE = ("*.safetensors",)
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
    found = matching(kept, _SAFE) or matching(kept, PICKLED)
    return next(((usual,) for usual in _USUAL if usual in found), found)


def is_single(weights: Sequence[str]) -> bool:
    """Whether the names that `weights_among` found are one set of weights."""
    return len(weights) == 1 or INDEX_FILE in weights
