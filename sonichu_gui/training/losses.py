"""Losses of an ellipse given by two axes, indifferent to which end of an axis is which.

Near the vertical the label rule "3 = right end" flips between neighbouring frames, so nothing here
may depend on it: heatmap targets fade from one end to the other there, and coordinates are read
from the sum of an axis' two maps, cut by the bisector of the true axis.

Points are corner-origin fractions of the frame times its size ("pixels"); cells are the heatmap's.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from sonichu_gui.training.data.ellipse import (
    ellipse_circumference,
    ellipse_from_ends,
    implicit_distance,
)

# the two axes of the HC task: (index of first end, index of second end)
AXES = ((0, 1), (2, 3))


@dataclass(frozen=True, slots=True)
class LossWeights:
    """What each term counts, and the scales in them.

    Attributes:
        sigma_cells: width of the target Gaussians.
        order_sharpness: how fast targets fade from one end to the other near the vertical.
        pixel_scale: pixels that count as 1 in the coordinate loss.
        ramp_start, ramp_end: fractions of training between which coordinates and circumference
            gain their weight; before that the maps are too flat to be read.
    """

    heatmap: float = 1.0
    mask: float = 1.0
    edge: float = 0.5
    coordinate: float = 1.0
    tangential: float = 0.5
    circumference: float = 5.0
    sigma_cells: float = 1.5
    order_sharpness: float = 10.0
    pixel_scale: float = 10.0
    ramp_start: float = 0.04
    ramp_end: float = 0.25


@dataclass(frozen=True, slots=True)
class LossTerms:
    """Unweighted means over the batch, and their weighted sum to descend."""

    total: Tensor
    heatmap: Tensor
    mask: Tensor
    edge: Tensor
    coordinate: Tensor
    circumference: Tensor

    def values(self) -> dict[str, float]:
        """Each term as a number, by name."""
        return {name: float(getattr(self, name).detach()) for name in self.__slots__}


def ellipse_loss(
    *,
    logits: Tensor,
    auxiliary: Tensor,
    points: Tensor,
    sizes: Tensor,
    weights: LossWeights,
    progress: float,
) -> LossTerms:
    """All terms for one batch.

    Args:
        logits: (B, 4, S, S) heatmaps before the softmax.
        auxiliary: (B, 2, S, S) logits of the inside of the ellipse and of its edge.
        points: (B, 4, 2) true ends of axes, pixels.
        sizes: (B, 2) width and height.
        weights: of the terms.
        progress: fraction of training done, for the ramp.
    """
    logits, auxiliary = logits.float(), auxiliary.float()
    points, sizes = points.float(), sizes.float()
    side = logits.shape[-1]
    cells = cell_centres(side, sizes)
    heatmap = heatmap_divergence(logits, target_maps(points, sizes, weights, side))
    mask, edge = outline_losses(auxiliary, points, cells)
    probability = logits.flatten(2).softmax(dim=2)
    read = torch.stack(
        [read_axis(probability[:, axis].sum(dim=1), points[:, axis], cells) for axis in AXES], dim=1
    )
    true = torch.stack([points[:, axis] for axis in AXES], dim=1)
    coordinate = coordinate_loss(read, true, weights)
    circumference = circumference_loss(read, true)
    span = weights.ramp_end - weights.ramp_start
    ramp = min(max((progress - weights.ramp_start) / span, 0.0), 1.0)
    total = (
        weights.heatmap * heatmap
        + weights.mask * mask
        + weights.edge * edge
        + ramp * (weights.coordinate * coordinate + weights.circumference * circumference)
    )
    return LossTerms(total, heatmap, mask, edge, coordinate, circumference)


def cell_centres(side: int, sizes: Tensor) -> Tensor:
    """(B, S*S, 2) pixel positions of the heatmap's cell centres, row by row."""
    fraction = (torch.arange(side, device=sizes.device) + 0.5) / side
    y, x = torch.meshgrid(fraction, fraction, indexing="ij")
    return torch.stack((x, y), dim=2).reshape(1, -1, 2) * sizes[:, None]


