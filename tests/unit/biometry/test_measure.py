from __future__ import annotations

import math
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonichu_gui.biometry.measure import measure
from sonichu_gui.domain.annotation import (
    Annotation,
    Keypoint,
    ModelId,
    Origin,
    PointState,
    empty_annotation,
    proposed_annotation,
)
from sonichu_gui.domain.calibration import (
    Calibration,
    Region,
    Scale,
    ScaleSource,
    Trust,
    no_scale,
)
from sonichu_gui.domain.task import parse_task
from sonichu_gui.tasks import load_tasks

TASKS = load_tasks()
HEAD = [(200.0, 60.0), (200.0, 540.0), (500.0, 300.0), (-100.0, 300.0)]
WALLS = {0: (300, 200), 1: (300, 450), 4: (300, 135), 5: (300, 200), 6: (300, 450), 7: (300, 510)}


def given_scale(dx, dy):
    return Calibration(override=Scale(ScaleSource.GIVEN, dx, dy, Trust.TRUSTED, "given"))


def region(index, x0, x1, dx, dy=None, **kwargs):
    return Region(index, x0, 0, x1, 599, dx, dy or dx, "2D tissue", usable=True, **kwargs)


def placed(task_id, points):
    return Annotation(task_id, tuple(Keypoint(float(x), float(y)) for x, y in points))


def measured(task_id, annotation, calibration):
    return {m.name: m for m in measure(TASKS[task_id], annotation, calibration)}


FIFTH_MM = given_scale(0.2, 0.2)


def head(points=HEAD, calibration=FIFTH_MM):
    return measured("HC", placed("HC", points), calibration)


def heart(calibration):
    points = [WALLS.get(i, (10.0 * i, 50.0)) for i in range(22)]
    return measured("PLAX", placed("PLAX", points), calibration)


def test_measures_come_in_the_order_of_the_task():
    found = measure(TASKS["PLAX"], empty_annotation(TASKS["PLAX"]), Calibration())
    assert [m.name for m in found] == [spec.name for spec in TASKS["PLAX"].measures]


def test_head_in_millimetres():
    found = head()
    assert {name: (m.number, m.unit) for name, m in found.items()} == {
        "HC": ("340.3", "mm"),
        "BPD": ("96.0", "mm"),
        "OFD": ("120.0", "mm"),
        "CI": ("80.0", "%"),
    }
    assert not any(m.reason for m in found.values())


def test_head_on_pixels_that_are_not_square():
    found = head(calibration=given_scale(0.1, 0.3))
    assert found["BPD"].value == pytest.approx(144.0)
    assert found["OFD"].value == pytest.approx(60.0)
    assert found["CI"].value == pytest.approx(240.0)


def test_measurement_carries_what_it_was_made_of():
    calibration = given_scale(0.2, 0.2)
    circumference = head(calibration=calibration)["HC"]
    assert circumference.scale == calibration.override
    assert circumference.points == (0, 1, 2, 3)
    assert circumference.formula == "Ramanujan II"
    assert circumference.convention == "outer-outer"
    assert circumference.primary


def test_left_ventricular_mass_in_grams():
    found = heart(given_scale(0.2, 0.2))
    # IVS 1.3, LV 5.0, LVPW 1.2 cm: the published example.
    assert found["LV mass"].value == pytest.approx(247.6)
    assert found["LV mass"].unit == "g"
    assert found["RWT"].value == pytest.approx(0.48)


def test_angle_of_progression_folds_at_180():
    points = [(230, 180), (150, 120), (290, 300), (491.125099618689, 293.7305727364143)]
    found = measured("AOP", placed("AOP", points), Calibration())
    assert found["AoP"].value == pytest.approx(360 - 193.33481876850507, abs=1e-6)


# --- without a trusted scale ---


def test_unscaled_lengths_are_pixels_with_the_reason():
    found = head(calibration=Calibration())
    for name, value in (("BPD", 480.0), ("OFD", 600.0)):
        assert (found[name].value, found[name].unit) == (value, "px")
        assert found[name].reason == "the file states no scale"
    assert (found["HC"].unit, found["HC"].reason) == ("px", "the file states no scale")


def test_unscaled_ratio_is_a_ratio_all_the_same():
    ratio = head(calibration=Calibration())["CI"]
    assert (ratio.value, ratio.unit, ratio.reason) == (pytest.approx(80.0), "%", "")


def test_unscaled_angle_uses_the_shape_of_a_pixel():
    points = [(200, 140), (120, 80), (0, 0), (330, 420)]
    calibration = Calibration(spacing=no_scale("only the aspect ratio is stated", 1.5))
    found = measured("AOP", placed("AOP", points), calibration)["AoP"]
    assert (found.value, found.unit) == (pytest.approx(155.56500188349568), "deg")
    assert found.reason == "only the aspect ratio is stated"


