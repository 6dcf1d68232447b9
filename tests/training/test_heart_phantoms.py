"""The three views of the heart: calipers end on the edges that are drawn, in sizes of adults."""

from __future__ import annotations

import math
from functools import cache

import cv2
import numpy as np
import pytest

from sonichu_gui.tasks import load_tasks
from sonichu_gui.training.phantoms import (
    heart_four_chamber,
    heart_four_chamber_shape,
    heart_long_axis,
    heart_long_axis_shape,
    heart_short_axis,
    heart_short_axis_shape,
)
from sonichu_gui.training.phantoms.heart import in_view
from sonichu_gui.training.phantoms.outline import Outline, Tube, line_distance, smooth
from sonichu_gui.training.phantoms.phantom import ANATOMY, draw_phantom
from sonichu_gui.training.phantoms.scene import Scene, Tissue
from sonichu_gui.training.phantoms.sector import Probe, Sector

SEEDS = range(40)
SIZE = (400, 270)

LIE = {
    "PLAX": (heart_long_axis.lie, heart_long_axis_shape.calipers),
    "PSAX": (heart_short_axis.lie, heart_short_axis_shape.calipers),
    "A4C": (heart_four_chamber.lie, heart_four_chamber_shape.calipers),
}

RANGES_MM = {
    "LV": (25, 60), "RV": (9, 33), "IVS": (6, 16), "LVPW": (6, 18), "VAO": (18, 26),
    "STJ": (20, 36), "AAO": (22, 40), "AV": (0.5, 24), "LVOT": (15, 30), "LA": (22, 46),
    "RVOT": (10, 38), "PA": (16, 32),
    "LV long": (52, 98), "LV trans": (28, 58), "RV long": (40, 90), "RV trans": (22, 54),
    "LA long": (30, 60), "LA trans": (27, 52), "RA long": (32, 62), "RA trans": (27, 54),
}  # fmt: skip
"""What echocardiography finds in adults over the cycle, ill hearts of common size included."""


@cache
def lain(task_id: str, seed: int):
    """A sector, a heart in it and its calipers (pairs, end, xy) in mm; nothing is drawn."""
    lie, calipers = LIE[task_id]
    sector, heart = lie(np.random.default_rng(seed), *SIZE)
    return sector, heart, np.array(calipers(heart)).reshape(-1, 2, 2)


def lengths(task_id: str, seed: int) -> dict[str, float]:
    pairs = lain(task_id, seed)[2]
    measures = [m.name for m in load_tasks()[task_id].measures if m.kind == "length"]
    return dict(zip(measures, np.hypot(*(pairs[:, 1] - pairs[:, 0]).T), strict=True))


