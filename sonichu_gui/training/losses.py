"""What a keypoint head is taught by: losses of heatmaps and of the points read from them.

Pairs whose ends the task orders ("1 above 2", "3 right of 4") are taught without minding which end
is which: near the tipping point the rule flips between neighbouring frames. Heatmap targets fade
from one end to the other there, and coordinates are read from the sum of a pair's two maps, cut by
the bisector of the true pair. Ellipses are taught by their outline and circumference too.

Points are corner-origin fractions of the frame times its size ("pixels"); cells are the heatmap's.
All losses are one number a frame, (B,), so that a batch may be shared by several processes.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional

from sonichu_gui.model.modeling_sonichu import ORDER_DIRECTIONS
from sonichu_gui.training.config import require_between
from sonichu_gui.training.data.ellipse import (
    ellipse_circumference,
    ellipse_from_ends,
    implicit_distance,
)

if TYPE_CHECKING:
    from sonichu_gui.model.modeling_sonichu import TaskConfig


@dataclass(frozen=True, slots=True)
class LossWeights:
    """What each term counts, and the scales in them.

    Attributes:
        heatmap: divergence of the maps from their targets.
        outline: of an ellipse's inside, as a mask.
        edge: of its outline.
        coordinate: distance of the points read from the maps.
        tangential: of an ellipse's end along the outline, against across it.
        circumference: of an ellipse, as a ratio.
        sigma_cells: width of the target Gaussians.
        order_sharpness: how fast targets fade from one end to the other near the tipping point.
        scale: fraction of the frame's width that counts as 1 in the coordinate loss.
        ramp_start, ramp_end: fractions of training between which coordinates and circumference
            gain their weight; before that the maps are too flat to be read.
    """

    heatmap: float = 1.0
    outline: float = 1.0
    edge: float = 0.5
    coordinate: float = 1.0
    tangential: float = 0.5
    circumference: float = 5.0
    sigma_cells: float = 1.5
    order_sharpness: float = 10.0
    scale: float = 0.0125
    ramp_start: float = 0.04
    ramp_end: float = 0.25

    def __post_init__(self) -> None:
        """Refuses weights and scales that no loss can have."""
        terms = dict.fromkeys((*TERMS, "tangential", "order_sharpness"), (0, inf))
        require_between(
            self,
            **terms,
            sigma_cells=(0.1, inf),
            scale=(1e-6, inf),
            ramp_start=(0, 1),
            ramp_end=(0, 1),
        )

    def ramp(self, progress: float) -> float:
        """Share of their weight that coordinates have after a fraction of training."""
        if self.ramp_end <= self.ramp_start:
            return 1.0
        return min(max((progress - self.ramp_start) / (self.ramp_end - self.ramp_start), 0.0), 1.0)


TERMS = ("heatmap", "coordinate", "outline", "edge", "circumference")
"""Names of the terms, in the order in which they are reported."""


def keypoint_terms(
    logits: Tensor,
    points: Tensor,
    sizes: Tensor,
    *,
    task: TaskConfig,
    weights: LossWeights,
    outline: Tensor | None = None,
) -> dict[str, Tensor]:
    """The terms of frames of one task, unweighted, each (B,).

    Args:
        logits: (B, K, S, S) heatmaps before the softmax.
        points: (B, K, 2) truth in pixels.
        sizes: (B, 2) width and height.
        task: its pairs and their order.
        weights: the scales; what the terms count is the caller's business.
        outline: (B, 2, S, S) logits of the ellipse's inside and edge, for a task whose four points
            are the ends of the axes of one.
    """
    logits, points, sizes = logits.float(), points.float(), sizes.float()
    cells = cell_centres(logits.shape[-1], sizes)
    target = target_maps(points, sizes, weights, logits.shape[-1], task)
    terms = {"heatmap": heatmap_divergence(logits, target)}
    probability = logits.flatten(2).softmax(dim=2)
    read = read_points(probability, points, cells, task)
    scale = weights.scale * sizes[:, :1, None]
    if outline is None:
        terms["coordinate"] = distance_loss((read - points) / scale)
        return terms
    radial, tangential = ellipse_errors(read, points)
    terms["coordinate"] = smooth(radial / scale[..., 0]) + weights.tangential * smooth(
        tangential / scale[..., 0]
    )
    terms["outline"], terms["edge"] = outline_losses(outline.float(), points, cells)
    terms["circumference"] = circumference_loss(read, points)
    return terms


def weighted(terms: dict[str, Tensor], weights: LossWeights, progress: float) -> Tensor:
    """(B,) the sum of the terms as it is descended at this fraction of training."""
    ramp = weights.ramp(progress)
    count = {
        "heatmap": weights.heatmap,
        "coordinate": ramp * weights.coordinate,
        "outline": weights.outline,
        "edge": weights.edge,
        "circumference": ramp * weights.circumference,
    }
    return torch.stack([count[name] * value for name, value in terms.items()]).sum(dim=0)


def cell_centres(side: int, sizes: Tensor) -> Tensor:
    """(B, S*S, 2) pixel positions of the heatmap's cell centres, row by row."""
    fraction = (torch.arange(side, device=sizes.device) + 0.5) / side
    y, x = torch.meshgrid(fraction, fraction, indexing="ij")
    return torch.stack((x, y), dim=2).reshape(1, -1, 2) * sizes[:, None]


