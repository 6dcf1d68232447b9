"""Eight rules of calibration, each on a DICOM file that is opened and measured.

The ninth, that a model's points are mapped back before they are measured, is tested with a model.

The rules follow DICOM PS3.3 C.8.5.5 and what a wrong millimetre would cost.
"""

from __future__ import annotations

import numpy as np
import pytest
from pydicom import Dataset, uid

from sonichu_gui.biometry.measure import measure
from sonichu_gui.domain.annotation import Annotation, Keypoint
from sonichu_gui.domain.calibration import ScaleSource, Trust, depth_scale, manual_scale
from sonichu_gui.imaging.sources import open_source
from sonichu_gui.tasks import load_tasks

WIDTH, HEIGHT = 320, 240
TISSUE, FLOW, ECG = 1, 2, 0xA
TWO_D, M_MODE, SPECTRAL, WAVEFORM = 1, 2, 3, 4


def region(box, *, delta=(0.02, 0.02), kind=TISSUE, form=TWO_D, units=(3, 3), flags=0):
    item = Dataset()
    item.RegionSpatialFormat, item.RegionDataType, item.RegionFlags = form, kind, flags
    (
        item.RegionLocationMinX0,
        item.RegionLocationMinY0,
        item.RegionLocationMaxX1,
        item.RegionLocationMaxY1,
    ) = box
    item.PhysicalUnitsXDirection, item.PhysicalUnitsYDirection = units
    item.PhysicalDeltaX, item.PhysicalDeltaY = delta
    return item


@pytest.fixture
def file(write_dicom):
    """Writes a file and gives its calibration as the window gets it."""

    def write(*regions, **elements):
        if regions:
            elements["SequenceOfUltrasoundRegions"] = list(regions)
        path = write_dicom(np.zeros((HEIGHT, WIDTH), np.uint8), **elements)
        return open_source(path).frame(0).calibration

    return write


def length(calibration, start, end):
    task = load_tasks()["IVC"]
    return measure(task, Annotation("IVC", (Keypoint(*start), Keypoint(*end))), calibration)[0]


FULL = (0, 0, WIDTH - 1, HEIGHT - 1)
LEFT, RIGHT = (0, 0, 159, HEIGHT - 1), (160, 0, WIDTH - 1, HEIGHT - 1)
INSIDE = ((100.0, 100.0), (130.0, 140.0))


# ---- 1: 2D tissue or flow in cm; each axis its own ---------------------------------------------


def test_1_a_region_measures_in_mm_with_each_axis_its_own(file):
    found = length(file(region(FULL, delta=(0.02, -0.03))), *INSIDE)
    assert found.value == pytest.approx(np.hypot(30 * 0.2, 40 * 0.3))
    assert (found.unit, found.scale.source, found.scale.region_index) == (
        "mm",
        ScaleSource.REGION,
        0,
    )


@pytest.mark.parametrize(
    "other",
    [
        region(FULL, form=SPECTRAL, kind=3),
        region(FULL, form=M_MODE),
        region(FULL, units=(4, 3)),
        region(FULL, delta=(0.0, 0.02)),
        region(FULL, kind=8),
    ],
    ids=["spectral", "M-mode", "seconds", "no delta", "trace"],
)
def test_1_no_other_region_scales_a_length(file, other):
    assert length(file(other), *INSIDE).unit == "px"


# ---- 2: the region of all points; tissue, priority, area; conflicts are asked ------------------


def test_2_tissue_then_high_priority_then_the_smaller_one(file):
    alike = file(
        region(FULL, kind=FLOW),
        region(FULL, flags=1),
        region(FULL),
        region((50, 50, 200, 200)),
    )
    assert alike.scale_for(INSIDE).region_index == 3
    assert alike.scale_for([(10.0, 10.0), (20.0, 20.0)]).region_index == 2


def test_2_regions_that_differ_by_more_than_half_a_percent_ask_which_is_meant(file):
    found = file(region(FULL), region((50, 50, 200, 200), delta=(0.0202, 0.0202)))
    scale = found.scale_for(INSIDE)
    assert (scale.trust, length(found, *INSIDE).unit) == (Trust.DOUBTFUL, "px")
    key, rivals = found.conflict_at(INSIDE)
    assert [one.index for one in rivals] == [1, 0]
    for index, mm in ((0, 0.2), (1, 0.202)):
        chosen = found.with_choice(key, index, "ada")
        measured = length(chosen, *INSIDE)
        assert measured.value == pytest.approx(50 * mm)
        assert (measured.scale.region_index, measured.scale.confirmed_by) == (index, "ada")
    assert found.with_choice(key, 0, "ada").with_choice(key, None, "ada").scale_for(INSIDE) == scale