def sampled(scene: Scene, field: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Values of a field of the scene at (N, 2) places in mm."""
    sector = scene.sector
    x, y = (points - sector.apex_mm).T
    along = (np.hypot(x, y) - sector.probe.radius_mm) / sector.sample_mm
    across = (np.arctan2(x, y) - float(sector.angles[0, 0])) / sector.beam_step
    maps = (np.ascontiguousarray(m[:, None], np.float32) for m in (across, along))
    return cv2.remap(field, *maps, cv2.INTER_LINEAR)[:, 0]


# ---- every view ----------------------------------------------------------------------------


@pytest.mark.parametrize("task_id", LIE)
def test_every_caliper_lies_in_the_sector_with_its_upper_end_first(task_id: str) -> None:
    for seed in SEEDS:
        sector, _, pairs = lain(task_id, seed)
        assert all(in_view(sector, tuple(point)) for point in pairs.reshape(-1, 2))
        assert (pairs[:, 0, 1] <= pairs[:, 1, 1]).all()


@pytest.mark.parametrize("task_id", LIE)
def test_lengths_are_those_of_adults(task_id: str) -> None:
    for seed in SEEDS:
        for name, length in lengths(task_id, seed).items():
            low, high = RANGES_MM[name]
            assert low <= length <= high, (seed, name)


@pytest.mark.parametrize("task_id", LIE)
def test_hearts_differ_in_size_place_and_scale(task_id: str) -> None:
    first = [lain(task_id, seed)[2][0].mean(axis=0) for seed in SEEDS]
    depths = [lain(task_id, seed)[0].depth_mm for seed in SEEDS]
    sizes = np.array([list(lengths(task_id, seed).values()) for seed in SEEDS])
    assert (np.std(first, axis=0) > 2.0).all()
    assert np.std(depths) > 8
    assert (sizes.std(axis=0) / sizes.mean(axis=0) > 0.05).all()


@pytest.mark.parametrize("task_id", LIE)
def test_a_frame_shows_the_heart_that_was_lain(task_id: str) -> None:
    """The points of the frame are the calipers of the anatomy that its seed gives."""
    seed = (4, list(ANATOMY).index(task_id))
    lie, calipers = LIE[task_id]
    sector, heart = lie(np.random.default_rng(seed), *SIZE)
    drawn = draw_phantom(task_id, seed=4, width=SIZE[0], height=SIZE[1])
    assert np.allclose(drawn.keypoints * sector.mm_per_px, calipers(heart))


INSIDE_BLOOD = {
    "PLAX": {
        "LV": "01", "RV": "01", "VAO": "01", "STJ": "01", "AAO": "01", "LA": "01", "RVOT": "01",
    },
    "PSAX": {"RVOT": "01", "PA": "01"},
    "A4C": {
        "LV long": "0", "LV trans": "01", "RV long": "0", "RV trans": "01",
        "LA long": "1", "LA trans": "01", "RA long": "1", "RA trans": "01",
    },
}  # fmt: skip
"""Ends of calipers with blood inside and a wall beyond; the others lie in the plane of a valve."""


@pytest.mark.parametrize("task_id", LIE)
def test_blood_lies_between_the_ends_and_a_wall_beyond_them(task_id: str) -> None:
    steps, names = [], list(lengths(task_id, 0))
    for seed in range(6):
        scene, points = ANATOMY[task_id](np.random.default_rng(seed), *SIZE)
        echo = 10 * np.log10(10 ** (scene.echo_db / 10) + scene.mirror**2)
        pairs = np.array(points).reshape(-1, 2, 2)
        for name, ends in INSIDE_BLOOD[task_id].items():
            pair = pairs[names.index(name)]
            for end in map(int, ends):
                away = pair[end] - pair[1 - end]
                away /= np.hypot(*away)
                inside, wall = (
                    sampled(scene, echo, pair[end] + np.linspace(*reach, 12)[:, None] * away)
                    for reach in ((-4.5, -1.5), (0.2, 2.0))
                )
                steps.append(wall.mean() - inside.mean())
    # Trabeculae may stand inside and drop-outs beyond, never at most of the ends.
    assert np.median(steps) > 12
    assert np.mean(np.array(steps) > 3) > 0.85


# ---- each view -----------------------------------------------------------------------------


def edge_errors(seed: int, task_id: str, outlines, pairs: list[int]) -> np.ndarray:
    """Distances of the ends of some calipers from the outlines as they are painted, in mm."""
    sector, _, points = lain(task_id, seed)
    scene = Scene(sector, np.random.default_rng(0), Tissue(-40.0))
    return np.concatenate([
        sampled(scene, outline.distance(scene), points[pair])
        for outline, pair in zip(outlines, pairs, strict=True)
    ])  # fmt: skip


@pytest.mark.parametrize("seed", range(6))
def test_long_axis_calipers_end_on_painted_edges(seed: int) -> None:
    heart = lain("PLAX", seed)[1]
    tube = heart.root.tube.outline
    outlines = (heart.left.cavity, heart.rv, tube, tube, heart.la, heart.rv)
    assert np.abs(edge_errors(seed, "PLAX", outlines, [0, 1, 5, 6, 9, 10])).max() < 0.35


@pytest.mark.parametrize("seed", range(6))
def test_short_axis_calipers_end_on_painted_edges(seed: int) -> None:
    outline = lain("PSAX", seed)[1].outflow.tube.outline
    assert np.abs(edge_errors(seed, "PSAX", (outline, outline), [0, 1])).max() < 0.35


@pytest.mark.parametrize("seed", range(6))
def test_four_chamber_widths_end_on_painted_edges(seed: int) -> None:
    heart = lain("A4C", seed)[1]
    outlines = (heart.lv, heart.rv, heart.la, heart.ra)
    assert np.abs(edge_errors(seed, "A4C", outlines, [1, 3, 5, 7])).max() < 0.35


@pytest.mark.parametrize("seed", range(10))
def test_right_ventricle_septum_cavity_and_wall_are_measured_on_one_line(seed: int) -> None:
    _, heart, pairs = lain("PLAX", seed)
    lv, rv, septum, back = pairs[:4]
    assert np.allclose(rv[1], septum[0])
    assert np.allclose(septum[1], lv[0])
    assert np.allclose(lv[1], back[0])
    axis = np.array([math.cos(heart.pose.turn), math.sin(heart.pose.turn)])
    assert np.abs((np.vstack([lv, rv, septum, back]) - lv[0]) @ axis).max() < 1e-3


@pytest.mark.parametrize("seed", range(10))
def test_ventricles_are_measured_beyond_the_tips_of_the_mitral_leaflets(seed: int) -> None:
    _, heart, pairs = lain("PLAX", seed)
    axis = np.array([math.cos(heart.pose.turn), math.sin(heart.pose.turn)])
    tips = np.array([path[-1] for path in heart.leaflets])
    assert ((tips - pairs[0, 0]) @ axis > 1.5).all()


@pytest.mark.parametrize("seed", range(10))
def test_the_aorta_is_widest_at_its_sinuses_and_its_valve_opens_within_the_annulus(
    seed: int,
) -> None:
    found = lengths("PLAX", seed)
    root = lain("PLAX", seed)[1].root
    assert 2 * root.sinus_mm > max(found["VAO"], found["STJ"])
    assert found["AV"] < found["VAO"]


def test_the_aortic_valve_is_open_in_some_frames_and_closed_in_others() -> None:
    openings = np.array([lengths("PLAX", seed)["AV"] for seed in SEEDS])
    assert 0.2 < np.mean(openings < 3) < 0.8


@pytest.mark.parametrize("seed", range(10))
def test_the_outflow_tract_is_measured_before_its_valve_and_the_artery_behind_it(
    seed: int,
) -> None:
    outflow = lain("PSAX", seed)[1].outflow
    fork = len(outflow.tube.left) - 1
    assert outflow.before_valve < outflow.valve < outflow.artery < fork


@pytest.mark.parametrize("seed", range(10))
def test_transverse_diameters_are_square_to_the_long_axes_and_the_widest(seed: int) -> None:
    _, heart, pairs = lain("A4C", seed)
    for chamber, long, across in zip(
        (heart.lv, heart.rv, heart.la, heart.ra), pairs[::2], pairs[1::2], strict=True
    ):
        way, width = long[1] - long[0], across[1] - across[0]
        assert abs(way @ width) < 1e-3 * np.hypot(*way) * np.hypot(*width)
        angle = math.atan2(width[1], width[0])
        for share in (0.35, 0.5, 0.65):
            left, right = chamber.chord(tuple(long[0] + share * way), angle)
            assert math.dist(left, right) < np.hypot(*width) + 0.3


@pytest.mark.parametrize("seed", range(10))
def test_the_chambers_lie_where_the_apical_view_shows_them(seed: int) -> None:
    _, heart, _ = lain("A4C", seed)
    lv, rv, la, ra = (c.curve.mean(axis=0) for c in (heart.lv, heart.rv, heart.la, heart.ra))
    assert lv[0] > rv[0]
    assert la[0] > ra[0]
    assert la[1] > lv[1]
    assert ra[1] > rv[1]
    # The tricuspid valve sits nearer to the apex than the mitral one.
    assert heart.tricuspid[0][1] < heart.mitral[0][1]


# ---- curves --------------------------------------------------------------------------------


def ring(radius: float = 20.0, count: int = 240) -> Outline:
    turns = np.linspace(0, 2 * math.pi, count, endpoint=False)
    return Outline(np.column_stack([100 + radius * np.cos(turns), 80 + radius * np.sin(turns)]))


def empty_scene() -> Scene:
    sector = Sector(Probe(10.0, 0.7, 3.0, 3.0), (100.0, 4.0), 150.0, 0.35, 570, 440)
    return Scene(sector, np.random.default_rng(0), Tissue(-40.0))


@pytest.mark.parametrize("radius", [6.0, 20.0, 33.0])
def test_the_painted_distance_to_a_ring_is_true_near_it(radius: float) -> None:
    scene = empty_scene()
    true = np.hypot(scene.x - 100, scene.y - 80) - radius
    near = np.abs(true) < 2
    error = (ring(radius).distance(scene) - true)[near]
    assert abs(error.mean()) < 0.03
    assert np.abs(error).max() < 0.3


def test_the_distance_to_an_open_line_is_true_beside_it() -> None:
    scene = empty_scene()
    line = smooth([(80.0, 70.0), (100.0, 70.0), (120.0, 70.0)])
    beside = (np.abs(scene.x - 100) < 15) & (np.abs(scene.y - 75) < 3)
    assert np.abs(line_distance(line, scene) - np.abs(scene.y - 70))[beside].max() < 0.3


def test_a_chord_through_a_ring_is_as_long_as_geometry_says() -> None:
    for offset in (0.0, 8.0, 15.0):
        one, other = ring(count=2000).chord((100.0 + offset, 80.0), math.pi / 2)
        assert math.dist(one, other) == pytest.approx(2 * math.sqrt(400 - offset**2), abs=0.01)


def test_a_chord_is_the_one_around_the_point_where_an_outline_is_met_four_times() -> None:
    horseshoe = Outline(np.array(
        [(0, 0), (30, 0), (30, 30), (20, 30), (20, 10), (10, 10), (10, 30), (0, 30)], float
    ))  # fmt: skip
    assert horseshoe.chords((0.0, 20.0), 0.0) == [
        ((0.0, 20.0), (10.0, 20.0)), ((20.0, 20.0), (30.0, 20.0))
    ]  # fmt: skip
    assert horseshoe.chord((25.0, 20.0), 0.0) == ((20.0, 20.0), (30.0, 20.0))


def test_the_walls_of_a_tube_face_one_another_squarely() -> None:
    centre = smooth([(0.0, 0.0), (20.0, 4.0), (40.0, 0.0)])
    tube = Tube.around(centre, np.full(len(centre), 5.0))
    for index in (3, 10, 15):
        left, right = np.array(tube.caliper(index))
        way = centre[index + 1] - centre[index - 1]
        assert np.hypot(*(left - right)) == pytest.approx(10.0)
        assert abs((left - right) @ way) < 1e-6 * np.hypot(*way) * 10
        assert left[1] < right[1]  # going right, the left wall is the upper one
