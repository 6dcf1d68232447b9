"""From tissue to grey values: sound out, echoes back, logarithm, screen.

A short account of pulse-echo imaging at baseband: many small scatterers of random phase, blurred
by the pulse along the beam and by the beam across it, add up to an envelope of Rayleigh speckle.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

from sonichu_gui.training.phantoms.shapes import smooth_noise

if TYPE_CHECKING:
    from sonichu_gui.training.phantoms.scene import Scene
    from sonichu_gui.training.phantoms.sector import Field, Sector

_Signal = npt.NDArray[np.complex64]

_FWHM = 2 * math.sqrt(2 * math.log(2))


@dataclass(frozen=True, slots=True)
class Machine:
    """How the scanner is set.

    Attributes:
        focus_mm: Depth at which the beam is narrowest.
        gain_db: Added to every echo.
        range_db: Echo strengths between black and white.
        gamma: Exponent of the grey map; above 1 darkens the middle.
        noise_db: Electronic noise at the face, before depth gain.
        noise_rise_db_cm: How much depth gain lifts that noise.
        looks: Independent images that are averaged; each makes the speckle smoother.
        cycles: Length of the pulse.
        scatterers: Factor on the tissues' density of scatterers; infinite develops speckle fully.
        stray_db: Echoes from beside the beam, relative to what lies there.
        haze_db: Echoes that run to and fro between the probe and the first layers, at the face.
        haze_fade_db_cm: How fast these die away with depth.
        tgc_db: Errors of the depth gain, at depths spread evenly from the face to the bottom.
        bend: Share of an S-curve in the grey map: deep blacks and hard whites.
        reject: Grey level below which everything is black.
        smooth_samples: Deviation of the video filter, along and across the beams.
        sharpen: Amount of edge enhancement after it.
    """

    focus_mm: float
    gain_db: float = 0.0
    range_db: float = 62.0
    gamma: float = 1.6
    noise_db: float = -66.0
    noise_rise_db_cm: float = 0.5
    looks: int = 3
    cycles: float = 3.0
    scatterers: float = math.inf
    stray_db: float = -34.0
    haze_db: float = -math.inf
    haze_fade_db_cm: float = 12.0
    tgc_db: tuple[float, ...] = ()
    bend: float = 0.0
    reject: float = 0.0
    smooth_samples: tuple[float, float] = (0.8, 0.8)
    sharpen: float = 0.0


def grey_frame(scene: Scene, machine: Machine) -> npt.NDArray[np.uint8]:
    """Gives the frame (height, width) that the machine shows of a scene."""
    echoes_db = 20 * np.log10(np.maximum(envelope(scene, machine), 1e-6)) + machine.gain_db
    if machine.tgc_db:
        echoes_db = echoes_db + depth_gain_db(scene.sector, machine)
    # The video filter of every scanner: without it, nulls of the speckle show as dark threads.
    along, across = machine.smooth_samples
    shown_db = cv2.GaussianBlur(echoes_db, (0, 0), sigmaX=across, sigmaY=along)
    if machine.sharpen:
        wide = cv2.GaussianBlur(shown_db, (0, 0), sigmaX=3 * across, sigmaY=3 * along)
        shown_db = shown_db + machine.sharpen * (shown_db - wide)
    frame = scene.sector.to_screen(grey_level(np.asarray(shown_db, np.float32), machine))
    return np.rint(255 * frame).astype(np.uint8)


def depth_gain_db(sector: Sector, machine: Machine) -> Field:
    """Gives what the depth sliders are off by at every depth, shape (samples, 1)."""
    knots = np.array(machine.tgc_db, dtype=np.float32)[:, None]
    curve = cv2.resize(knots, (1, len(sector.depths)), interpolation=cv2.INTER_CUBIC)
    return np.asarray(curve, dtype=np.float32)


def grey_level(shown_db: Field, machine: Machine) -> Field:
    """Maps decibels to grey between 0 and 1 as the machine's dynamic range and grey map do."""
    level = np.clip(1 + shown_db / machine.range_db, 0.0, 1.0) ** machine.gamma
    if machine.bend:
        level += machine.bend * (level * level * (3 - 2 * level) - level)
    if machine.reject:
        level = np.clip((level - machine.reject) / (1 - machine.reject), 0.0, 1.0)
    return np.asarray(level, dtype=np.float32)


def envelope(scene: Scene, machine: Machine) -> Field:
    """Gives the amplitude of the echoes, shape (samples, beams); 1 is flat bone hit squarely."""
    sector, rng = scene.sector, scene.rng
    arriving = _arriving(scene)
    mirror = scene.mirror * arriving
    along, across = _blur_samples(sector, machine)
    # No surface is quite smooth: part of what it reflects is speckle too.
    scatter = 10 ** (scene.echo_db / 20) * arriving + 0.6 * mirror
    stray = _stray(scatter**2, across, sector.sample_mm, machine.stray_db)
    if math.isfinite(machine.haze_db):
        stray += _haze(scene, machine)
    stray = np.sqrt(stray)
    # Blurring takes this factor from the deviation of white noise; echo strengths are without it.
    restored = np.sqrt(4 * math.pi * along * across)
    floor = 10 ** ((machine.noise_db + machine.noise_rise_db_cm * sector.depths / 10) / 20)
    sparse = _scatterers(scene, machine)
    if sparse is None:
        scatter = np.sqrt(scatter**2 + stray**2)
    else:
        # Stray echoes come from everywhere: they stay fully developed.
        scatter = np.sqrt((scatter * sparse) ** 2 + stray**2)
    scatter *= restored
    power = np.zeros(scatter.shape, dtype=np.float32)
    for _ in range(machine.looks):
        signal = _blurred(_white(rng, scatter.shape) * scatter + 0.8 * mirror, along, across)
        heard = signal + _white(rng, scatter.shape) * floor
        power += np.abs(heard) ** 2 / machine.looks
    return np.sqrt(power)


