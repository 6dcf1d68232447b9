"""Several models' points as one answer: the median of every coordinate.

The two ends of a pair may be told the other way round by another model, which is no disagreement
about where they are. So each model's pairs are first laid the way round that lies nearer to the
first model's. With an even number of models the median lies midway between the two middle ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt
import torch

if TYPE_CHECKING:
    from torch import Tensor

Points: TypeAlias = npt.NDArray[np.float64]
Pairs: TypeAlias = Sequence[tuple[int, int]]


def median_points(answers: Sequence[Points], pairs: Pairs) -> Points:
    """(K, 2) the median of the models' points of one frame.

    Args:
        answers: (K, 2) of each model.
        pairs: of the task, whose ends may swap.
    """
    alike = [paired_like(answer, answers[0], pairs) for answer in answers]
    return np.asarray(np.median(np.stack(alike), axis=0), np.float64)


def paired_like(points: Points, reference: Points, pairs: Pairs) -> Points:
    """The points with the ends of each pair the way round that lies nearer to the reference."""
    turned = points.copy()
    for first, second in pairs:
        here = [first, second]
        straight = np.linalg.norm(points[here] - reference[here])
        if np.linalg.norm(points[here[::-1]] - reference[here]) < straight:
            turned[here] = points[here[::-1]]
    return turned


def median_batch(answers: Sequence[Tensor], pairs: Pairs) -> Tensor:
    """(B, K, 2) the median of the models' points of a batch, as `median_points` for each frame.

    Args:
        answers: (B, K, 2) of each model.
        pairs: of the task, whose ends may swap.
    """
    alike = torch.stack([_batch_like(answer, answers[0], pairs) for answer in answers])
    ascending = alike.sort(dim=0).values
    middle = len(answers) // 2
    return (ascending[middle] + ascending[-1 - middle]) / 2


def _batch_like(points: Tensor, reference: Tensor, pairs: Pairs) -> Tensor:
    turned = points.clone()
    for first, second in pairs:
        here, there = points[:, [first, second]], points[:, [second, first]]
        target = reference[:, [first, second]]
        straight = (here - target).square().sum((1, 2))
        swapped = (there - target).square().sum((1, 2))
        turned[:, [first, second]] = here.where((straight <= swapped)[:, None, None], there)
    return turned
