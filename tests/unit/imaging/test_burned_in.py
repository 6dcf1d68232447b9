"""Only a file that says NO is free of names."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from sonichu_gui.errors import FrameError
from sonichu_gui.imaging.burned_in import may_hold_names


@pytest.mark.parametrize(
    ("said", "may"),
    [("NO", False), ("no ", False), ("YES", True), ("", True), ("MAYBE", True)],
)
def test_what_a_file_says_counts(write_dicom, ramp, said, may):
    assert may_hold_names(write_dicom(ramp, BurnedInAnnotation=said)) is may


def test_a_file_that_says_nothing_may_hold_names(write_dicom, ramp, tmp_path):
    assert may_hold_names(write_dicom(ramp)) is True
    picture = tmp_path / "frame.png"
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(picture)
    assert may_hold_names(picture) is True


def test_a_file_that_is_gone_is_an_error(tmp_path):
    with pytest.raises(FrameError):
        may_hold_names(tmp_path / "gone.dcm")
