"""Batched ellipses given by the ends of their axes, and their image under affine maps.

An ellipse is a centre ``c`` and a 2x2 matrix ``M``: its outline is ``c + M (cos t, sin t)``.
The ends of the axes do not stay ends of axes under shear or unequal scaling, so the matrix is
mapped (``M' = A M``) and the new axes are read off its singular value decomposition.

All coordinates are pixels of a frame with square pixels, x right, y down. The functions are
indifferent to where the origin lies as long as one convention is kept.
"""

from __future__ import annotations

import torch
from torch import Tensor


def ellipse_from_ends(points: Tensor) -> tuple[Tensor, Tensor]:
    """Centre (B, 2) and matrix (B, 2, 2) of the ellipses with these ends of axes.

    Args:
        points: (B, 4, 2); 1, 2 = ends of one axis, 3, 4 = ends of the other.
    """
    centre = points.mean(dim=1)
    long_axis = (points[:, 2] - points[:, 3]) / 2
    short_axis = (points[:, 0] - points[:, 1]) / 2
    return centre, torch.stack((long_axis, short_axis), dim=2)


def ends_from_ellipse(centre: Tensor, matrix: Tensor) -> Tensor:
    """Ends of the axes (B, 4, 2) in the order of the HC task.

    Points 1, 2 end the short axis with 1 above 2; points 3, 4 end the long axis with 3 on the
    right. A long axis exactly along y makes its lower end point 3.
    """
    left, lengths, _ = torch.linalg.svd(matrix)
    axes = left * lengths[:, None, :]
    long_axis, short_axis = axes[:, :, 0], axes[:, :, 1]
    towards_right = torch.where(long_axis[:, :1] < 0, -1.0, 1.0).to(matrix.dtype)
    towards_top = torch.where(short_axis[:, 1:] > 0, -1.0, 1.0).to(matrix.dtype)
    long_axis, short_axis = long_axis * towards_right, short_axis * towards_top
    return torch.stack(
        (centre + short_axis, centre - short_axis, centre + long_axis, centre - long_axis), dim=1
    )


def ellipse_circumference(first_diameter: Tensor, second_diameter: Tensor) -> Tensor:
    """Circumference from two diameters by Ramanujan's second formula, differentiable.

    The same formula as ``sonichu_gui.biometry.ellipse`` (a test holds them together); this one
    exists because the loss needs its gradient.
    """
    total = (first_diameter + second_diameter) / 2
    h = ((first_diameter - second_diameter) / (first_diameter + second_diameter)) ** 2
    return torch.pi * total * (1 + 3 * h / (10 + torch.sqrt(4 - 3 * h)))


def implicit_distance(points: Tensor, centre: Tensor, matrix: Tensor) -> Tensor:
    """Signed first-order distance (B, N) of points to the outlines; negative inside.

    Args:
        points: (B, N, 2), same frame as the ellipses.
        centre: (B, 2).
        matrix: (B, 2, 2), invertible.
    """
    inverse = torch.linalg.inv(matrix)
    unit = (points - centre[:, None]) @ inverse.transpose(1, 2)
    radius = unit.norm(dim=2).clamp_min(1e-6)
    # gradient of |M^-1 x| with respect to x, whose length turns "units of radius" into pixels
    gradient = (unit / radius[..., None]) @ inverse
    distance: Tensor = (radius - 1) / gradient.norm(dim=2).clamp_min(1e-6)
    return distance
