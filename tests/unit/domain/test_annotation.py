from __future__ import annotations

import pytest

from sonichu_gui.domain.annotation import Alternative, Annotation, Keypoint, ModelId, Origin, Status
from sonichu_gui.domain.annotation import PointState as State

MODEL = ModelId("sonichu-mini", "ab" * 32)
SAID = Annotation(
    "FL",
    (Keypoint(1.0, 2.0, origin=Origin.MODEL, confidence=0.9), Keypoint(3.0, 4.0)),
    Status.PROPOSED,
    MODEL,
)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (Status.EDITED, Status.PROPOSED),
        (Status.ACCEPTED, Status.PROPOSED),
        (Status.FLAGGED, Status.FLAGGED),
        (Status.EXCLUDED, Status.EXCLUDED),
    ],
)
def test_a_prediction_brings_points_and_model_and_leaves_what_was_set_aside(before, after):
    mine = Annotation("FL", (Keypoint(9.0, 9.0), None), before, comment="look again")
    found = mine.with_prediction(SAID)
    assert (found.keypoints, found.model, found.status) == (SAID.keypoints, MODEL, after)
    assert found.comment == "look again"


def test_an_absent_point_is_nowhere_else_either():
    other = Alternative(5.0, 6.0, 0.2)
    assert Keypoint(1.0, 2.0, alternatives=(other,)).candidates == (other,)
    assert Keypoint(1.0, 2.0, State.ABSENT, alternatives=(other,)).candidates == ()
