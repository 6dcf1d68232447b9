from __future__ import annotations

import pytest

from sonichu_gui.domain.calibration import Scale, ScaleSource, Trust
from sonichu_gui.gui.panels.words import confidence_role, scale_short, scale_text


@pytest.mark.parametrize(
    ("dx", "dy", "text"),
    [
        (0.1158, 0.1158, "0.1158 mm / px"),
        (0.2, 0.2, "0.20 mm / px"),
        (0.2, 0.2009, "0.20 mm / px"),
        (0.2, 0.25, "0.20 × 0.25 mm / px"),
        (None, None, "Pixels only"),
    ],
)
def test_a_scale_is_written_with_the_figures_it_deserves(dx, dy, text):
    assert scale_text(Scale(ScaleSource.REGION, dx, dy, Trust.TRUSTED)) == text


def test_the_badge_never_shows_a_size_that_is_not_trusted():
    assert scale_short(Scale(ScaleSource.NOMINAL, 0.2, 0.2, Trust.DOUBTFUL)) == "scale doubtful"


@pytest.mark.parametrize(
    ("confidence", "role"),
    [(1.0, "green"), (0.6, "green"), (0.59, "amber"), (0.3, "amber"), (0.29, "red")],
)
def test_confidence_bands(confidence, role):
    assert confidence_role(confidence) == role
