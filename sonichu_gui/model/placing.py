"""The tensors of a checkpoint while they are being placed: which are used, which do not fit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from .layout import Copy, Shift, Stack, Zeros

if TYPE_CHECKING:
    from .layout import Step
    from .weights_file import TensorSpec

__all__ = ["Placing", "natural_order"]

_FLOATS = frozenset({"F16", "BF16", "F32", "F64"})
_WRAPPERS = frozenset({"module", "_orig_mod", "_forward_module", "_fsdp_wrapped_module"})


class Placing:
    """Collects the steps of a plan, and what stands in its way.

    Names are those of the file without the parts that wrappers put into them (`module.` of
    DataParallel, `_orig_mod.` of torch.compile); steps and lists have the file's own.

    Args:
        tensors: What the checkpoint holds.
    """

    def __init__(self, tensors: Mapping[str, TensorSpec]) -> None:
        own = {unwrapped(name): name for name in tensors}
        if len(own) < len(tensors):  # two names would become one: keep them all as they are
            own = {name: name for name in tensors}
        self._own = own
        self.specs = {name: tensors[original] for name, original in own.items()}
        self.steps: list[Step] = []
        self.set_aside: list[str] = []
        self.missing: list[str] = []
        self.mismatched: list[str] = []
        self._left = dict.fromkeys(own)

    @property
    def left(self) -> tuple[str, ...]:
        """The names that nothing has been done with, in the file's order."""
        return tuple(self._left)

    @property
    def surplus(self) -> tuple[str, ...]:
        """As `left`, by the file's own names."""
        return tuple(self._own[name] for name in self._left)

    def shape(self, name: str) -> tuple[int, ...] | None:
        """The shape of a tensor, None where there is no such tensor."""
        spec = self.specs.get(name)
        return None if spec is None else spec.shape

    def leave_out(self, names: Iterable[str]) -> list[str]:
        """Sets tensors aside that are still there; gives their own names."""
        chosen = [name for name in names if name in self._left]
        for name in chosen:
            del self._left[name]
        taken = [self._own[name] for name in chosen]
        self.set_aside += taken
        return taken

    def copy(self, target: str, source: str, shape: tuple[int, ...]) -> None:
        """Plans ``target`` as it stands in the file."""
        if self.fits(source, shape):
            self.steps.append(Copy(target, self._own[source]))

    def stack(self, target: str, sources: Iterable[str], shape: tuple[int, ...]) -> None:
        """Plans ``target`` as ``sources``, each of ``shape``, one below the other."""
        names = tuple(sources)
        fit = [self.fits(name, shape) for name in names]  # each, so that each is listed
        if all(fit):
            self.steps.append(Stack(target, tuple(self._own[name] for name in names)))

    def shift(self, target: str, source: str, minus: str, shape: tuple[int, ...]) -> None:
        """Plans ``target`` as ``source`` less ``minus``."""
        fit = [self.fits(name, shape) for name in (source, minus)]
        if all(fit):
            self.steps.append(Shift(target, self._own[source], self._own[minus]))

    def zeros(self, target: str, shape: tuple[int, ...]) -> None:
        """Plans zeros for what the checkpoint does without."""
        self.steps.append(Zeros(target, shape))

    def count(self, target: str, source: str) -> None:
        """Plans the counter of a norm, which a network that predicts does not read."""
        spec = self.specs.get(source)
        if spec is not None and (spec.dtype, spec.shape) == ("I64", ()):
            self._left.pop(source, None)
            self.steps.append(Copy(target, self._own[source]))
        else:
            self.leave_out([source])
            self.zeros(target, ())

    def own_name(self, name: str) -> str:
        """The file's own name."""
        return self._own[name]

    def fits(self, name: str, shape: tuple[int, ...]) -> bool:
        """Takes a tensor of floats in hand; whether it is there, with that shape."""
        spec = self.specs.get(name)
        self._left.pop(name, None)
        if spec is None:
            self.missing.append(name)
        elif spec.shape != shape or spec.dtype not in _FLOATS:
            found = f"{spec.dtype}{list(spec.shape)}"
            self.mismatched.append(f"{self._own[name]}: {found}, expected {list(shape)} of floats")
        else:
            return True
        return False


def unwrapped(name: str) -> str:
    """A tensor's name without what DataParallel, torch.compile and their like put into it."""
    return ".".join(part for part in name.split(".") if part not in _WRAPPERS)


def natural_order(name: str) -> list[tuple[int, str]]:
    """A key to sort names by, layer 2 before layer 10."""
    parts = name.split(".")
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]
