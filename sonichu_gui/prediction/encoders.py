"""What turns a frame into features: the network's backbone in torch, or the same in OpenVINO.

Both stop within a block of being told so: an interactive request does not wait for a pass that
nobody wants any more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from sonichu_gui.prediction.api import PredictionCancelled, never_cancelled

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from sonichu_gui.model.modeling_sonichu import SonichuModel
    from sonichu_gui.prediction.trials import Choice


class Encoder(Protocol):
    """Frames to features for the heads; one call at a time."""

    @property
    def choice(self) -> Choice:
        """Its engine and number type."""

    def encode(self, pixels: Tensor, is_cancelled: Callable[[], bool]) -> Tensor:
        """Preprocessed frames (B, 3, S, S) on the CPU -> features (B, C, h, w).

        Raises:
            PredictionCancelled: It was no longer wanted.
            RuntimeError: The engine failed.
        """


class TorchEncoder:
    """The backbone of a network, asked between its blocks whether to go on.

    Args:
        network: Already in the number type and on the device.
        choice: What it runs in.
        device: Where it is, "cpu" or "cuda".
    """

    def __init__(self, network: SonichuModel, choice: Choice, device: str) -> None:
        self.choice = choice
        self._network = network
        self._device = device
        self._is_cancelled = never_cancelled
        blocks: Any = network.backbone.blocks
        for block in blocks:
            block.register_forward_pre_hook(self._stop_if_cancelled)

    def encode(self, pixels: Tensor, is_cancelled: Callable[[], bool]) -> Tensor:
        """See `Encoder.encode`."""
        self._is_cancelled = is_cancelled
        try:
            return self._network.encode(_on_device(pixels, self._device))
        finally:
            self._is_cancelled = never_cancelled

    def _stop_if_cancelled(self, *_: object) -> None:
        if self._is_cancelled():
            raise PredictionCancelled


def _on_device(pixels: Tensor, device: str) -> Tensor:
    """Gives a CPU tensor on a device; to a GPU without waiting for the copy."""
    if device == "cpu":
        return pixels
    return pixels.pin_memory().to(device, non_blocking=True)
