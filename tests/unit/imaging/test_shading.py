"""Windows and ranges: what of a stored number is seen."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from pydicom.pixels import apply_voi_lut

from sonichu_gui.imaging.intensity import full_range_to_8bit, grey_if_colourless, over_black
from sonichu_gui.imaging.sources import open_source


def shown(path, index=0):
    return open_source(path).frame(index).pixels


def test_linear_window_spans_black_to_white(write_dicom):
    stored = np.array([[0, 99, 100, 149, 150, 200, 900]], np.uint16)
    path = write_dicom(stored, WindowCenter=150, WindowWidth=101)
    assert shown(path).tolist() == [[0, 0, 1, 126, 129, 255, 255]]


@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT", "SIGMOID"])
@pytest.mark.parametrize("signed", [False, True])
def test_window_agrees_with_pydicom(write_dicom, function, signed):
    stored = np.arange(0, 4096, 16, dtype=np.uint16).reshape(16, 16)
    if signed:
        stored = (stored.astype(np.int16) - 2048).astype(np.int16)
    path = write_dicom(
        stored,
        WindowCenter=-300 if signed else 1500,
        WindowWidth=900,
        VOILUTFunction=function,
        BitsStored=12,
        HighBit=11,
        PixelRepresentation=int(signed),
        RescaleSlope=1.5,
        RescaleIntercept=-10,
    )
    dataset = pydicom.dcmread(path)
    window = apply_voi_lut(stored * 1.5 - 10, dataset)
    low, high = (-2048 * 1.5 - 10, 2047 * 1.5 - 10) if signed else (-10.0, 4095 * 1.5 - 10)
    expected = (window - low) / (high - low) * 255
    np.testing.assert_allclose(shown(path).astype(float), expected, atol=1)


def test_window_of_width_one_is_a_threshold(write_dicom):
    path = write_dicom(np.array([[99, 100, 101]], np.uint16), WindowCenter=100.5, WindowWidth=1)
    assert shown(path).tolist() == [[0, 0, 255]]


def test_look_up_table_of_the_file_wins_over_its_window(write_dicom):
    table = pydicom.Dataset()
    table.add_new("LUTDescriptor", "US", [4, 0, 16])
    table.add_new("LUTData", "US", [65535, 0, 32768, 257])
    path = write_dicom(
        np.array([[0, 1, 2, 3]], np.uint8),
        VOILUTSequence=[table],
        WindowCenter=2,
        WindowWidth=4,
    )
    assert shown(path).tolist() == [[255, 0, 128, 1]]


def test_impossible_window_is_passed_over(write_dicom, ramp):
    assert np.array_equal(shown(write_dicom(ramp, WindowCenter=128, WindowWidth=0)), ramp)


def test_window_never_touches_colour(write_dicom, colours):
    path = write_dicom(colours, photometric="RGB", WindowCenter=10, WindowWidth=2)
    assert np.array_equal(shown(path), colours)


def test_more_than_8_bits_without_a_window_are_stretched(write_dicom):
    stored = np.array([[1000, 1500, 2000]], np.uint16)
    assert shown(write_dicom(stored)).tolist() == [[0, 128, 255]]


def test_8_bits_without_a_window_are_never_stretched(write_dicom):
    stored = np.array([[100, 110, 120]], np.uint8)
    assert shown(write_dicom(stored)).tolist() == [[100, 110, 120]]


def test_signed_8_bits_count_from_their_lowest(write_dicom):
    stored = np.array([[-128, 0, 127]], np.int8)
    assert shown(write_dicom(stored, PixelRepresentation=1)).tolist() == [[0, 128, 255]]


def test_colour_of_more_than_8_bits_keeps_the_high_byte(write_dicom):
    stored = np.array([[[0x1234, 0xABCD, 0xFFFF]]], np.uint16)
    assert shown(write_dicom(stored, photometric="RGB")).tolist() == [[[0x12, 0xAB, 0xFF]]]


@given(arrays(np.uint16, array_shapes(min_dims=2, max_dims=2, max_side=12)))
def test_stretching_keeps_the_order_of_values(values):
    grey = full_range_to_8bit(values)
    order = np.argsort(values, axis=None, kind="stable")
    assert np.all(np.diff(grey.ravel()[order].astype(int)) >= 0)


@given(arrays(np.uint16, (3, 4), elements=st.integers(0, 65535)))
def test_stretching_reaches_black_and_white_or_is_all_black(values):
    grey = full_range_to_8bit(values)
    expected = (0, 0) if values.min() == values.max() else (0, 255)
    assert (grey.min(), grey.max()) == expected


@given(arrays(np.float64, (2, 3), elements=st.floats(width=64, allow_nan=True)))
def test_stretching_takes_any_float(values):
    assert full_range_to_8bit(values).shape == (2, 3)


def test_constant_values_become_black():
    assert not full_range_to_8bit(np.full((2, 2), 40_000, np.uint16)).any()


def test_one_coloured_pixel_keeps_a_picture_in_colour():
    rgb = np.full((40, 40, 3), 7, np.uint8)
    rgb[33, 17] = (7, 8, 7)
    assert grey_if_colourless(rgb).shape == (40, 40, 3)


@given(st.integers(0, 255), st.integers(0, 255))
def test_transparency_dims_towards_black(level, alpha):
    pixels = np.full((1, 1), level, np.uint8)
    dimmed = int(over_black(pixels, np.full((1, 1), alpha, np.uint8))[0, 0])
    assert dimmed == pytest.approx(level * alpha / 255, abs=0.5)
