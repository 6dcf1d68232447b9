"""One phantom: anatomy, probe and machine chosen by a seed, and the frame that they give."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from sonichu_gui.errors import TaskError
from sonichu_gui.tasks import load_tasks
from sonichu_gui.training.phantoms.abdomen import abdomen
from sonichu_gui.training.phantoms.any_head import any_head
from sonichu_gui.training.phantoms.cervix import cervix
from sonichu_gui.training.phantoms.echo import Machine, grey_frame
from sonichu_gui.training.phantoms.femur import femur
from sonichu_gui.training.phantoms.head import head
from sonichu_gui.training.phantoms.heart_four_chamber import four_chamber
from sonichu_gui.training.phantoms.heart_long_axis import long_axis
from sonichu_gui.training.phantoms.heart_short_axis import short_axis
from sonichu_gui.training.phantoms.overlay import dress
from sonichu_gui.training.phantoms.perineum import perineum
from sonichu_gui.training.phantoms.scene import Scene
from sonichu_gui.training.phantoms.screen import add_ruler
from sonichu_gui.training.phantoms.sector import Point
from sonichu_gui.training.phantoms.style import Style
from sonichu_gui.training.phantoms.variation import recast, stored, varied_machine, varied_size
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

VARIED: dict[str, Anatomy] = {
    "HC": any_head,
    "FA": partial(abdomen, style=Style.VARIED),
    "fetal_femur": partial(femur, style=Style.VARIED),
    "AOP": partial(perineum, style=Style.VARIED),
    "FUGC": partial(cervix, style=Style.VARIED),
    "IVC": partial(vena_cava, style=Style.VARIED),
}
"""Anatomy with a range of its own for varied frames; the other tasks' is drawn as it is."""

CLEAN_SIZE = (800, 540)

_INSET_PX, _ATTEMPTS = 1.0, 40

MIRRORED = {"FUGC": 0.35, "AOP": 0.15}
"""Share of varied frames shown the other way round, where the anatomy is drawn one way only."""


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


def frame_size(task_id: str, seed: int, style: Style) -> tuple[int, int]:
    """Gives width and height of a phantom that nobody asked a size of."""
    if style is Style.CLEAN:
        return CLEAN_SIZE
    return varied_size(np.random.default_rng((seed, list(ANATOMY).index(task_id), 1)))


def draw_phantom(
    task_id: str,
    *,
    seed: int,
    width: int = CLEAN_SIZE[0],
    height: int = CLEAN_SIZE[1],
    style: Style = Style.CLEAN,
) -> Phantom:
    """Gives the phantom of a task and a seed; the same every time.

    Args:
        task_id: One of `ANATOMY`.
        seed: Chooses anatomy, probe position, machine settings and speckle.
        width: Frame width in pixels.
        height: Frame height in pixels.
        style: Textbook frames or anything that may come.

    Raises:
        TaskError: Nothing is drawn for this task.
    """
    anatomy = require_anatomy(task_id)
    # The task is part of the seed: frames of one seed then differ in more than their anatomy.
    rng = np.random.default_rng((seed, list(ANATOMY).index(task_id)))
    if style is Style.VARIED:
        scene, keypoints = _varied_scene(VARIED.get(task_id, anatomy), rng, width, height)
        pixels = _varied_frame(scene, keypoints, task_id, rng)
    else:
        scene, points_mm = anatomy(rng, width, height)
        keypoints = np.array(points_mm, dtype=np.float64) / scene.sector.mm_per_px
        pixels = _clean_frame(scene, rng)
    for array in (pixels, keypoints):
        array.setflags(write=False)
    return Phantom(pixels, keypoints, scene.sector.mm_per_px, task_id)


def _clean_frame(scene: Scene, rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    machine = Machine(
        focus_mm=float(rng.uniform(0.4, 0.65)) * scene.sector.depth_mm,
        gain_db=float(rng.uniform(-2.5, 2.5)),
        range_db=float(rng.uniform(58, 66)),
        gamma=float(rng.uniform(1.4, 1.8)),
        looks=int(rng.integers(2, 5)),
    )
    pixels = grey_frame(scene, machine)
    add_ruler(pixels, scene.sector, machine)
    return pixels


def _varied_scene(
    anatomy: Anatomy, rng: np.random.Generator, width: int, height: int
) -> tuple[Scene, npt.NDArray[np.float64]]:
    """Draws anatomy until its keypoints lie on the frame, which may be too narrow for some."""
    last = np.array((width, height)) - 1 - _INSET_PX
    for _ in range(_ATTEMPTS):
        scene, points_mm = anatomy(rng, width, height)
        keypoints = np.array(points_mm, dtype=np.float64) / scene.sector.mm_per_px
        if np.all(keypoints >= _INSET_PX) and np.all(keypoints <= last):
            return scene, keypoints
    raise RuntimeError(f"no anatomy of {_ATTEMPTS} fits a frame of {width} x {height}")


def _varied_frame(
    scene: Scene, keypoints: npt.NDArray[np.float64], task_id: str, rng: np.random.Generator
) -> npt.NDArray[np.uint8]:
    """Gives the frame; its keypoints change in place where it is shown mirrored."""
    recast(scene, rng)
    machine = varied_machine(rng, scene.sector)
    pixels = grey_frame(scene, machine)
    if rng.random() < MIRRORED.get(task_id, 0.0):
        pixels = np.ascontiguousarray(pixels[:, ::-1])
        keypoints[:, 0] = pixels.shape[1] - 1 - keypoints[:, 0]
        for one, other in load_tasks()[task_id].flip_pairs:
            keypoints[[one, other]] = keypoints[[other, one]]
    dress(pixels, keypoints, scene.sector, machine, rng)
    return stored(pixels, rng)