def target_maps(points: Tensor, sizes: Tensor, weights: LossWeights, side: int) -> Tensor:
    """(B, 4, S*S) target distributions, each a Gaussian or, near the vertical, two.

    The axes are perpendicular, so one weight serves both: the sharpened cosine of the long axis.
    """
    maps = _gaussians(points / sizes[:, None] * side, weights.sigma_cells, side)
    long_axis = points[:, 2] - points[:, 3]
    cosine = long_axis[:, 0] / long_axis.norm(dim=1).clamp_min(1e-6)
    # how surely the end given first is the one the rule names first
    keep = torch.sigmoid(weights.order_sharpness * cosine)[:, None]
    first_short, second_short, first_long, second_long = maps.unbind(dim=1)
    # a matrix that mirrors would turn "right" into "down": tell from the points which end is up
    short_axis = points[:, 1] - points[:, 0]
    upright = short_axis[:, 1] / short_axis.norm(dim=1).clamp_min(1e-6)
    keep_short = torch.sigmoid(weights.order_sharpness * upright)[:, None]
    return torch.stack(
        (
            keep_short * first_short + (1 - keep_short) * second_short,
            keep_short * second_short + (1 - keep_short) * first_short,
            keep * first_long + (1 - keep) * second_long,
            keep * second_long + (1 - keep) * first_long,
        ),
        dim=1,
    )


def heatmap_divergence(logits: Tensor, target: Tensor) -> Tensor:
    """Kullback-Leibler divergence of the maps from their targets, mean over maps."""
    log_probability = logits.flatten(2).log_softmax(dim=2)
    log_target = target.clamp_min(1e-12).log()
    return (target * (log_target - log_probability)).sum(dim=2).mean()


def outline_losses(auxiliary: Tensor, points: Tensor, cells: Tensor) -> tuple[Tensor, Tensor]:
    """Cross-entropy plus half Dice of the inside, and cross-entropy of the edge."""
    centre, matrix = ellipse_from_ends(points)
    distance = implicit_distance(cells, centre, matrix)
    cell = cells[:, 1, 0] - cells[:, 0, 0]
    inside = torch.sigmoid(-4 * distance / cell[:, None])
    edge = torch.exp(-0.5 * (distance / cell[:, None]) ** 2)
    inside_logits, edge_logits = auxiliary.flatten(2).unbind(dim=1)
    guess = inside_logits.sigmoid()
    overlap = (guess * inside).sum(dim=1)
    dice = 1 - 2 * (overlap + 1) / (guess.sum(dim=1) + inside.sum(dim=1) + 2)
    mask = functional.binary_cross_entropy_with_logits(inside_logits, inside) + 0.5 * dice.mean()
    return mask, functional.binary_cross_entropy_with_logits(edge_logits, edge)


def read_axis(probability: Tensor, ends: Tensor, cells: Tensor) -> Tensor:
    """Mean position (B, 2, 2) of the mass on each side of the true axis' bisector.

    Args:
        probability: (B, S*S) sum of the axis' two maps.
        ends: (B, 2, 2) true ends.
        cells: (B, S*S, 2) pixel positions.
    """
    direction = ends[:, 0] - ends[:, 1]
    side = ((cells - ends.mean(dim=1, keepdim=True)) * direction[:, None]).sum(dim=2) > 0
    halves = torch.stack((probability * side, probability * ~side), dim=1)
    mass = halves.sum(dim=2, keepdim=True).clamp_min(1e-6)
    return (halves / mass) @ cells


def coordinate_loss(read: Tensor, true: Tensor, weights: LossWeights) -> Tensor:
    """Smooth-L1 of the ends along the axis, and with less weight across it.

    Args:
        read: (B, axes, 2 ends, 2) pixels, from the maps.
        true: the same, from the label.
        weights: ``tangential`` and ``pixel_scale``.
    """
    along = functional.normalize(true[:, :, 0] - true[:, :, 1], dim=2)[:, :, None]
    across = torch.stack((-along[..., 1], along[..., 0]), dim=3)
    error = (read - true) / weights.pixel_scale
    radial = functional.smooth_l1_loss((error * along).sum(3), torch.zeros_like(error[..., 0]))
    tangential = functional.smooth_l1_loss((error * across).sum(3), torch.zeros_like(error[..., 0]))
    return radial + weights.tangential * tangential


def circumference_loss(read: Tensor, true: Tensor) -> Tensor:
    """Mean absolute logarithm of the ratio of read to true circumference."""

    def circumference(ends: Tensor) -> Tensor:
        diameters = (ends[:, :, 0] - ends[:, :, 1]).norm(dim=2).clamp_min(1e-3)
        return ellipse_circumference(diameters[:, 0], diameters[:, 1])

    return (circumference(read) / circumference(true)).log().abs().mean()


def _gaussians(centres: Tensor, sigma: float, side: int) -> Tensor:
    """(B, K, S*S) Gaussians of mass 1 about centres given in cells, corner origin."""
    position = torch.arange(side, device=centres.device) + 0.5
    x = torch.exp(-0.5 * ((position - centres[..., :1]) / sigma) ** 2)
    y = torch.exp(-0.5 * ((position - centres[..., 1:]) / sigma) ** 2)
    maps = (y[..., :, None] * x[..., None, :]).flatten(2)
    return maps / maps.sum(dim=2, keepdim=True).clamp_min(1e-12)
