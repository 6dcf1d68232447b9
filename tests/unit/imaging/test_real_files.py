"""Real ultrasound files: colours as another decoder has them, scales as their README expects."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydicom import examples
from pydicom.pixels import pixel_array

from sonichu_gui.domain.calibration import Trust
from sonichu_gui.imaging.sources import open_source

SHARED = "data/dicom"

# file: (mm per pixel, trust, usable regions, stored colour, format, frames)
EXPECTED = {
    "DIRW0007.dcm": (0.52478, "trusted", [1], "ybr", "JPEG baseline", 65),
    "gdcm-US-ALOKA-16.dcm": (0.38265, "trusted", [0, 1], "palette", "implicit little endian", 1),
    "JPGLosslessP14SV1_1s_1f_8b.dcm": (0.25477, "trusted", [0], "grey", "JPEG lossless", 1),
    "no-pixel-spacing.dcm": (0.33054, "trusted", [0], "palette", "RLE", 1),
    "OBXXXX1A_expb.dcm": (0.26229, "trusted", [0], "palette", "explicit big endian", 1),
    "US-YBR_FULL_422-EVRLE.dcm": (0.0616, "trusted", [0], "ybr", "explicit little endian", 1),
    "ybr_color": (0.5105, "doubtful", [0], "ybr", "JPEG baseline", 30),
    "palette_color": (0.26229, "doubtful", [0], "palette", "explicit little endian", 1),
    "rgb_color": (None, "none", [], "rgb", "explicit little endian", 1),
    "jpeg2k": (None, "none", [], "ybr", "JPEG 2000 lossless", 1),
}


PALETTES = [name for name, (*_, color, _, _) in EXPECTED.items() if color == "palette"]
THREE_SAMPLES = [name for name, (*_, color, _, _) in EXPECTED.items() if color in {"rgb", "ybr"}]


@pytest.fixture(params=EXPECTED)
def name(request):
    return request.param


@pytest.fixture
def path(name, request):
    if not name.endswith(".dcm"):
        return Path(examples.get_path(name))
    found = request.getfixturevalue("shared_data") / SHARED / name
    if not found.is_file():
        pytest.skip(f"{found} is absent")
    return found


def test_scale_or_doubt_is_as_expected(name, path):
    size, trust, usable, *_ = EXPECTED[name]
    calibration = open_source(path).calibration
    scale = calibration.scale_for()
    assert scale.trust.value == trust
    assert scale.dx_mm == (None if size is None else pytest.approx(size, abs=1e-5))
    assert [region.index for region in calibration.usable_regions] == usable


def test_file_is_described_as_it_is(name, path):
    *_, color, syntax, frames = EXPECTED[name]
    source = open_source(path)
    assert (source.color, source.format, source.frame_count) == (color, f"DICOM · {syntax}", frames)


def test_last_frame_has_a_picture(path):
    source = open_source(path)
    frame = source.frame(source.frame_count - 1)
    assert (frame.width, frame.height) == (source.width, source.height)
    assert int(frame.pixels.max()) > 200


@pytest.mark.parametrize("name", THREE_SAMPLES)
def test_colours_are_those_of_pydicom(path):
    expected = pixel_array(path, index=0).astype(int)
    np.testing.assert_allclose(open_source(path).frame(0).rgb().astype(int), expected, atol=1)


@pytest.mark.parametrize("name", PALETTES)
def test_palette_colours_are_those_of_gdcm(path):
    ours = open_source(path).frame(0)
    theirs = gdcm_palette(path, ours.height, ours.width)
    assert np.array_equal(ours.rgb(), theirs)


def gdcm_palette(path, height, width):
    import gdcm

    reader = gdcm.ImageReader()
    reader.SetFileName(str(path))
    assert reader.Read()
    lookup = gdcm.ImageApplyLookupTable()
    lookup.SetInput(reader.GetImage())
    assert lookup.Apply()
    image = lookup.GetOutput()
    wide = image.GetPixelFormat().GetBitsAllocated() == 16
    data = image.GetBuffer().encode("utf-8", "surrogateescape")
    values = np.frombuffer(data, np.uint16 if wide else np.uint8).reshape(height, width, 3)
    return (values >> 8 if wide else values).astype(np.uint8)


def test_rescaled_cine_gives_no_millimetres_without_a_persons_word():
    source = open_source(Path(examples.get_path("ybr_color")))
    scale = source.calibration.scale_for([(100, 100), (200, 200)])
    assert (scale.in_mm, scale.trust) == (False, Trust.DOUBTFUL)
    assert "320×240" in scale.reason


def test_two_panels_of_one_scale_ask_before_measuring_across(shared_data):
    path = shared_data / SHARED / "gdcm-US-ALOKA-16.dcm"
    calibration = open_source(path).calibration
    assert calibration.scale_for([(100, 100), (300, 300)]).in_mm
    assert calibration.scale_for([(100, 100), (500, 300)]).trust is Trust.DOUBTFUL


def test_ecg_strip_measures_nothing(shared_data):
    path = shared_data / SHARED / "no-pixel-spacing.dcm"
    calibration = open_source(path).calibration
    assert calibration.scale_for([(200, 540), (400, 560)]).dx_mm is None
