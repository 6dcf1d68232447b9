"""Rulers of real files, against the scale that the file states; areas, against its regions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydicom import examples

from sonichu_gui.imaging.ruler import find_rulers
from sonichu_gui.imaging.ruler_scale import WORST_PERCENT, likely_distances, percent_off
from sonichu_gui.imaging.scan_area import AreaShape, find_scan_area
from sonichu_gui.imaging.sources import open_source

# file: (distances in mm of the ticks that a person sees, with their axis)
RULERS = {
    "DIRW0007.dcm": [("oblique", 10.0), ("oblique", 10.0)],
    "gdcm-US-ALOKA-16.dcm": [("horizontal", 10.0), ("vertical", 10.0)],
    "JPGLosslessP14SV1_1s_1f_8b.dcm": [("oblique", 10.0)],
    "no-pixel-spacing.dcm": [("oblique", 10.0)],
    "OBXXXX1A_expb.dcm": [("vertical", 10.0)],
    "US-YBR_FULL_422-EVRLE.dcm": [("horizontal", 5.0), ("vertical", 5.0)],
    "ybr_color": [("vertical", 10.0)],
    "palette_color": [("vertical", 10.0)],
    # Four dots at either side, and focus marks: too few to be told from chance.
    "rgb_color": [],
    "jpeg2k": [],
}


@pytest.fixture(params=RULERS)
def name(request):
    return request.param


@pytest.fixture
def source(name, request):
    if not name.endswith(".dcm"):
        return open_source(Path(examples.get_path(name)))
    found = request.getfixturevalue("shared_data") / "data/dicom" / name
    if not found.is_file():
        pytest.skip(f"{found} is absent")
    return open_source(found)


def test_rulers_are_read_as_a_person_reads_them(name, source):
    rulers = find_rulers(source.frame(0).pixels)
    read = sorted((str(ruler.axis), likely_distances(ruler)[0].mm) for ruler in rulers)
    assert read == RULERS[name]


def test_a_ruler_agrees_with_a_scale_that_is_trusted_and_finds_the_wrong_one(name, source):
    stated = source.calibration.scale_for()
    for ruler in find_rulers(source.frame(0).pixels):
        off = percent_off(ruler, distance_mm=likely_distances(ruler)[0].mm, stated=stated)
        if name == "ybr_color":  # shown at half the size that its scale is stated for
            assert off == pytest.approx(100.0, abs=1.0)
        else:
            assert off is not None
            assert abs(off) < 0.5 < WORST_PERCENT


def test_the_area_lies_in_the_regions_of_the_file(name, source):
    frames = [source.frame(i).pixels for i in range(0, source.frame_count, 20)]
    area = find_scan_area(frames, source.calibration)
    assert area.shape is not AreaShape.REGION or name == "no-pixel-spacing.dcm"
    trusted = [r for r in source.calibration.usable_regions if not r.doubtful]
    if trusted:
        rows, columns = np.nonzero(area.mask())
        held = np.any(
            [
                (columns >= r.x0) & (columns <= r.x1) & (rows >= r.y0) & (rows <= r.y1)
                for r in trusted
            ],
            axis=0,
        )
        assert held.all()
