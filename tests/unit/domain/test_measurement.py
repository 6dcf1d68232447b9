from __future__ import annotations

import pytest

from sonichu_gui.domain.calibration import no_scale
from sonichu_gui.domain.measurement import Measurement


def measured(value, unit, error):
    return Measurement(
        "FL", "Femur", value, unit, error, (0, 1), no_scale("not stated"), "distance"
    )


@pytest.mark.parametrize(
    ("value", "unit", "error", "text"),
    [
        (32.41, "mm", 0.87, "32.4 ± 0.9 mm"),
        (32.41, "mm", None, "32.4 mm"),
        (121.3, "deg", 2.04, "121.3 ± 2.0°"),
        (84.2, "g", 15.4, "84 ± 15 g"),
        (0.412, "1", 0.051, "0.41 ± 0.05"),
        (None, "mm", None, "–"),
    ],
)
def test_a_number_is_written_with_its_error_before_the_unit(value, unit, error, text):
    assert measured(value, unit, error).full_text == text
