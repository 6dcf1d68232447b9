"""What each setting of the drawn scanner does to the echoes, measured on a uniform body."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from sonichu_gui.training.phantoms.echo import Machine, depth_gain_db, envelope, grey_level
from sonichu_gui.training.phantoms.scene import FAT, FLUID, Scene, Tissue
from sonichu_gui.training.phantoms.sector import LinearSector, Probe, Sector, linear_probe

QUIET = Machine(focus_mm=30.0, noise_db=-140.0, looks=1)
EMPTY = -200.0


def flat_scene(echo_db: float = -30.0, density_mm2: float = 30.0) -> Scene:
    """A uniform body under a flat array, whose beams are equally wide apart at every depth."""
    probe = linear_probe(width_mm=50.0, frequency_mhz=5.0, f_number=3.0)
    sector = LinearSector(probe, (30.0, 2.0), 60.0, 0.25, 240, 260)
    ground = Tissue(echo_db, density_mm2=density_mm2)
    return Scene(sector, np.random.default_rng(1), ground)


def contrast(echoes: np.ndarray) -> float:
    """Mean over deviation of the envelope: 1.91 for fully developed speckle."""
    inner = echoes[60:-30, 60:-60]
    inner = inner / np.sqrt(np.mean(inner**2, axis=0))
    return float(inner.mean() / inner.std())


def rms(echoes: np.ndarray) -> float:
    return float(np.sqrt(np.mean(echoes**2)))


def test_many_scatterers_in_a_cell_develop_speckle_fully() -> None:
    many = replace(QUIET, scatterers=1.0)
    assert contrast(envelope(flat_scene(density_mm2=60.0), many)) == pytest.approx(1.91, rel=0.07)


def test_few_scatterers_in_a_cell_show_as_grains() -> None:
    few = replace(QUIET, scatterers=0.1)
    assert contrast(envelope(flat_scene(density_mm2=10.0), few)) < 1.5


def test_the_mean_echo_does_not_depend_on_the_number_of_scatterers() -> None:
    few, many = (
        rms(envelope(flat_scene(density_mm2=density), replace(QUIET, scatterers=1.0))[60:-30])
        for density in (3.0, 60.0)
    )
    assert 20 * math.log10(few / many) == pytest.approx(0.0, abs=0.8)


def test_tissues_differ_in_their_density_of_scatterers() -> None:
    scene = flat_scene()
    scene.fill(scene.depth - 20.0, FAT)
    assert scene.density_mm2[0, 0] == pytest.approx(FAT.density_mm2)
    assert scene.density_mm2[-1, 0] == pytest.approx(30.0)
    assert FLUID.density_mm2 < FAT.density_mm2


def test_electronic_noise_grows_with_depth() -> None:
    noisy = replace(QUIET, noise_db=-60.0, noise_rise_db_cm=5.0)
    echoes = envelope(flat_scene(EMPTY), noisy)
    rows = [round(depth / 60 * len(echoes)) for depth in (10, 50)]
    shallow, deep = (rms(echoes[row - 10 : row + 10]) for row in rows)
    assert 20 * math.log10(deep / shallow) == pytest.approx(20.0, abs=1.5)


def test_haze_lies_under_the_face_and_fades_with_depth() -> None:
    hazy = replace(QUIET, haze_db=-40.0, haze_fade_db_cm=10.0)
    echoes = envelope(flat_scene(EMPTY), hazy)
    third = len(echoes) // 3
    levels = [20 * math.log10(rms(echoes[n * third : (n + 1) * third])) for n in range(3)]
    assert levels[0] > levels[1] + 10 > levels[2] + 20


def test_the_beam_of_a_flat_array_is_wider_away_from_its_focus() -> None:
    scene = flat_scene(EMPTY)
    rows = [round(depth / 60 * len(scene.x)) for depth in (8, 30, 55)]
    middle = scene.x.shape[1] // 2
    for row in rows:
        scene.mirror[row - 3 : row + 4, middle] = 1.0
    echoes = envelope(scene, QUIET)
    before, at, behind = (np.count_nonzero(echoes[row] > echoes[row].max() / 2) for row in rows)
    assert at < before
    assert at < behind


def test_a_longer_pulse_smears_along_the_beam() -> None:
    lengths = []
    for cycles in (2.0, 6.0):
        scene = flat_scene(EMPTY)
        middle = scene.x.shape[1] // 2
        scene.mirror[len(scene.x) // 2, middle - 3 : middle + 4] = 1.0
        line = envelope(scene, replace(QUIET, cycles=cycles))[:, middle]
        lengths.append(np.count_nonzero(line > line.max() / 2))
    assert lengths[1] > 2 * lengths[0]


def test_a_wrong_depth_slider_changes_only_its_depth() -> None:
    sector = flat_scene().sector
    curve = depth_gain_db(sector, replace(QUIET, tgc_db=(0.0, 0.0, 6.0, 0.0, 0.0)))[:, 0]
    assert curve[len(curve) // 2] == pytest.approx(6.0, abs=0.2)
    assert abs(curve[0]) < 0.1
    assert abs(curve[-1]) < 0.1


@pytest.mark.parametrize("bend", [0.0, 0.6])
def test_a_stronger_echo_is_never_darker(bend: float) -> None:
    shown = np.linspace(-90, 10, 300, dtype=np.float32)
    grey = grey_level(shown, replace(QUIET, bend=bend, reject=0.04))
    assert np.all(np.diff(grey) >= 0)
    assert (grey.min(), grey.max()) == (0.0, pytest.approx(1.0))


def test_a_wider_dynamic_range_lifts_weak_echoes() -> None:
    weak = np.array([-45.0], np.float32)
    narrow, wide = (grey_level(weak, replace(QUIET, range_db=db))[0] for db in (50.0, 75.0))
    assert wide > 2 * narrow


# ---- geometry of the arrays ----------------------------------------------------------------


def test_beams_of_a_flat_array_are_parallel_and_leave_its_face_straight_down() -> None:
    sector = flat_scene().sector
    assert np.ptp(sector.x, axis=0).max() == 0
    assert np.ptp(sector.y, axis=1).max() == 0
    assert np.allclose(sector.y[:, 0] - 2.0, sector.depths[:, 0], atol=1e-4)
    seen = sector.x[0, 24:-24]
    assert (seen[0], seen[-1]) == (pytest.approx(5.0, abs=1e-3), pytest.approx(55.0, abs=1e-3))
    assert np.allclose(np.diff(seen), sector.pitch_mm[0, 0], atol=1e-4)


def test_a_flat_array_shows_a_rectangle_and_a_curved_one_a_fan() -> None:
    flat = flat_scene().sector
    frame = flat.to_screen(np.ones_like(flat.x)) > 0
    rows, columns = np.flatnonzero(frame.any(axis=1)), np.flatnonzero(frame.any(axis=0))
    assert frame[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].all()
    assert ((columns[-1] - columns[0]) * 0.25) == pytest.approx(50.0, abs=0.5)
    probe = Probe(radius_mm=30.0, half_angle=0.5, frequency_mhz=4.0, f_number=4.0)
    curved = Sector(probe, (30.0, 2.0), 55.0, 0.25, 240, 260)
    width = (curved.to_screen(np.ones_like(curved.x)) > 0).sum(axis=1)
    assert width[200] > width[100] > width[30] > 0


@pytest.mark.parametrize("flat", [True, False])
def test_places_on_the_screen_name_the_beam_that_meets_them(*, flat: bool) -> None:
    sector = flat_scene().sector
    if not flat:
        probe = Probe(radius_mm=30.0, half_angle=0.5, frequency_mhz=4.0, f_number=4.0)
        sector = Sector(probe, (30.0, 2.0), 55.0, 0.25, 240, 260)
    depth, angle = sector.beams_at(sector.x, sector.y)
    assert np.allclose(depth, np.broadcast_to(sector.depths, depth.shape), atol=1e-3)
    assert np.allclose(angle, np.broadcast_to(sector.angles, angle.shape), atol=1e-5)


def test_a_surface_along_a_flat_face_is_hit_squarely_everywhere() -> None:
    scene = flat_scene()
    assert scene.incidence(scene.depth - 20.0).min() == pytest.approx(1.0)
    steep = ((scene.x - 30.0) + (scene.depth - 30.0)).astype(np.float32)
    assert np.median(scene.incidence(steep)) == pytest.approx(math.sqrt(0.5), abs=0.01)
