"""What a header says about the size of a pixel, and when it is believed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset, uid

from sonichu_gui.domain.calibration import ScaleSource, Trust
from sonichu_gui.imaging.sources import open_source
from sonichu_gui.imaging.ultrasound_regions import read_calibration

WIDTH, HEIGHT = 640, 480


def region(**changes):
    """A believable region of 2D tissue, 0.2 × 0.3 mm a pixel."""
    item = Dataset()
    values = {
        "RegionSpatialFormat": 1,
        "RegionDataType": 1,
        "RegionFlags": 0,
        "RegionLocationMinX0": 40,
        "RegionLocationMinY0": 30,
        "RegionLocationMaxX1": 599,
        "RegionLocationMaxY1": 449,
        "PhysicalUnitsXDirection": 3,
        "PhysicalUnitsYDirection": 3,
        "PhysicalDeltaX": 0.02,
        "PhysicalDeltaY": 0.03,
    }
    for keyword, value in {**values, **changes}.items():
        if value is not None:
            setattr(item, keyword, value)
    return item


def calibration(*regions, **elements):
    dataset = Dataset()
    dataset.SOPClassUID = uid.UltrasoundImageStorage
    if regions:
        dataset.SequenceOfUltrasoundRegions = list(regions)
    for keyword, value in elements.items():
        setattr(dataset, keyword, value)
    return read_calibration(dataset, width=WIDTH, height=HEIGHT)


def test_region_gives_millimetres_per_axis():
    scale = calibration(region()).scale_for([(100, 100), (200, 200)])
    assert (scale.dx_mm, scale.dy_mm, scale.trust) == pytest.approx((0.2, 0.3, Trust.TRUSTED))


def test_direction_of_an_axis_does_not_matter():
    scale = calibration(region(PhysicalDeltaX=-0.02)).scale_for()
    assert (scale.dx_mm, scale.in_mm) == (pytest.approx(0.2), True)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"RegionSpatialFormat": 0, "RegionDataType": 0}, "does not say what it shows"),
        ({"RegionSpatialFormat": 2}, "M-mode tissue"),
        ({"RegionSpatialFormat": 3, "RegionDataType": 3}, "spectral PW Doppler"),
        ({"RegionSpatialFormat": 4, "RegionDataType": 0xA}, "ECG"),
        ({"RegionSpatialFormat": 0, "RegionDataType": 0xE}, "colour bar"),
        ({"RegionDataType": 8}, "volume trace"),
        ({"RegionDataType": None}, "2D data"),
        ({"PhysicalUnitsXDirection": 4}, "scaled in s and cm"),
        ({"PhysicalUnitsYDirection": 0}, "scaled in cm and no unit"),
        ({"PhysicalUnitsYDirection": 99}, "an unknown unit"),
        ({"PhysicalDeltaX": None}, "no size of a pixel"),
        ({"PhysicalDeltaY": 0.0}, "no size of a pixel"),
        ({"PhysicalDeltaX": float("nan")}, "no size of a pixel"),
        ({"RegionLocationMaxX1": None}, "no place in the picture"),
        ({"RegionLocationMaxX1": 10}, "no place in the picture"),
    ],
)
def test_region_that_cannot_scale_a_length_says_why(changes, reason):
    found = calibration(region(**changes))
    assert not found.regions[0].usable
    assert reason in found.regions[0].reason


def test_without_a_usable_region_the_reason_is_that_of_the_picture_not_of_a_bar():
    bar = region(RegionSpatialFormat=0, RegionDataType=0xE)
    scale = calibration(bar, region(PhysicalDeltaX=0.0, PhysicalDeltaY=0.0)).scale_for()
    assert (scale.dx_mm, "region 2 states no size of a pixel" in scale.reason) == (None, True)


@pytest.mark.parametrize(
    "box", [{"RegionLocationMaxX1": 641}, {"RegionLocationMaxY1": 900}], ids=["wide", "high"]
)
def test_region_beyond_the_picture_is_doubted(box):
    scale = calibration(region(**box)).scale_for()
    assert (scale.trust, scale.in_mm) == (Trust.DOUBTFUL, False)
    assert "640×480" in scale.reason


def test_region_that_ends_one_pixel_late_is_believed():
    found = calibration(region(RegionLocationMaxX1=WIDTH, RegionLocationMaxY1=HEIGHT))
    assert found.scale_for().in_mm


def test_a_persons_word_makes_a_doubted_region_count():
    found = calibration(region(RegionLocationMaxX1=900))
    confirmed = found.with_confirmation(found.scale_for().key, "reader")
    assert confirmed.scale_for().in_mm


def test_points_outside_every_region_are_not_scaled_by_the_spacing():
    found = calibration(region(), PixelSpacing=[0.3, 0.2])
    assert found.scale_for([(5, 5), (100, 100)]).dx_mm is None


def test_tissue_wins_over_colour_flow_of_the_same_place():
    flow = region(RegionDataType=2, PhysicalDeltaX=0.0201)
    assert calibration(flow, region()).scale_for([(100, 100)]).region_index == 1


def test_region_of_high_priority_wins_over_one_of_low():
    low = region(RegionFlags=1, RegionLocationMaxX1=300)
    assert calibration(low, region(RegionFlags=0)).scale_for([(100, 100)]).region_index == 1


@given(
    dx=st.floats(0.0005, 0.2),
    dy=st.floats(0.0005, 0.2),
    signs=st.tuples(st.sampled_from([-1, 1]), st.sampled_from([-1, 1])),
)
def test_any_plausible_delta_is_ten_times_as_many_millimetres(dx, dy, signs):
    found = calibration(region(PhysicalDeltaX=dx * signs[0], PhysicalDeltaY=dy * signs[1]))
    scale = found.scale_for()
    assert (scale.dx_mm, scale.dy_mm) == pytest.approx((10 * dx, 10 * dy))


def test_pixel_spacing_states_rows_first():
    scale = calibration(PixelSpacing=[0.3, 0.2]).scale_for()
    assert (scale.dx_mm, scale.dy_mm, scale.source) == (0.2, 0.3, ScaleSource.PIXEL_SPACING)


def test_pixel_spacing_holds_where_no_region_is_usable():
    bar = region(RegionSpatialFormat=0, RegionDataType=0xE)
    assert calibration(bar, PixelSpacing=[0.3, 0.2]).scale_for().in_mm


@pytest.mark.parametrize(
    "elements",
    [
        {"SOPClassUID": uid.SecondaryCaptureImageStorage},
        {"SOPClassUID": uid.MultiFrameTrueColorSecondaryCaptureImageStorage},
        {"ConversionType": "WSD"},
    ],
    ids=["secondary capture", "multi-frame capture", "workstation"],
)
def test_pixel_spacing_of_a_screen_capture_is_doubted(elements):
    assert calibration(PixelSpacing=[0.3, 0.2], **elements).scale_for().trust is Trust.DOUBTFUL


def test_pixel_spacing_of_a_screen_capture_that_says_how_is_believed():
    found = calibration(
        PixelSpacing=[0.3, 0.2],
        SOPClassUID=uid.SecondaryCaptureImageStorage,
        PixelSpacingCalibrationType="FIDUCIAL",
    )
    assert found.scale_for().in_mm


@pytest.mark.parametrize("spacing", [[1, 1], [12.5, 12.5], [0.001, 0.001]])
def test_pixel_spacing_that_no_ultrasound_has_is_doubted(spacing):
    assert calibration(PixelSpacing=spacing).scale_for().trust is Trust.DOUBTFUL


@pytest.mark.parametrize("spacing", [[0, 0], [-0.3, 0.3], [0.3]])
def test_pixel_spacing_that_is_no_size_is_passed_over(spacing):
    assert calibration(PixelSpacing=spacing).scale_for().source is ScaleSource.NONE


def test_nominal_spacing_waits_for_a_persons_word():
    scale = calibration(NominalScannedPixelSpacing=[0.3, 0.2]).scale_for()
    assert (scale.source, scale.dx_mm, scale.trust) == (ScaleSource.NOMINAL, 0.2, Trust.DOUBTFUL)


def test_aspect_ratio_gives_shape_but_no_size():
    scale = calibration(PixelAspectRatio=[3, 2]).scale_for()
    assert (scale.dx_mm, scale.aspect) == (None, 1.5)


def test_contradicting_spacing_is_not_used_and_makes_the_region_doubtful():
    found = calibration(region(), PixelSpacing=[0.3, 0.205])
    assert found.scale_for().dx_mm == pytest.approx(0.2)
    assert found.scale_for().trust is Trust.DOUBTFUL
    assert "PixelSpacing" in found.warning


def test_spacing_within_one_percent_is_no_contradiction():
    assert calibration(region(), PixelSpacing=[0.301, 0.1995]).warning == ""


def test_header_without_any_scale_says_so():
    scale = calibration().scale_for()
    assert (scale.in_mm, scale.reason) == (False, "the file states no scale")


def test_regions_reach_the_frames_of_a_file(write_dicom):
    path = write_dicom(np.zeros((HEIGHT, WIDTH), np.uint8), SequenceOfUltrasoundRegions=[region()])
    assert open_source(path).frame(0).calibration.scale_for().dx_mm == pytest.approx(0.2)
