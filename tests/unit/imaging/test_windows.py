"""Tables, presets and what single frames say: the order of PS3.3 C.11, pydicom as the witness."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom import uid
from pydicom.dataset import Dataset
from pydicom.pixels import apply_modality_lut, apply_presentation_lut, apply_voi, apply_windowing

from sonichu_gui.imaging.sources import open_source

STORED = np.arange(0, 4096, 16, dtype=np.uint16).reshape(16, 16)
TWELVE_BITS = {"BitsStored": 12, "HighBit": 11}


def table(entries, *, first=0, bits=16, explanation=None, packed=False, big_endian=False):
    item = Dataset()
    item.add_new("LUTDescriptor", "US" if first >= 0 else "SS", [len(entries), first, bits])
    if packed:
        data = np.asarray(entries, np.uint8).tobytes()
        item.add_new("LUTData", "OW", data + b"\0" * (len(data) % 2))
    else:
        item.add_new("LUTData", "OW", np.asarray(entries, ">u2" if big_endian else "<u2").tobytes())
    if explanation:
        item.LUTExplanation = explanation
    return item


def as_grey(values, highest):
    return np.asarray(values, float) / highest * 255


def shown(path, index=0):
    return open_source(path).frame(index).pixels.astype(float)


def test_modality_table_comes_before_the_window(write_dicom):
    curve = (np.linspace(0, 1, 4096) ** 2 * 60000).astype(np.uint16)
    path = write_dicom(
        STORED, ModalityLUTSequence=[table(curve)], WindowCenter=20000, WindowWidth=30000,
        **TWELVE_BITS,
    )  # fmt: skip
    dataset = pydicom.dcmread(path)
    value = apply_windowing(apply_modality_lut(STORED, dataset).astype(float), dataset)
    np.testing.assert_allclose(shown(path), as_grey(value, 65535), atol=1)


@pytest.mark.parametrize("big_endian", [False, True])
def test_voi_table_after_rescaling(write_dicom, big_endian):
    entries = np.linspace(65535, 0, 600).astype(np.uint16)
    path = write_dicom(
        STORED,
        syntax=uid.ExplicitVRBigEndian if big_endian else uid.ExplicitVRLittleEndian,
        VOILUTSequence=[table(entries, first=100, big_endian=big_endian)],
        RescaleSlope=0.25,
        RescaleIntercept=-50,
        **TWELVE_BITS,
    )
    values = np.clip(np.rint(STORED * 0.25 - 50) - 100, 0, 599).astype(int)
    np.testing.assert_allclose(shown(path), as_grey(entries[values], 65535), atol=1)
    if not big_endian:
        dataset = pydicom.dcmread(path)
        witness = apply_voi(np.rint(STORED * 0.25 - 50).astype(int), dataset)
        np.testing.assert_allclose(shown(path), as_grey(witness, 65535), atol=1)


@pytest.mark.parametrize("bits", [8, 9, 12, 16])
@pytest.mark.parametrize("packed", [False, True])
def test_voi_table_of_any_depth(write_dicom, bits, packed):
    """Of 8-bit entries with inputs above 255 pydicom 3.0 makes others."""
    highest = min((1 << bits) - 1, 255 if packed else 65535)
    entries = np.linspace(0, highest, 4096).astype(np.uint16)
    path = write_dicom(
        STORED, VOILUTSequence=[table(entries, bits=bits, packed=packed)], **TWELVE_BITS
    )
    expected = as_grey(entries[STORED], (1 << bits) - 1)
    np.testing.assert_allclose(shown(path), expected, atol=1)


def test_table_that_begins_below_zero(write_dicom):
    stored = np.array([[-3, -2, -1, 0, 1, 9]], np.int16)
    item = table([0, 85, 170, 255], first=-2, bits=8)
    path = write_dicom(stored, VOILUTSequence=[item], PixelRepresentation=1)
    assert shown(path).tolist() == [[0, 0, 85, 170, 255, 255]]


def test_incomplete_table_is_passed_over_for_the_window(write_dicom):
    broken = table([1, 2, 3])
    broken.LUTDescriptor = [900, 0, 16]
    path = write_dicom(STORED, VOILUTSequence=[broken], WindowCenter=2048, WindowWidth=4096)
    assert (
        shown(path).tolist()
        == shown(write_dicom(STORED, name="b.dcm", WindowCenter=2048, WindowWidth=4096)).tolist()
    )


@pytest.mark.parametrize("shape", ["INVERSE", "IDENTITY"])
@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_inverse_shape_turns_grey_round_once(write_dicom, ramp, photometric, shape):
    path = write_dicom(ramp, photometric=photometric, PresentationLUTShape=shape)
    is_turned = photometric == "MONOCHROME1" or shape == "INVERSE"
    assert np.array_equal(shown(path), 255.0 - ramp if is_turned else ramp)


def test_inverse_shape_agrees_with_pydicom(write_dicom, ramp):
    path = write_dicom(ramp, PresentationLUTShape="INVERSE")
    assert np.array_equal(shown(path), apply_presentation_lut(ramp, pydicom.dcmread(path)))


def test_presentation_table_comes_last(write_dicom, ramp):
    entries = (np.linspace(0, 1, 256) ** 0.5 * 4095).astype(np.uint16)
    path = write_dicom(ramp, PresentationLUTSequence=[table(entries, bits=12)])
    witness = apply_presentation_lut(ramp, pydicom.dcmread(path))
    np.testing.assert_allclose(shown(path), as_grey(witness, 4095), atol=1)


@pytest.fixture
def with_presets(write_dicom):
    return write_dicom(
        STORED,
        VOILUTSequence=[table(np.linspace(0, 65535, 4096), explanation="Curve"), table([0, 1])],
        WindowCenter=[1000, 2000, 3000],
        WindowWidth=[500, 0, 1000],
        WindowCenterWidthExplanation=["Soft", "Broken", "Vessel"],
        **TWELVE_BITS,
    )


def test_presets_have_the_names_and_values_of_the_file(with_presets):
    presets = open_source(with_presets).presets
    assert [(preset.name, preset.center, preset.width) for preset in presets] == [
        ("Curve", None, None),
        ("Table 2", None, None),
        ("Soft", 1000, 500),
        ("Vessel", 3000, 1000),
    ]


def test_frame_is_shown_by_any_preset_and_unasked_by_the_first(with_presets):
    source = open_source(with_presets)
    dataset = pydicom.dcmread(with_presets)
    for preset in source.presets:
        if preset.name in {"Soft", "Vessel"}:
            window = apply_windowing(STORED, dataset, index={"Soft": 0, "Vessel": 2}[preset.name])
            grey = source.frame_with(0, preset).pixels
            np.testing.assert_allclose(grey.astype(float), as_grey(window, 4095), atol=1)
    first = source.frame_with(0, source.presets[0]).pixels
    assert np.array_equal(first, source.frame(0).pixels)


def test_windows_without_names_are_numbered(write_dicom):
    path = write_dicom(STORED, WindowCenter=[10, 20], WindowWidth=[5, 6])
    assert [preset.name for preset in open_source(path).presets] == ["Window 1", "Window 2"]


def test_files_without_grey_numbers_have_no_presets(write_dicom, colours, tmp_path):
    path = write_dicom(colours, photometric="RGB", WindowCenter=10, WindowWidth=2)
    assert open_source(path).presets == ()


def group(**values):
    item = Dataset()
    window = Dataset()
    for keyword in ("WindowCenter", "WindowWidth"):
        if keyword in values:
            setattr(window, keyword, values[keyword])
    if len(window):
        item.FrameVOILUTSequence = [window]
    if "slope" in values:
        scale = Dataset()
        scale.RescaleSlope, scale.RescaleIntercept = values["slope"], 0
        item.PixelValueTransformationSequence = [scale]
    return item


def test_window_of_a_frame_wins_over_the_one_of_all(write_dicom):
    frames = np.stack([STORED] * 3)
    path = write_dicom(
        frames,
        frames=3,
        SharedFunctionalGroupsSequence=[group(WindowCenter=2048, WindowWidth=4096, slope=1)],
        PerFrameFunctionalGroupsSequence=[
            group(), group(WindowCenter=500, WindowWidth=200), group(slope=2),
        ],
        **TWELVE_BITS,
    )  # fmt: skip
    dataset = Dataset()
    dataset.BitsStored, dataset.PixelRepresentation = 12, 0
    dataset.PhotometricInterpretation = "MONOCHROME2"
    for index, (center, width, slope) in enumerate(
        [(2048, 4096, 1), (500, 200, 1), (2048, 4096, 2)]
    ):
        dataset.WindowCenter, dataset.WindowWidth = center, width
        expected = as_grey(apply_windowing(STORED.astype(float) * slope, dataset), 4095)
        np.testing.assert_allclose(shown(path, index), expected, atol=1)


def test_frames_without_groups_of_their_own_take_the_shared_one(write_dicom):
    frames = np.stack([STORED] * 2)
    path = write_dicom(
        frames,
        frames=2,
        SharedFunctionalGroupsSequence=[group(WindowCenter=500, WindowWidth=200)],
        **TWELVE_BITS,
    )
    assert [preset.center for preset in open_source(path).presets] == [500]
    assert np.array_equal(shown(path, 0), shown(path, 1))


@given(
    keyword=st.sampled_from(["VOILUTSequence", "ModalityLUTSequence", "PresentationLUTSequence"]),
    descriptor=st.lists(st.integers(0, 65535), min_size=1, max_size=4),
    data=st.binary(max_size=40),
)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_table_keeps_a_picture_from_being_shown(write_dicom, keyword, descriptor, data):
    item = Dataset()
    item.add_new("LUTDescriptor", "US", descriptor)
    item.add_new("LUTData", "OW", data)
    path = write_dicom(STORED, **{keyword: [item]}, **TWELVE_BITS)
    assert shown(path).shape == STORED.shape


def test_damaged_window_of_a_group_is_passed_over(write_dicom):
    stored = np.stack([STORED, STORED])
    path = write_dicom(
        stored, frames=2, SharedFunctionalGroupsSequence=[group(WindowCenter=500, WindowWidth=200)]
    )
    path.write_bytes(path.read_bytes().replace(b"\x28\x00\x50\x10DS", b"\x28\x00\x50\x10FS"))
    source = open_source(path)
    assert source.presets == ()
    assert len(np.unique(source.frame(0).pixels)) > 100