def test_2_regions_within_half_a_percent_are_no_conflict(file):
    found = file(region(FULL), region((50, 50, 200, 200), delta=(0.02008, 0.02008)))
    assert found.conflict_at(INSIDE) is None
    assert found.scale_for(INSIDE).in_mm


def test_2_choosing_a_region_does_not_settle_what_else_is_doubtful_about_it(file):
    found = file(region(FULL), region((50, 50, 500, 400), delta=(0.03, 0.03)))
    key, _ = found.conflict_at(INSIDE)
    assert found.with_choice(key, 1, "ada").scale_for(INSIDE).trust is Trust.DOUBTFUL
    assert found.with_choice(key, 0, "ada").scale_for(INSIDE).in_mm


# ---- 3: points across regions ------------------------------------------------------------------

ACROSS = ((100.0, 100.0), (200.0, 100.0))


def test_3_across_equal_regions_only_a_persons_word_makes_it_one_plane(file):
    found = file(region(LEFT), region(RIGHT))
    measured = length(found, *ACROSS)
    assert (measured.unit, "different planes" in measured.reason) == ("px", True)
    confirmed = found.with_confirmation(measured.scale.key, "ada")
    assert length(confirmed, *ACROSS).value == pytest.approx(20.0)
    assert length(confirmed, *ACROSS).scale.confirmed_by == "ada"


def test_3_across_regions_of_different_scales_nothing_can_be_confirmed(file):
    found = file(region(LEFT), region(RIGHT, delta=(0.03, 0.03)))
    measured = length(found, *ACROSS)
    assert (measured.unit, "different scales" in measured.reason) == ("px", True)
    key = measured.scale.key
    assert length(found.with_confirmation(key, "ada"), *ACROSS).unit == "px"
    own = manual_scale(start=(0, 0), end=(50, 0), length_mm=10, author="ada")
    assert length(found.with_override(own), *ACROSS).unit == "px"


def test_3_a_doubt_about_the_scale_is_asked_before_the_planes(file):
    found = file(region(LEFT), region((160, 0, 900, HEIGHT - 1)))
    scale = found.scale_for(ACROSS)
    assert scale.key == "region:1"
    then = found.with_confirmation(scale.key, "ada").scale_for(ACROSS)
    assert (then.trust, then.key) == (Trust.DOUBTFUL, "split:0+1")


# ---- 4: outside, and where a place is no place of the body -------------------------------------


def test_4_points_outside_every_region_are_pixels_even_with_a_spacing(file):
    found = file(region((50, 50, 200, 200)), PixelSpacing=[0.2, 0.2])
    measured = length(found, (10.0, 10.0), (100.0, 100.0))
    assert (measured.unit, "outside" in measured.reason) == ("px", True)


@pytest.mark.parametrize(
    "strip",
    [
        region((0, 200, WIDTH - 1, HEIGHT - 1), form=WAVEFORM, kind=ECG, units=(4, 0)),
        region((0, 200, WIDTH - 1, HEIGHT - 1), form=M_MODE, units=(4, 3)),
        region((0, 200, WIDTH - 1, HEIGHT - 1), form=SPECTRAL, kind=3, units=(4, 7)),
    ],
    ids=["ECG", "M-mode", "Doppler"],
)
def test_4_a_trace_is_never_measured_in_mm_by_whatever_scale(file, strip):
    in_strip = ((100.0, 210.0), (140.0, 220.0))
    own = manual_scale(start=(0, 0), end=(50, 0), length_mm=10, author="ada")
    for known in (
        file(region((0, 0, WIDTH - 1, 199)), strip),
        file(strip, PixelSpacing=[0.2, 0.2]),
        file(strip).with_override(own),
    ):
        measured = length(known, *in_strip)
        assert measured.unit == "px"
        assert measured.reason
    assert length(file(strip).with_override(own), *INSIDE).unit == "mm"


# ---- 5: spacing where no region is usable -------------------------------------------------------


