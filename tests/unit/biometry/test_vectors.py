"""Every published or hand-checked number whose quantity the app computes.

`SONICHU_BIOMETRY_VECTORS` names another file of the same form.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from sonichu_gui.biometry import cardiac, ellipse
from sonichu_gui.biometry.measure import measure
from sonichu_gui.biometry.points import angle_deg, distance
from sonichu_gui.domain.annotation import Annotation, Keypoint
from sonichu_gui.domain.calibration import Calibration, Scale, ScaleSource, Trust
from sonichu_gui.tasks import load_tasks

OURS = Path(__file__).parents[2] / "data" / "biometry_vectors.json"


def spacing(given):
    if "physical_delta_x_cm" in given:
        return given["physical_delta_x_cm"] * 10, given["physical_delta_y_cm"] * 10
    return given.get("spacing_x_mm", 1.0), given.get("spacing_y_mm", 1.0)


def length(a, b):
    def compute(given):
        fx, fy = spacing(given)
        return distance(given[a], given[b], fx=fx, fy=fy)

    return compute


def circumference(formula):
    return lambda given: formula(given["d1_mm"], given["d2_mm"])


def measured(task_id, name, points, given):
    """The number that the app shows for these points."""
    fx, fy = spacing(given)
    scale = Scale(ScaleSource.GIVEN, fx, fy, Trust.TRUSTED, "given")
    annotation = Annotation(task_id, tuple(Keypoint(float(x), float(y)) for x, y in points))
    found = measure(load_tasks()[task_id], annotation, Calibration(override=scale))
    return next(m.value for m in found if m.name == name)


def aop(given):
    fx, fy = spacing(given)
    return angle_deg(
        given["ps_inferior_px"], given["ps_superior_px"], given["tangent_px"], fx=fx, fy=fy
    )


def aop_four_points(given):
    points = given["points_px"]
    return {
        "AoP_deg": measured("AOP", "AoP", points, given),
        "HSD_px": measured("AOP", "HSD", points, given),
    }


FUNCTIONS = {
    "FL_mm": length("p1_px", "p2_px"),
    "ellipse_circumference_exact_mm": circumference(ellipse.circumference_exact),
    "ellipse_circumference_ramanujan2_mm": circumference(ellipse.circumference_ramanujan2),
    "ellipse_circumference_ramanujan1_mm": circumference(ellipse.circumference_ramanujan1),
    "ellipse_circumference_rms_mm": circumference(ellipse.circumference_rms),
    "ellipse_circumference_meandiam_mm": circumference(ellipse.circumference_mean_diameter),
    "AC_mm_from_APAD_TAD": lambda given: ellipse.circumference_mean_diameter(
        given["APAD_mm"], given["TAD_mm"]
    ),
    "HC_mm_from_4pts_ramanujan2": lambda given: measured(
        "HC", "HC", [given[f"p{i}"] for i in (1, 2, 3, 4)], given
    ),
    "cephalic_index_pct": lambda given: measured(
        "HC", "CI", [(0, 0), (0, given["BPD_mm"]), (0, 0), (given["OFD_mm"], 0)], given
    ),
    "AoP_deg": aop,
    "FMUIA_AOP_4pts": aop_four_points,
    "HSD_mm": length("ps_inferior_px", "head_point_px"),
    "cervical_length_mm": length("p1_px", "p2_px"),
    "LV_mass_g": lambda given: cardiac.lv_mass_g(
        ivs_cm=given["IVSd_cm"], lvid_cm=given["LVIDd_cm"], pw_cm=given["PWd_cm"]
    ),
    "RWT": lambda given: cardiac.relative_wall_thickness(
        pw_cm=given["PWd_cm"], lvid_cm=given["LVIDd_cm"]
    ),
}


def vectors():
    path = Path(os.environ.get("SONICHU_BIOMETRY_VECTORS", OURS))
    rows = json.loads(path.read_text(encoding="utf-8"))
    known = [row for row in rows if row["quantity"] in FUNCTIONS]
    return [pytest.param(row, id=f"{i}-{row['quantity']}") for i, row in enumerate(known)]


@pytest.mark.parametrize("vector", vectors())
def test_vector_is_reproduced(vector):
    found = FUNCTIONS[vector["quantity"]](vector["inputs"])
    assert found == pytest.approx(vector["expected"], rel=0, abs=vector["tolerance"])
