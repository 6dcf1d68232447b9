"""From the network's answer to what the app talks about: keypoints and heatmaps of the frame."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from sonichu_gui.domain.annotation import Alternative, Keypoint, Origin

if TYPE_CHECKING:
    import numpy.typing as npt
    from torch import Tensor

    from sonichu_gui.domain.frame import Frame
    from sonichu_gui.model.inference import PixelKeypoints


def keypoints_from(found: PixelKeypoints) -> tuple[Keypoint, ...]:
    """Gives the model's answer as keypoints.

    Raises:
        ValueError: A number in it is not finite.
    """
    if not all(
        np.isfinite(part).all() for part in (found.points, found.confidence, found.covariance)
    ):
        raise ValueError("not finite")
    count = len(found.points)
    apart = [None] * count if found.disagreement is None else found.disagreement.tolist()
    rows = zip(
        found.points.tolist(),
        found.confidence.tolist(),
        found.covariance.tolist(),
        apart,
        found.alternatives.tolist(),
        strict=True,
    )
    return tuple(
        Keypoint(
            x,
            y,
            origin=Origin.MODEL,
            confidence=confidence,
            covariance=(xx, xy, yy),
            disagreement=disagreement,
            alternatives=tuple(
                Alternative(*one) for one in alternatives if all(map(math.isfinite, one))
            ),
        )
        for (x, y), confidence, ((xx, xy), (_, yy)), disagreement, alternatives in rows
    )


def heatmap_of(
    probabilities: Tensor, frame: Frame, keypoint: int | None
) -> npt.NDArray[np.float32]:
    """Gives maps (K, H, W) over the whole frame, (h, w), 1 at the likeliest place.

    Args:
        probabilities: Of every keypoint.
        frame: Whose size it takes.
        keypoint: Index of the one to show, or None for the highest of all.

    Raises:
        ValueError: A number in it is not finite.
    """
    import cv2

    cells = probabilities.amax(0) if keypoint is None else probabilities[keypoint]
    grid = cells.float().cpu().numpy()
    if not np.isfinite(grid).all():
        raise ValueError("not finite")
    # OpenCV's resize and the network's keep the same corner-origin fractions.
    size = (frame.width, frame.height)
    spread = np.asarray(cv2.resize(grid, size, interpolation=cv2.INTER_LINEAR), np.float32)
    spread /= max(float(spread.max()), 1e-20)
    return spread