def test_5_pixel_spacing_is_row_before_column(file):
    found = length(file(PixelSpacing=[0.3, 0.2]), *INSIDE)
    assert found.value == pytest.approx(np.hypot(30 * 0.2, 40 * 0.3))
    assert found.scale.source is ScaleSource.PIXEL_SPACING


@pytest.mark.parametrize(
    ("says", "trust"),
    [
        ({}, Trust.DOUBTFUL),
        ({"PixelSpacingCalibrationType": "GEOMETRY"}, Trust.TRUSTED),
        ({"PixelSpacingCalibrationDescription": "ruler"}, Trust.TRUSTED),
    ],
)
def test_5_a_screen_capture_has_to_say_how_it_was_calibrated(file, says, trust):
    found = file(PixelSpacing=[0.2, 0.2], SOPClassUID=uid.SecondaryCaptureImageStorage, **says)
    assert found.scale_for(INSIDE).trust is trust


def test_5_nominal_spacing_says_so_and_waits(file):
    found = file(NominalScannedPixelSpacing=[0.2, 0.2])
    scale = found.scale_for(INSIDE)
    assert (scale.source, scale.trust) == (ScaleSource.NOMINAL, Trust.DOUBTFUL)
    assert "not calibrated" in scale.reason


def test_5_an_aspect_ratio_gives_angles_and_no_lengths(file):
    found = file(PixelAspectRatio=["2", "1"])
    task = load_tasks()["AOP"]
    points = tuple(Keypoint(x, y) for x, y in ((100, 100), (200, 100), (200, 150), (150, 120)))
    aop, hsd = measure(task, Annotation("AOP", points), found)
    square = measure(task, Annotation("AOP", points), file())
    assert aop.unit == "deg"
    assert aop.value != pytest.approx(square[0].value, abs=1.0)
    assert hsd.unit == "px"


# ---- 6: regions win over the spacing; they are compared, never multiplied -----------------------


def test_6_tags_that_disagree_by_more_than_a_percent_wait_for_a_persons_word(file):
    found = file(region(FULL), PixelSpacing=[0.2021, 0.2021])
    measured = length(found, *INSIDE)
    assert (measured.unit, "PixelSpacing" in measured.reason) == ("px", True)
    confirmed = length(found.with_confirmation(measured.scale.key, "ada"), *INSIDE)
    assert confirmed.value == pytest.approx(50 * 0.2)  # the region's, whatever the spacing


def test_6_tags_within_a_percent_agree(file):
    found = length(file(region(FULL), PixelSpacing=[0.2019, 0.2]), *INSIDE)
    assert found.value == pytest.approx(10.0)


# ---- 7: what no scanner would say --------------------------------------------------------------


@pytest.mark.parametrize(
    ("odd", "words"),
    [
        (region((84, 31, 595, 414)), "(595, 414) in a picture of 320×240"),
        (region(FULL, delta=(0.2001, 0.2001)), "0.2001 cm per pixel"),
        (region(FULL, delta=(0.00049, 0.00049)), "0.00049 cm per pixel"),
    ],
    ids=["larger than the picture", "too coarse", "too fine"],
)
def test_7_an_unlikely_region_is_doubted_until_a_person_confirms_it(file, odd, words):
    found = file(odd)
    scale = found.scale_for(INSIDE)
    assert (scale.trust, words in scale.reason) == (Trust.DOUBTFUL, True)
    assert length(found, *INSIDE).unit == "px"
    assert length(found.with_confirmation(scale.key, "ada"), *INSIDE).unit == "mm"


def test_7_the_limits_themselves_are_believed(file):
    assert file(region(FULL, delta=(0.2, 0.2))).scale_for(INSIDE).in_mm
    assert file(region(FULL, delta=(0.0005, 0.0005))).scale_for(INSIDE).in_mm


# ---- 8: a person's own scale, with where it comes from ------------------------------------------


def test_8_an_own_scale_wins_and_every_number_says_whose_it_is(file):
    drawn = manual_scale(start=(0, 0), end=(0, 100), length_mm=25, author="ada")
    deep = depth_scale(top=(160, 20), bottom=(150, 220), depth_mm=50, author="ada")
    for own in (drawn, deep):
        found = length(file().with_override(own), *INSIDE)
        assert found.value == pytest.approx(50 * 0.25)
        assert (found.scale.source, found.scale.confirmed_by) == (ScaleSource.MANUAL, "ada")
        assert found.sourced_text == "12.5 mm · by hand"