def target_maps(
    points: Tensor, sizes: Tensor, weights: LossWeights, side: int, task: TaskConfig
) -> Tensor:
    """(B, K, S*S) target distributions: each a Gaussian or, near a pair's tipping point, two."""
    maps = _gaussians(points / sizes[:, None] * side, weights.sigma_cells, side)
    if not task.order:
        return maps
    faded = list(maps.unbind(dim=1))
    for (first, second), word in zip(task.pairs, task.order.split(","), strict=True):
        along = points[:, first] - points[:, second]
        cosine = (along @ along.new_tensor(ORDER_DIRECTIONS[word])) / along.norm(dim=1).clamp_min(
            1e-6
        )
        # how surely the end given first is the one that the rule names first
        keep = torch.sigmoid(weights.order_sharpness * cosine)[:, None]
        faded[first] = keep * maps[:, first] + (1 - keep) * maps[:, second]
        faded[second] = keep * maps[:, second] + (1 - keep) * maps[:, first]
    return torch.stack(faded, dim=1)


def heatmap_divergence(logits: Tensor, target: Tensor) -> Tensor:
    """(B,) Kullback-Leibler divergence of the maps from their targets, mean over maps."""
    log_probability = logits.flatten(2).log_softmax(dim=2)
    log_target = target.clamp_min(1e-12).log()
    return (target * (log_target - log_probability)).sum(dim=2).mean(dim=1)


def read_points(probability: Tensor, true: Tensor, cells: Tensor, task: TaskConfig) -> Tensor:
    """(B, K, 2) points of the maps: centroids, those of ordered pairs on their side of the cut.

    Args:
        probability: (B, K, S*S).
        true: (B, K, 2) truth, which says where a pair's maps are cut.
        cells: (B, S*S, 2) pixel positions.
        task: its pairs and their order.
    """
    read = list((probability @ cells).unbind(dim=1))
    for first, second in task.pairs if task.order else ():
        both = probability[:, first] + probability[:, second]
        ends = read_pair(both, true[:, [first, second]], cells)
        read[first], read[second] = ends.unbind(dim=1)
    return torch.stack(read, dim=1)


def read_pair(probability: Tensor, ends: Tensor, cells: Tensor) -> Tensor:
    """Mean position (B, 2, 2) of the mass on each side of the true pair's bisector.

    Args:
        probability: (B, S*S) sum of the pair's two maps.
        ends: (B, 2, 2) true ends.
        cells: (B, S*S, 2) pixel positions.
    """
    direction = ends[:, 0] - ends[:, 1]
    side = ((cells - ends.mean(dim=1, keepdim=True)) * direction[:, None]).sum(dim=2) > 0
    halves = torch.stack((probability * side, probability * ~side), dim=1)
    mass = halves.sum(dim=2, keepdim=True).clamp_min(1e-6)
    return (halves / mass) @ cells


def smooth(error: Tensor) -> Tensor:
    """(B, n) -> (B,) mean smooth-L1 of errors."""
    return functional.smooth_l1_loss(error, torch.zeros_like(error), reduction="none").mean(dim=1)


def distance_loss(error: Tensor) -> Tensor:
    """(B, K, 2) -> (B,) mean smooth-L1 over points, the two coordinates added."""
    return smooth(error[..., 0]) + smooth(error[..., 1])


def ellipse_errors(read: Tensor, true: Tensor) -> tuple[Tensor, Tensor]:
    """(B, 4) errors of the ends of two axes, along their axis and across it, in pixels."""
    axes = torch.stack((true[:, 0] - true[:, 1], true[:, 2] - true[:, 3]), dim=1)
    along = functional.normalize(axes, dim=2).repeat_interleave(2, dim=1)
    across = torch.stack((-along[..., 1], along[..., 0]), dim=2)
    error = read - true
    return (error * along).sum(dim=2), (error * across).sum(dim=2)


def outline_losses(logits: Tensor, points: Tensor, cells: Tensor) -> tuple[Tensor, Tensor]:
    """(B,) cross-entropy plus half Dice of the inside, and cross-entropy of the edge."""
    centre, matrix = ellipse_from_ends(points)
    distance = implicit_distance(cells, centre, matrix)
    cell = cells[:, 1, 0] - cells[:, 0, 0]
    inside = torch.sigmoid(-4 * distance / cell[:, None])
    edge = torch.exp(-0.5 * (distance / cell[:, None]) ** 2)
    inside_logits, edge_logits = logits.flatten(2).unbind(dim=1)
    guess = inside_logits.sigmoid()
    overlap = (guess * inside).sum(dim=1)
    dice = 1 - 2 * (overlap + 1) / (guess.sum(dim=1) + inside.sum(dim=1) + 2)
    return _cross_entropy(inside_logits, inside) + 0.5 * dice, _cross_entropy(edge_logits, edge)


def circumference_loss(read: Tensor, true: Tensor) -> Tensor:
    """(B,) absolute logarithm of the ratio of read to true circumference."""

    def circumference(ends: Tensor) -> Tensor:
        short, long = ends[:, 0] - ends[:, 1], ends[:, 2] - ends[:, 3]
        return ellipse_circumference(
            short.norm(dim=1).clamp_min(1e-3), long.norm(dim=1).clamp_min(1e-3)
        )

    return (circumference(read) / circumference(true)).log().abs()


def _cross_entropy(logits: Tensor, target: Tensor) -> Tensor:
    return functional.binary_cross_entropy_with_logits(logits, target, reduction="none").mean(dim=1)


def _gaussians(centres: Tensor, sigma: float, side: int) -> Tensor:
    """(B, K, S*S) Gaussians of mass 1 about centres given in cells, corner origin."""
    position = torch.arange(side, device=centres.device) + 0.5
    x = torch.exp(-0.5 * ((position - centres[..., :1]) / sigma) ** 2)
    y = torch.exp(-0.5 * ((position - centres[..., 1:]) / sigma) ** 2)
    maps = (y[..., :, None] * x[..., None, :]).flatten(2)
    return maps / maps.sum(dim=2, keepdim=True).clamp_min(1e-12)
