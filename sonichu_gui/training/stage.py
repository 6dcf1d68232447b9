"""What the loop asks of a stage: its network and samples, and what is done in every step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from sonichu_gui.training.distributed import World


class Movable(Protocol):
    """A batch: a dataclass of tensors."""

    def to(self, device: torch.device) -> Any:  # noqa: ANN401 - its own type, which Self is not here
        """The batch on another device."""


_Sample = TypeVar("_Sample")
_Batch = TypeVar("_Batch", bound=Movable)
_Made_co = TypeVar("_Made_co", bound=Movable, covariant=True)


class Samples(Protocol[_Sample, _Made_co]):
    """What is learned from; sample i of an epoch is the same whoever asks and whenever.

    Attributes:
        digest: name of the rows behind it; a checkpoint that learned from others is refused.
    """

    digest: str

    def __len__(self) -> int: ...
    def __getitem__(self, index: int) -> _Sample: ...
    def set_epoch(self, epoch: int) -> None:
        """Chooses the draws of a pass."""

    def collate(self, samples: Sequence[_Sample]) -> _Made_co:
        """The batch of these samples."""


class Stage(Protocol[_Sample, _Batch]):
    """One stage of the training: what is learned, from what, and how.

    Attributes:
        name: of the stage, for its messages.
        identity: the settings that shape the weights; a checkpoint of others is refused.
        network: all that is trained.
        optimiser: of its parameters.
        samples: what is learned from.
    """

    name: str
    identity: str
    network: nn.Module
    optimiser: torch.optim.Optimizer
    samples: Samples[_Sample, _Batch]

    def place(self, world: World, steps: int) -> None:
        """Moves what it keeps beside the network to the world's device; told the run's length."""

    def begin_step(self, step: int) -> Mapping[str, float]:
        """Sets the rates of a step; what is worth logging of them."""

    def terms(self, network: nn.Module, batch: _Batch, step: int) -> Mapping[str, Tensor]:
        """Losses of this process' rows; "total" is descended, each a mean over the rows."""

    def end_step(self, step: int) -> None:
        """Moves averages."""

    def state(self) -> dict[str, Any]:
        """What must survive a kill beside network and optimiser."""

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Takes it over again."""

    def watch(self) -> Mapping[str, float]:
        """Scores on held-out frames; empty where there are none. Asked in the first process."""
