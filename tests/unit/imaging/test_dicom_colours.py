"""Every photometric interpretation in every syntax that can hold it, against the known picture."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest
from pydicom import uid
from pydicom.pixels import pixel_array

from sonichu_gui.imaging.sources import open_source

PLAIN = {
    "implicit": uid.ImplicitVRLittleEndian,
    "explicit": uid.ExplicitVRLittleEndian,
    "big endian": uid.ExplicitVRBigEndian,
    "deflated": uid.DeflatedExplicitVRLittleEndian,
}
LOSSLESS = {
    "RLE": uid.RLELossless,
    "JPEG-LS": uid.JPEGLSLossless,
    "JPEG 2000": uid.JPEG2000Lossless,
    "JPEG lossless": uid.JPEGLosslessSV1,
    "JPEG lossless 14": uid.JPEGLossless,
}


def shown(path):
    source = open_source(path)
    return source.frame(0).pixels


def index_picture(colours):
    """Stored numbers 0 to 5, one a block."""
    return np.arange(6, dtype=np.uint8).reshape(2, 3).repeat(16, axis=0).repeat(16, axis=1)


@pytest.mark.parametrize("syntax", PLAIN.values(), ids=PLAIN)
def test_grey_is_shown_as_stored(write_dicom, ramp, syntax):
    assert np.array_equal(shown(write_dicom(ramp, syntax=syntax)), ramp)


@pytest.mark.parametrize("syntax", PLAIN.values(), ids=PLAIN)
def test_inverted_grey_is_turned_round(write_dicom, ramp, syntax):
    path = write_dicom(ramp, photometric="MONOCHROME1", syntax=syntax)
    assert np.array_equal(shown(path), 255 - ramp)


@pytest.mark.parametrize("syntax", PLAIN.values(), ids=PLAIN)
def test_rgb_is_shown_as_stored(write_dicom, colours, syntax):
    assert np.array_equal(shown(write_dicom(colours, photometric="RGB", syntax=syntax)), colours)


@pytest.mark.parametrize("syntax", PLAIN.values(), ids=PLAIN)
def test_colours_stored_plane_by_plane_are_put_together(write_dicom, colours, syntax):
    planes = np.ascontiguousarray(np.moveaxis(colours, -1, 0))
    path = write_dicom(
        planes, photometric="RGB", syntax=syntax, shape=(32, 48), PlanarConfiguration=1
    )
    assert np.array_equal(shown(path), colours)


@pytest.mark.parametrize("syntax", PLAIN.values(), ids=PLAIN)
def test_full_range_ybr_becomes_rgb(write_dicom, colours, to_ybr, syntax):
    path = write_dicom(to_ybr(colours), photometric="YBR_FULL", syntax=syntax)
    np.testing.assert_allclose(shown(path).astype(int), colours.astype(int), atol=2)


@pytest.mark.parametrize("syntax", PLAIN.values(), ids=PLAIN)
def test_subsampled_ybr_becomes_rgb(write_dicom, colours, to_ybr, syntax):
    path = write_dicom(
        subsampled(to_ybr(colours)), photometric="YBR_FULL_422", syntax=syntax, shape=(32, 48)
    )
    np.testing.assert_allclose(shown(path).astype(int), colours.astype(int), atol=2)


def test_studio_range_ybr_becomes_rgb(write_dicom, colours, to_ybr):
    full = to_ybr(colours).astype(float)
    studio = np.rint(
        np.stack(
            [
                full[..., 0] * 219 / 255 + 16,
                *(np.moveaxis(full[..., 1:] - 128, -1, 0) * 224 / 255 + 128),
            ],
            axis=-1,
        )
    ).astype(np.uint8)
    path = write_dicom(subsampled(studio), photometric="YBR_PARTIAL_422", shape=(32, 48))
    np.testing.assert_allclose(shown(path).astype(int), colours.astype(int), atol=3)


def subsampled(ybr):
    """Y1 Y2 Cb Cr of each pair of pixels; the blocks are even, so nothing is lost."""
    pairs = ybr.reshape(-1, 2, 3)
    return np.stack([pairs[:, 0, 0], pairs[:, 1, 0], pairs[:, 0, 1], pairs[:, 0, 2]], 1).tobytes()


@pytest.mark.parametrize("big_endian", [False, True], ids=["little", "big"])
@pytest.mark.parametrize(
    "scaled",
    [
        {"bits": 16, "scale": 256},
        {"bits": 16, "scale": 257},
        {"bits": 16, "scale": 1},
        {"bits": 8, "scale": 1},
    ],
    ids=["high byte", "both bytes", "peak 255", "8 bits"],
)
def test_palette_gives_its_colours_however_it_is_scaled(
    write_dicom, colours, palette, scaled, big_endian
):
    path = write_dicom(
        index_picture(colours),
        photometric="PALETTE COLOR",
        syntax=uid.ExplicitVRBigEndian if big_endian else uid.ExplicitVRLittleEndian,
        **palette(**scaled, big_endian=big_endian),
    )
    assert np.array_equal(shown(path), colours)


@pytest.mark.parametrize("first", [0, 3, 500])
def test_palette_of_16_bit_numbers_begins_where_it_says(write_dicom, colours, palette, first):
    path = write_dicom(
        index_picture(colours).astype(np.uint16) + np.uint16(first),
        photometric="PALETTE COLOR",
        **palette(first=first),
    )
    assert np.array_equal(shown(path), colours)


def test_palette_extends_its_ends_to_numbers_beyond(write_dicom, palette):
    stored = np.array([[0, 2, 3, 8, 9, 65535]], np.uint16).repeat(2, axis=0)
    path = write_dicom(stored, photometric="PALETTE COLOR", **palette(first=3))
    red, grey = [255, 0, 0], [90, 90, 90]
    assert shown(path)[0].tolist() == [red, red, red, grey, grey, grey]


def test_segmented_palette_is_expanded(write_dicom):
    # One discrete segment of the first entry, one linear segment of 255 steps up to the last.
    segments = np.array([0, 1, 0, 1, 255, 0xFFFF], "<u2").tobytes()
    elements = {}
    for colour in ("Red", "Green", "Blue"):
        elements[f"{colour}PaletteColorLookupTableDescriptor"] = [256, 0, 16]
        elements[f"Segmented{colour}PaletteColorLookupTableData"] = segments
    stored = np.arange(256, dtype=np.uint8).reshape(8, 32)
    path = write_dicom(stored, photometric="PALETTE COLOR", **elements)
    np.testing.assert_allclose(shown(path).astype(int), stored.astype(int), atol=1)


@pytest.mark.parametrize("syntax", LOSSLESS.values(), ids=LOSSLESS)
@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_losslessly_compressed_grey_is_exact(write_dicom, recode, ramp, photometric, syntax):
    path = recode(write_dicom(ramp, photometric=photometric), syntax)
    expected = ramp if photometric == "MONOCHROME2" else 255 - ramp
    assert np.array_equal(shown(path), expected)


@pytest.mark.parametrize("syntax", LOSSLESS.values(), ids=LOSSLESS)
def test_losslessly_compressed_rgb_is_exact(write_dicom, recode, colours, syntax):
    path = recode(write_dicom(colours, photometric="RGB"), syntax)
    assert np.array_equal(shown(path), colours)


@pytest.mark.parametrize("syntax", [uid.RLELossless, uid.JPEGLSLossless], ids=["RLE", "JPEG-LS"])
def test_losslessly_compressed_palette_is_exact(write_dicom, recode, colours, palette, syntax):
    plain = write_dicom(index_picture(colours), photometric="PALETTE COLOR", **palette())
    assert np.array_equal(shown(recode(plain, syntax)), colours)


@pytest.mark.parametrize("syntax", [uid.RLELossless, uid.JPEGLosslessSV1], ids=["RLE", "JPEG"])
def test_losslessly_compressed_ybr_becomes_rgb(write_dicom, recode, colours, to_ybr, syntax):
    path = recode(write_dicom(to_ybr(colours), photometric="YBR_FULL"), syntax)
    np.testing.assert_allclose(shown(path).astype(int), colours.astype(int), atol=2)


@pytest.mark.parametrize("named", ["YBR_RCT", "RGB", "YBR_FULL"])
def test_colour_transform_of_jpeg_2000_is_undone_once_whatever_the_header_says(
    write_dicom, colours, named
):
    path = write_dicom(colours, photometric="RGB")
    dataset = pydicom.dcmread(path)
    dataset.PhotometricInterpretation = "YBR_RCT"
    dataset.compress(uid.JPEG2000Lossless, generate_instance_uid=False)
    dataset.PhotometricInterpretation = named
    dataset.save_as(path)
    assert np.array_equal(shown(path), colours)


def test_baseline_jpeg_grey_is_close(write_dicom, jpeg, ramp):
    path = write_dicom(jpeg(ramp), syntax=uid.JPEGBaseline8Bit, shape=ramp.shape)
    np.testing.assert_allclose(shown(path).astype(int), ramp.astype(int), atol=4)


@pytest.mark.parametrize("named", ["YBR_FULL_422", "YBR_FULL", "RGB"])
def test_baseline_jpeg_with_a_jfif_marker_is_ybr_whatever_the_header_says(
    write_dicom, jpeg, colours, named
):
    path = write_dicom(
        jpeg(colours), photometric=named, syntax=uid.JPEGBaseline8Bit, shape=(32, 48)
    )
    np.testing.assert_allclose(shown(path).astype(int), colours.astype(int), atol=6)


@pytest.mark.parametrize("named", ["YBR_FULL_422", "RGB"])
def test_baseline_jpeg_with_an_adobe_marker_is_what_the_marker_says(
    write_dicom, jpeg, colours, named
):
    path = write_dicom(
        jpeg(colours, keep_rgb=True), photometric=named, syntax=uid.JPEGBaseline8Bit, shape=(32, 48)
    )
    np.testing.assert_allclose(shown(path).astype(int), colours.astype(int), atol=6)


def test_baseline_jpeg_without_markers_is_rgb_when_the_header_says_so(write_dicom, jpeg, colours):
    # Components written untouched as if they were YCbCr, then the marker that says so taken out.
    data = without_jfif(jpeg(colours, mode="YCbCr"))
    path = write_dicom(data, photometric="RGB", syntax=uid.JPEGBaseline8Bit, shape=(32, 48))
    np.testing.assert_allclose(shown(path).astype(int), colours.astype(int), atol=6)


def test_adobe_marker_too_short_to_tell_is_no_marker(write_dicom, jpeg, colours):
    marker = b"\xff\xee\x00\x0cAdobe" + bytes(5)  # the transform would be one byte further on
    data = without_jfif(jpeg(colours, mode="YCbCr"), marker)
    path = write_dicom(data, photometric="RGB", syntax=uid.JPEGBaseline8Bit, shape=(32, 48))
    np.testing.assert_allclose(shown(path).astype(int), colours.astype(int), atol=6)


def test_baseline_jpeg_without_markers_is_ybr_when_the_header_says_so(write_dicom, jpeg, colours):
    data = without_jfif(jpeg(colours))
    path = write_dicom(
        data, photometric="YBR_FULL_422", syntax=uid.JPEGBaseline8Bit, shape=(32, 48)
    )
    np.testing.assert_allclose(shown(path).astype(int), colours.astype(int), atol=6)


def test_subsampled_jpeg_is_ybr_even_when_the_header_says_rgb(write_dicom, jpeg, colours):
    data = without_jfif(jpeg(colours, subsampling=1))
    path = write_dicom(data, photometric="RGB", syntax=uid.JPEGBaseline8Bit, shape=(32, 48))
    middle = shown(path)[4:12, 4:12].astype(int)
    np.testing.assert_allclose(middle, colours[4:12, 4:12].astype(int), atol=6)


def without_jfif(data, other=b""):
    """Puts another segment in place of APP0 in the one fragment, padded to its old length."""
    at = data.index(b"\xff\xe0\x00\x10JFIF")
    return data[:at] + other + data[at + 18 :] + b"\0" * (18 - len(other))


def test_frames_of_a_cine_are_told_apart(write_dicom, jpeg):
    frames = [np.full((16, 16), level, np.uint8) for level in (10, 120, 240)]
    path = write_dicom(jpeg(*frames), syntax=uid.JPEGBaseline8Bit, shape=(16, 16), frames=3)
    source = open_source(path)
    levels = [int(source.frame(index).pixels[0, 0]) for index in (2, 0, 1)]
    np.testing.assert_allclose(levels, [240, 10, 120], atol=2)


@pytest.mark.parametrize("syntax", PLAIN.values(), ids=PLAIN)
def test_frames_of_an_odd_number_of_bytes_are_told_apart(write_dicom, syntax):
    frames = np.stack([np.full((3, 5), level, np.uint8) for level in (10, 120, 240)])
    source = open_source(write_dicom(frames, syntax=syntax, frames=3))
    assert [int(source.frame(index).pixels.max()) for index in range(3)] == [10, 120, 240]


def test_unused_high_bits_are_ignored(write_dicom):
    stored = np.array([[0x0000, 0xF000, 0x00FF, 0xF0FF]], np.uint16)
    path = write_dicom(stored, BitsStored=8, HighBit=7)
    assert shown(path).tolist() == [[0, 0, 255, 255]]


def test_a_grey_picture_stored_as_rgb_is_kept_as_grey(write_dicom, ramp):
    source = open_source(write_dicom(ramp[..., None].repeat(3, axis=2), photometric="RGB"))
    assert (source.color, source.frame(0).pixels.shape) == ("rgb", ramp.shape)


def test_single_bit_pictures_are_black_and_white(write_dicom):
    path = write_dicom(
        np.packbits([0, 1] * 8, bitorder="little").tobytes(),
        shape=(2, 8),
        BitsAllocated=1,
        BitsStored=1,
        HighBit=0,
    )
    assert shown(path).tolist() == [[0, 255] * 4] * 2


def test_pydicom_sees_the_same_subsampled_colours(shared_data):
    path = shared_data / "data/dicom/US-YBR_FULL_422-EVRLE.dcm"
    np.testing.assert_allclose(shown(path).astype(int), pixel_array(path).astype(int), atol=1)