def test_unscaled_lengths_are_taken_in_true_shape():
    calibration = Calibration(spacing=no_scale("only the aspect ratio is stated", 2.0))
    found = head(calibration=calibration)
    assert (found["BPD"].value, found["OFD"].value) == (960.0, 600.0)


def test_unscaled_mass_is_not_given():
    found = heart(Calibration())["LV mass"]
    assert (found.value, found.unit, found.reason) == (None, "g", "the file states no scale")


def test_unscaled_relative_wall_thickness_is_given():
    found = heart(Calibration())["RWT"]
    assert (found.value, found.reason) == (pytest.approx(0.48), "")


def test_doubtful_scale_waits_for_a_person():
    doubtful = region(0, 0, 799, 0.2, doubtful=True, reason="spacing of a screenshot")
    calibration = Calibration(regions=(doubtful,))
    points = [(300, 100), (300, 200), (200, 150), (400, 150)]
    assert head(points, calibration)["BPD"].reason == "spacing of a screenshot"
    confirmed = calibration.with_confirmation("region:0", "Ada")
    assert (head(points, confirmed)["BPD"].unit, head(points, confirmed)["BPD"].reason) == (
        "mm",
        "",
    )


# --- each measure has its own scale ---


def test_each_measure_uses_the_region_of_its_own_points():
    calibration = Calibration(regions=(region(0, 0, 299, 0.1), region(1, 300, 599, 0.2)))
    points = [(10, 10), (10, 110), (400, 10), (400, 110)]
    found = measured("PSAX", placed("PSAX", points), calibration)
    assert found["RVOT"].value == pytest.approx(10.0)
    assert found["PA"].value == pytest.approx(20.0)


def test_ratio_across_two_scales_is_refused():
    calibration = Calibration(regions=(region(0, 0, 299, 0.1), region(1, 300, 599, 0.2)))
    found = head([(10, 10), (10, 110), (400, 10), (400, 110)], calibration)
    reason = "points lie in regions 1 and 2 with different scales"
    assert (found["CI"].value, found["CI"].reason) == (None, reason)
    assert found["BPD"].unit == found["OFD"].unit == "mm"


def test_points_outside_the_scan_area_stay_in_pixels():
    found = head(calibration=Calibration(regions=(region(0, 0, 299, 0.2),)))
    assert (found["OFD"].unit, found["OFD"].reason) == (
        "px",
        "2 of 2 points outside the scan area of the file",
    )
    assert found["BPD"].unit == "mm"
    assert found["CI"].value == pytest.approx(80.0)


# --- points that are not there ---


def test_measure_of_an_unplaced_point_names_it():
    annotation = placed("HC", HEAD).without_point(2)
    found = measured("HC", annotation, given_scale(0.2, 0.2))
    assert (found["OFD"].value, found["OFD"].reason) == (None, "point OFD 1 is not placed")
    assert found["OFD"].text == "–"
    assert found["BPD"].value == pytest.approx(96.0)


def test_unplaced_points_are_listed_together():
    found = measured("HC", empty_annotation(TASKS["HC"]), Calibration())
    assert found["HC"].reason == "points BPD 1, BPD 2, OFD 1, OFD 2 are not placed"


def test_absent_point_is_not_measured():
    annotation = placed("HC", HEAD).with_state(0, PointState.ABSENT).without_point(1)
    found = measured("HC", annotation, given_scale(0.2, 0.2))
    assert found["BPD"].value is None
    assert found["BPD"].reason == "point BPD 2 is not placed; point BPD 1 is marked absent"


def test_unit_of_a_missing_number_is_that_it_would_have_had():
    missing = empty_annotation(TASKS["HC"])
    assert measured("HC", missing, given_scale(0.2, 0.2))["BPD"].unit == "mm"
    assert measured("HC", missing, Calibration())["BPD"].unit == "px"


def test_annotation_of_another_task_is_a_mistake():
    with pytest.raises(ValueError, match="FA measured as HC"):
        measure(TASKS["HC"], empty_annotation(TASKS["FA"]), Calibration())


# --- points that make no sense ---


def test_coincident_points_of_an_angle_are_told():
    points = [(10, 10), (10, 10), (20, 20), (30, 30)]
    found = measured("AOP", placed("AOP", points), Calibration())["AoP"]
    assert (found.value, found.reason) == (None, "two points of the angle coincide")


def test_ratio_to_nothing_is_told():
    found = head([(0, 0), (0, 9), (5, 5), (5, 5)])["CI"]
    assert (found.value, found.reason) == (None, "the second pair of points has no length")