def _scatterers(scene: Scene, machine: Machine) -> Field | None:
    """Amplitude of the scatterers at every sample: 0 where there is none; None for no limit.

    Places are the same in every look, which only sees them at another phase. Few scatterers are
    each as much stronger, so that the mean echo of a tissue does not depend on their density.
    """
    if math.isinf(machine.scatterers):
        return None
    area_mm2 = scene.sector.sample_mm * scene.sector.pitch_mm
    expected = np.clip(machine.scatterers * scene.density_mm2 * area_mm2, 0.02, 1.0)
    present = scene.rng.random(expected.shape, dtype=np.float32) < expected
    return np.asarray(present / np.sqrt(expected), dtype=np.float32)


def _haze(scene: Scene, machine: Machine) -> Field:
    """Power of the reverberations under the face: bands along it that fade with depth."""
    bands = 3.0 * scene.noise((40.0, 1.8)) + 3.0 * scene.noise((12.0, 5.0))
    level_db = machine.haze_db - machine.haze_fade_db_cm * scene.depth / 10 + bands
    return np.asarray(10 ** (level_db / 10), dtype=np.float32)


def _arriving(scene: Scene) -> Field:
    """Share of the amplitude that makes the way to each sample and back, after depth gain."""
    lost_db: Field = np.cumsum(scene.loss_db_cm, axis=0) * (scene.sector.sample_mm / 10)
    # A beam is formed by many elements, which look past an obstacle from either side.
    lost_db = np.asarray(cv2.GaussianBlur(lost_db, (0, 0), sigmaX=5.0, sigmaY=0.5), np.float32)
    # Part of the gain follows the picture, as a person's hand on the depth sliders would.
    expected_db = 0.6 * np.percentile(lost_db, 30, axis=1, keepdims=True)
    # Contact with the skin is never even, and beams at the edge have fewer elements.
    zero = np.zeros_like(scene.sector.angles)
    contact_db = 1.6 * smooth_noise(scene.rng, scene.sector.angles, zero, (math.radians(5), 1.0))
    edge_db = 4.0 * (scene.sector.angles / scene.sector.probe.half_angle) ** 4
    reach = np.clip(scene.sector.depths / 30, 0.0, 1.0)
    gain_db = expected_db - lost_db + reach * (contact_db - edge_db)
    return np.asarray(10 ** (gain_db / 20), dtype=np.float32)


def _blur_samples(sector: Sector, machine: Machine) -> tuple[float, Field]:
    """Deviations of pulse and beam, in samples and (per depth) in beams."""
    pulse_mm = machine.cycles * sector.probe.wavelength_mm / 2 / _FWHM
    focal_width_mm = sector.probe.wavelength_mm * sector.probe.f_number / _FWHM
    reach_mm = 0.45 * machine.focus_mm + 10.0
    width_mm = focal_width_mm * np.hypot(1.0, (sector.depths - machine.focus_mm) / reach_mm)
    beams = width_mm / np.maximum(sector.pitch_mm, 2.0 * sector.beam_step)
    return max(pulse_mm / sector.sample_mm, 0.5), np.maximum(beams, 0.5).astype(np.float32)


def _blurred(signal: npt.NDArray[np.complexfloating], along: float, across: Field) -> _Signal:
    """Convolves with a Gaussian pulse and, row by row, with a Gaussian beam of that depth."""
    frequency = np.fft.fftfreq(signal.shape[1])[None, :]
    beam = np.exp(-2 * (math.pi * across * frequency) ** 2).astype(np.float32)
    spread = np.fft.ifft(np.fft.fft(signal.astype(np.complex64), axis=1) * beam, axis=1)
    kernel = cv2.getGaussianKernel(2 * math.ceil(3 * along) + 1, along, cv2.CV_32F)
    parts = [
        cv2.sepFilter2D(np.ascontiguousarray(part, np.float32), -1, np.ones(1, np.float32), kernel)
        for part in (spread.real, spread.imag)
    ]
    return np.asarray(parts[0] + 1j * parts[1], dtype=np.complex64)


def _stray(power: Field, across: Field, sample_mm: float, level_db: float) -> Field:
    """Echoes from elsewhere: beside the beam, and from the body wall by a second round trip."""
    width = 8 * float(across.mean())
    wide = cv2.GaussianBlur(power, (0, 0), sigmaX=width, sigmaY=1.0)
    stray = 10 ** (level_db / 10) * wide
    smeared = cv2.GaussianBlur(wide, (0, 0), sigmaX=1.0, sigmaY=1.5 / sample_mm)
    for trip_mm, loss_db in ((9.0, 35.0), (16.0, 39.0), (25.0, 43.0)):
        delay = round(trip_mm / sample_mm)
        if delay >= len(stray):
            continue
        stray[delay:] += 10 ** (-loss_db / 10) * smeared[:-delay]
    return np.asarray(stray, dtype=np.float32)


def _white(rng: np.random.Generator, shape: tuple[int, ...]) -> _Signal:
    """Complex white noise of unit mean power."""
    pair = rng.standard_normal((2, *shape), dtype=np.float32) * np.float32(math.sqrt(0.5))
    return np.asarray(pair[0] + 1j * pair[1], dtype=np.complex64)
