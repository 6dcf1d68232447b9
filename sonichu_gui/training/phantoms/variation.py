"""What differs between scanners, hands and bodies, drawn by a seed: machine, contrast, file.

Ranges are wider than those of good examinations: a model should meet nothing stranger in practice.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

from sonichu_gui.training.phantoms.echo import Machine

if TYPE_CHECKING:
    from sonichu_gui.training.phantoms.scene import Scene
    from sonichu_gui.training.phantoms.sector import Sector

_SIZES = ((800, 540), (640, 480), (720, 540), (800, 600), (640, 512), (600, 600), (512, 384))
"""Frame sizes that scanners and data sets use, with the shapes of larger ones."""

_QUIET_DB = -58.0
"""Echoes below this are fluid: it stays black whatever a body's contrast is."""

_SOFT_TISSUE_DB = -33.0


def varied_size(rng: np.random.Generator) -> tuple[int, int]:
    """Gives width and height of a frame; a third are cut from a screen to no standard size."""
    width, height = _SIZES[int(rng.integers(len(_SIZES)))]
    if rng.random() < 1 / 3:
        width, height = round(width * rng.uniform(0.75, 1.0)), round(height * rng.uniform(0.8, 1.0))
    return width, height


def varied_machine(rng: np.random.Generator, sector: Sector) -> Machine:
    """Gives a scanner and how somebody set it, well or less well."""
    depth_cm = sector.depth_mm / 10
    noise_db, at_bottom_db = rng.uniform(-82, -64), rng.uniform(-66, -44)
    grain = float(np.exp(rng.uniform(math.log(0.3), math.log(4.0))))
    range_db, gamma = float(rng.uniform(50, 74)), float(rng.uniform(1.1, 2.0))
    smooth = rng.uniform(0.7, 1.9)
    return Machine(
        focus_mm=float(rng.uniform(0.3, 0.9)) * sector.depth_mm,
        gain_db=_gain_db(rng, range_db, gamma),
        range_db=range_db,
        gamma=gamma,
        noise_db=float(noise_db),
        noise_rise_db_cm=float(max(at_bottom_db - noise_db, 0.0) / depth_cm),
        looks=int(rng.choice((1, 2, 3, 4, 6), p=(0.12, 0.2, 0.28, 0.25, 0.15))),
        cycles=float(rng.uniform(1.2, 3.0)),
        scatterers=math.inf if rng.random() < 0.2 else grain,
        stray_db=float(rng.uniform(-40, -25)),
        haze_db=-math.inf if rng.random() < 0.2 else float(rng.uniform(-58, -30)),
        haze_fade_db_cm=float(rng.uniform(5, 16)),
        tgc_db=tuple(rng.normal(0, rng.uniform(0.5, 3.0), int(rng.integers(5, 9))).tolist()),
        bend=float(rng.uniform(0.0, 0.6)),
        reject=float(max(rng.uniform(-0.05, 0.05), 0.0)),
        smooth_samples=(float(smooth), float(smooth * rng.uniform(0.7, 1.2))),
        sharpen=float(max(rng.uniform(-0.4, 0.6), 0.0)),
    )


def _gain_db(rng: np.random.Generator, range_db: float, gamma: float) -> float:
    """Gain that shows soft tissue as grey as a person would set it, whatever the grey map."""
    wanted = rng.uniform(0.24, 0.46)
    return float(range_db * (wanted ** (1 / gamma) - 1) - _SOFT_TISSUE_DB)


def recast(scene: Scene, rng: np.random.Generator) -> None:
    """Gives the tissues of a painted scene other echo strengths, and bone another shadow.

    One curve from old to new decibels serves the whole scene, so that what was one tissue stays
    one; fluid stays black.
    """
    knots = np.arange(-94.0, 13.0, 13.0)
    change = rng.normal(0, 2.2, len(knots)) * (knots > _QUIET_DB)
    flat = np.interp(scene.echo_db.ravel(), knots, change).astype(np.float32)
    scene.echo_db += flat.reshape(scene.echo_db.shape)
    scene.mirror *= np.float32(10 ** (rng.normal(0, 2.0) / 20))
    scene.loss_db_cm *= np.float32(np.exp(rng.normal(0, 0.35)))
    for _ in range(int(rng.choice(3, p=(0.55, 0.25, 0.2)))):
        _lose_contact(scene, rng)


def _lose_contact(scene: Scene, rng: np.random.Generator) -> None:
    """Darkens some beams from the face on, mostly at a side: air under the probe, or bone."""
    half = scene.sector.probe.half_angle
    place, width = rng.choice((-1, 1)) * half * rng.beta(3, 1.5), half * rng.uniform(0.08, 0.5)
    wedge = np.exp(-0.5 * ((scene.sector.angles - place) / width) ** 2)
    over_mm = rng.uniform(3, 15)
    within = scene.sector.depths < over_mm
    scene.loss_db_cm += np.float32(rng.uniform(3, 12) / over_mm * 10) * wedge * within


def stored(pixels: npt.NDArray[np.uint8], rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """Gives the frame as archives hand it on: some through JPEG, some from fewer pixels."""
    height, width = pixels.shape
    if rng.random() < 0.35:
        share = rng.uniform(0.45, 0.9)
        few = cv2.resize(pixels, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
        pixels = np.asarray(cv2.resize(few, (width, height), interpolation=cv2.INTER_LINEAR))
    if rng.random() < 0.3:
        quality = int(rng.integers(45, 95))
        _, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
        pixels = np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE))
    return np.asarray(pixels, dtype=np.uint8)
