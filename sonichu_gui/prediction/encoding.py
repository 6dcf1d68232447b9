"""The features of a frame: those that are kept, and those that are still to be made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sonichu_gui.prediction.api import PredictionCancelled, never_cancelled
from sonichu_gui.prediction.feature_cache import FeatureCache, View, views

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from sonichu_gui.domain.frame import Frame
    from sonichu_gui.prediction.loading import LoadedModel


def features_of(
    loaded: LoadedModel,
    frame: Frame,
    kept: FeatureCache,
    *,
    tta: bool,
    is_cancelled: Callable[[], bool] = never_cancelled,
) -> Tensor:
    """Gives the features of a frame and, with `tta`, of its mirror image, where the heads are.

    Args:
        loaded: Whose encoder to ask for what is not kept.
        frame: The picture.
        kept: Takes what was made, once it is whole.
        tta: Whether the mirror image is wanted too.
        is_cancelled: Whether nobody waits for them any more.

    Raises:
        PredictionCancelled: It was no longer wanted.
    """
    import torch

    found = {view: kept.get(frame.ref, view) for view in views(tta=tta)}
    lacking = [view for view, features in found.items() if features is None]
    if lacking:
        pixels = loaded.prepare(frame.pixels)["pixel_values"]
        shown = [pixels.flip(-1) if view is View.MIRRORED else pixels for view in lacking]
        made = loaded.encoder.encode(torch.cat(shown), is_cancelled).cpu()
        for index, view in enumerate(lacking):
            # A copy: a slice would keep its neighbour in memory too.
            features = made[index : index + 1].clone()
            found[view] = features
            kept.put(frame.ref, view, features)
    if is_cancelled():
        raise PredictionCancelled
    parts = [features for features in found.values() if features is not None]
    return torch.cat(parts).to(loaded.report.device)