def test_wall_thickness_over_nothing_is_told():
    points = [(10.0, 10.0)] * 22
    found = measured("PLAX", placed("PLAX", points), Calibration())["RWT"]
    assert (found.value, found.reason) == (None, "the left ventricle's diameter is zero")


def test_absurd_points_give_no_number():
    found = head([(0, 0), (1e200, 0), (-1e308, 0), (1e308, 0)], Calibration())
    assert (found["OFD"].value, found["OFD"].reason) == (
        None,
        "the points are too far apart for a number",
    )


def test_crooked_axes_are_told_beside_the_number():
    points = [(200, 60), (330, 540), (500, 300), (-100, 300)]
    found = head(points)["HC"]
    assert found.unit == "mm"
    assert found.reason == (
        "the axes are 15° off a right angle; the axes' midpoints lie 11% of the long axis apart"
    )


# --- uncertainty ---


def test_model_points_give_a_standard_error():
    keypoints = [
        Keypoint(x, y, origin=Origin.MODEL, confidence=0.9, covariance=(4.0, 0.0, 4.0))
        for x, y in HEAD
    ]
    annotation = proposed_annotation(TASKS["HC"], keypoints, ModelId("m", "0"))
    found = measured("HC", annotation, given_scale(0.2, 0.2))
    assert found["BPD"].uncertainty == pytest.approx(0.2 * math.sqrt(8.0), rel=1e-6)
    moved = measured("HC", annotation.with_point(0, HEAD[0]), given_scale(0.2, 0.2))
    assert moved["BPD"].uncertainty is None
    assert moved["OFD"].uncertainty == pytest.approx(0.2 * math.sqrt(8.0), rel=1e-6)


def test_standard_error_of_pixels_is_in_pixels():
    keypoints = [Keypoint(x, y, covariance=(4.0, 0.0, 4.0)) for x, y in HEAD]
    annotation = proposed_annotation(TASKS["HC"], keypoints, ModelId("m", "0"))
    found = measured("HC", annotation, Calibration())["BPD"]
    assert found.uncertainty == pytest.approx(math.sqrt(8.0), rel=1e-6)


# --- laws ---

# On a grid of 1/64 px, so that mirroring is exact: points 1e-38 px apart are one point to a float.
coordinates = st.integers(0, 64_000).map(lambda steps: steps / 64)
four_points = st.lists(st.tuples(coordinates, coordinates), min_size=4, max_size=4)


@given(four_points, st.floats(0.02, 1.0), st.floats(0.02, 1.0), st.floats(0.1, 10))
def test_lengths_grow_with_the_scale_and_ratios_do_not(points, dx, dy, factor):
    small = head(points, given_scale(dx, dy))
    large = head(points, given_scale(dx * factor, dy * factor))
    for name in ("HC", "BPD", "OFD"):
        assert large[name].value == pytest.approx(factor * small[name].value)
    if small["CI"].value is not None:
        assert large["CI"].value == pytest.approx(small["CI"].value)


@given(four_points, st.floats(0.02, 1.0), st.floats(0.02, 1.0))
def test_mirroring_a_frame_changes_no_measure(points, dx, dy):
    mirrored = [(999.0 - x, y) for x, y in points]
    for name, found in head(points, given_scale(dx, dy)).items():
        there = head(mirrored, given_scale(dx, dy))[name]
        if found.value is not None and there.value is not None:
            assert there.value == pytest.approx(found.value, rel=1e-6, abs=1e-9)


@given(four_points, st.floats(0.02, 1.0), st.floats(1.1, 4.0))
def test_stretched_picture_with_its_own_spacing_measures_the_same(points, dx, stretch):
    stretched = [(x, y * stretch) for x, y in points]
    for name, found in head(points, given_scale(dx, dx)).items():
        there = head(stretched, given_scale(dx, dx / stretch))[name]
        if found.value is not None and there.value is not None:
            assert there.value == pytest.approx(found.value, rel=1e-6, abs=1e-9)


def test_a_persons_own_task_is_measured_like_ours():
    task = parse_task(
        """
        id = "OWN"
        title = "Own"
        [[keypoints]]
        name = "A"
        [[keypoints]]
        name = "B"
        [[keypoints]]
        name = "C"
        [[measures]]
        name = "AB over AC"
        kind = "ratio-percent"
        points = [1, 2, 1, 3]
        """,
        source="own.toml",
    )
    annotation = Annotation("OWN", (Keypoint(0, 0), Keypoint(30, 0), Keypoint(0, 60)))
    assert measure(task, annotation, Calibration())[0].value == pytest.approx(50.0)


def test_measuring_imports_nothing_heavy():
    code = (
        "import sys, sonichu_gui.biometry.measure\n"
        "sys.exit(' '.join({'torch', 'cv2', 'PySide6', 'pydicom'} & sys.modules.keys()) or 0)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
