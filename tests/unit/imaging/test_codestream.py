"""Streams of another picture than the header's are refused before a decoder sees them."""

from __future__ import annotations

import pydicom
import pytest
from pydicom import uid
from pydicom.encaps import get_frame

from sonichu_gui.imaging.codestream import (
    Picture,
    has_colour_transform,
    is_jpeg_2000_of,
    is_jpeg_ls_of,
    is_lossless_jpeg_of,
)

CHECKS = {
    uid.JPEGLosslessSV1: is_lossless_jpeg_of,
    uid.JPEGLossless: is_lossless_jpeg_of,
    uid.JPEGLSLossless: is_jpeg_ls_of,
    uid.JPEG2000Lossless: is_jpeg_2000_of,
}
RIGHT = Picture(width=48, height=32, samples=3, bits=8)


@pytest.fixture(params=CHECKS, ids=lambda syntax: syntax.name)
def stream(request, write_dicom, recode, colours):
    path = recode(write_dicom(colours, photometric="RGB"), request.param)
    data = get_frame(pydicom.dcmread(path).PixelData, 0, number_of_frames=1)
    return CHECKS[request.param], data


def test_stream_of_the_picture_is_let_through(stream):
    check, data = stream
    assert check(RIGHT, data)


@pytest.mark.parametrize(
    "wrong",
    [Picture(47, 32, 3, 8), Picture(48, 33, 3, 8), Picture(48, 32, 1, 8)],
    ids=["width", "height", "samples"],
)
def test_stream_of_another_picture_is_not(stream, wrong):
    check, data = stream
    assert not check(wrong, data)


def test_stream_cut_in_its_header_is_not(stream):
    check, data = stream
    assert not any(check(RIGHT, data[:length]) for length in range(0, 20, 3))


@pytest.mark.parametrize(
    "extra",
    [b"\0", b"\xff\xee\x00\x0eAdobe\0d\0\0\0\0\x09", b"\xff\xe0\x00\x10JFIF\0\x02" + bytes(8)],
    ids=["stray byte", "unknown transform", "unknown JFIF"],
)
def test_lossless_jpeg_that_would_make_its_library_remark_is_not(
    write_dicom, recode, colours, extra
):
    path = recode(write_dicom(colours, photometric="RGB"), uid.JPEGLosslessSV1)
    data = get_frame(pydicom.dcmread(path).PixelData, 0, number_of_frames=1)
    assert not is_lossless_jpeg_of(RIGHT, data[:2] + extra + data[2:])


@pytest.mark.parametrize("photometric", ["YBR_RCT", "RGB"])
def test_colour_transform_is_read_from_the_stream(write_dicom, colours, photometric):
    dataset = pydicom.dcmread(write_dicom(colours, photometric="RGB"))
    dataset.PhotometricInterpretation = photometric
    dataset.compress(uid.JPEG2000Lossless, generate_instance_uid=False)
    data = get_frame(dataset.PixelData, 0, number_of_frames=1)
    assert has_colour_transform(data) is (photometric == "YBR_RCT")
