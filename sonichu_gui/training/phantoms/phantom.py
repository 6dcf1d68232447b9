"""One phantom: anatomy, probe and machine chosen by a seed, and the frame that they give."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sonichu_gui.errors import TaskError
from sonichu_gui.training.phantoms.abdomen import abdomen
from sonichu_gui.training.phantoms.cervix import cervix
from sonichu_gui.training.phantoms.echo import Machine, grey_frame
from sonichu_gui.training.phantoms.femur import femur
from sonichu_gui.training.phantoms.head import head
from sonichu_gui.training.phantoms.heart_four_chamber import four_chamber
from sonichu_gui.training.phantoms.heart_long_axis import long_axis
from sonichu_gui.training.phantoms.heart_short_axis import short_axis
from sonichu_gui.training.phantoms.perineum import perineum
from sonichu_gui.training.phantoms.scene import Scene
from sonichu_gui.training.phantoms.screen import add_ruler
from sonichu_gui.training.phantoms.sector import Point
from sonichu_gui.training.phantoms.vena_cava import vena_cava

Anatomy = Callable[[np.random.Generator, int, int], tuple[Scene, list[Point]]]

ANATOMY: dict[str, Anatomy] = {
    "HC": head,
    "FA": abdomen,
    "fetal_femur": femur,
    "AOP": perineum,
    "FUGC": cervix,
    "IVC": vena_cava,
    "PLAX": long_axis,
    "PSAX": short_axis,
    "A4C": four_chamber,
}
"""What is drawn for each task; the points are in the order of the task's keypoints.

A task's place is part of its seeds: new tasks come at the end.
"""


@dataclass(frozen=True, slots=True)
class Phantom:
    """A drawn frame whose true points are known.

    Attributes:
        pixels: (height, width) uint8 grey values, read-only.
        keypoints: (K, 2) float64 image pixels, (0, 0) = centre of the top-left pixel, read-only.
        mm_per_px: Size of the square pixels.
        task_id: The task that the keypoints belong to.
    """

    pixels: npt.NDArray[np.uint8]
    keypoints: npt.NDArray[np.float64]
    mm_per_px: float
    task_id: str


def require_anatomy(task_id: str) -> Anatomy:
    """Gives what is drawn for a task.

    Raises:
        TaskError: Nothing is.
    """
    if task_id not in ANATOMY:
        raise TaskError(
            f"There is no phantom for the task {task_id!r}.",
            f"Phantoms are drawn for {', '.join(ANATOMY)}.",
        )
    return ANATOMY[task_id]


def draw_phantom(task_id: str, *, seed: int, width: int = 800, height: int = 540) -> Phantom:
    """Gives the phantom of a task and a seed; the same every time.

    Args:
        task_id: One of `ANATOMY`.
        seed: Chooses anatomy, probe position, machine settings and speckle.
        width: Frame width in pixels.
        height: Frame height in pixels.

    Raises:
        TaskError: Nothing is drawn for this task.
    """
    anatomy = require_anatomy(task_id)
    # The task is part of the seed: frames of one seed then differ in more than their anatomy.
    rng = np.random.default_rng((seed, list(ANATOMY).index(task_id)))
    scene, points_mm = anatomy(rng, width, height)
    sector = scene.sector
    machine = Machine(
        focus_mm=float(rng.uniform(0.4, 0.65)) * sector.depth_mm,
        gain_db=float(rng.uniform(-2.5, 2.5)),
        range_db=float(rng.uniform(58, 66)),
        gamma=float(rng.uniform(1.4, 1.8)),
        looks=int(rng.integers(2, 5)),
    )
    pixels = grey_frame(scene, machine)
    add_ruler(pixels, sector, machine)
    keypoints = np.array(points_mm, dtype=np.float64) / sector.mm_per_px
    for array in (pixels, keypoints):
        array.setflags(write=False)
    return Phantom(pixels, keypoints, sector.mm_per_px, task_id)
