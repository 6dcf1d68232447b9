"""Pictures by Pillow: every way a pixel can be stored, turned as it should be seen."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from sonichu_gui.domain.calibration import Trust
from sonichu_gui.errors import FrameError
from sonichu_gui.imaging.sources import open_source

FORMATS = ("PNG", "JPEG", "BMP", "TIFF")
GREY = np.arange(48, dtype=np.uint8).reshape(6, 8) * 5


@pytest.fixture
def save(tmp_path):
    def write(image, file_format="PNG", name="frame.bin", **options):
        path = tmp_path / name
        image.save(path, file_format, **options)
        return path

    return write


def shown(path, index=0):
    return open_source(path).frame(index).pixels


@pytest.mark.parametrize("file_format", ["PNG", "BMP", "TIFF"])
@pytest.mark.parametrize("mode", ["grey", "rgb"])
def test_8_bit_pictures_are_shown_as_stored(save, colours, file_format, mode):
    pixels = GREY if mode == "grey" else colours
    path = save(Image.fromarray(pixels), file_format)
    source = open_source(path)
    assert (source.format, source.color) == (file_format, mode)
    assert np.array_equal(source.frame(0).pixels, pixels)


def test_jpeg_is_shown_in_its_colours(save, colours):
    path = save(Image.fromarray(colours), "JPEG", quality=95, subsampling=0)
    np.testing.assert_allclose(shown(path).astype(int), colours.astype(int), atol=6)


@pytest.mark.parametrize("file_format", ["PNG", "BMP", "TIFF"])
def test_palette_is_applied(save, colours, file_format):
    image = Image.fromarray(colours).quantize(8, dither=Image.Dither.NONE)
    source = open_source(save(image, file_format))
    assert source.color == "palette"
    np.testing.assert_allclose(source.frame(0).pixels.astype(int), colours.astype(int), atol=4)


@pytest.mark.parametrize("file_format", ["PNG", "BMP", "TIFF"])
def test_single_bit_pictures_are_black_and_white(save, file_format):
    image = Image.fromarray(np.array([[0, 255], [255, 0]], np.uint8)).convert("1")
    assert shown(save(image, file_format)).tolist() == [[0, 255], [255, 0]]


@pytest.mark.parametrize("file_format", ["PNG", "TIFF"])
def test_transparent_colour_lies_on_black(save, file_format):
    image = Image.fromarray(np.array([[[200, 100, 0, 255], [200, 100, 0, 51]]], np.uint8))
    assert shown(save(image, file_format)).tolist() == [[[200, 100, 0], [40, 20, 0]]]


def test_transparent_grey_lies_on_black(save):
    image = Image.fromarray(np.array([[[200, 255], [200, 51], [200, 0]]], np.uint8), mode="LA")
    assert shown(save(image)).tolist() == [[200, 40, 0]]


def test_transparent_entry_of_a_palette_lies_on_black(save):
    image = Image.fromarray(np.array([[0, 1]], np.uint8), mode="P")
    image.putpalette([250, 10, 20, 1, 2, 250])
    path = save(image, transparency=b"\x00\xff")
    assert shown(path).tolist() == [[[0, 0, 0], [1, 2, 250]]]


@pytest.mark.parametrize("file_format", ["PNG", "TIFF"])
def test_16_bit_grey_is_stretched_to_its_own_range(save, file_format):
    values = np.array([[1000, 1500, 2000]], np.uint16)
    source = open_source(save(Image.fromarray(values), file_format))
    assert source.color == "grey"
    assert source.frame(0).pixels.tolist() == [[0, 128, 255]]


def test_16_bit_grey_that_counts_from_white_is_turned_round(save):
    values = np.array([[1000, 1500, 2000]], np.uint16)
    path = save(Image.fromarray(values), "TIFF", tiffinfo={262: 0})
    assert shown(path).tolist() == [[255, 127, 0]]


def test_floating_point_grey_is_stretched(save):
    values = np.array([[-1.0, 0.0, np.nan, 1.0]], np.float32)
    assert shown(save(Image.fromarray(values), "TIFF")).tolist() == [[0, 128, 0, 255]]


@pytest.mark.parametrize("file_format", ["JPEG", "TIFF"])
def test_cmyk_becomes_rgb(save, colours, file_format):
    path = save(Image.fromarray(colours).convert("CMYK"), file_format)
    source = open_source(path)
    assert source.color == "cmyk"
    middle = source.frame(0).pixels[4:12, 4:12].astype(int)
    np.testing.assert_allclose(middle, colours[4:12, 4:12].astype(int), atol=12)


def test_rgb_without_colour_is_kept_as_grey(save):
    source = open_source(save(Image.fromarray(GREY[..., None].repeat(3, axis=2))))
    assert source.color == "rgb"
    assert np.array_equal(source.frame(0).pixels, GREY)


TURNED = {
    1: GREY,
    2: GREY[:, ::-1],
    3: GREY[::-1, ::-1],
    4: GREY[::-1],
    5: GREY.T,
    6: np.rot90(GREY, -1),
    7: np.rot90(GREY, 2).T,
    8: np.rot90(GREY),
}


@pytest.mark.parametrize("orientation", TURNED)
@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "TIFF"])
def test_exif_orientation_is_applied(save, orientation, file_format):
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"quality": 100} if file_format == "JPEG" else {}
    source = open_source(save(Image.fromarray(GREY), file_format, exif=exif, **options))
    pixels, expected = source.frame(0).pixels, TURNED[orientation]
    assert (source.height, source.width) == pixels.shape == expected.shape
    np.testing.assert_allclose(pixels.astype(int), expected.astype(int), atol=6)


@pytest.mark.parametrize("compression", [None, "tiff_lzw", "tiff_deflate", "packbits"])
def test_pages_of_a_tiff_are_frames(save, compression):
    pages = [Image.fromarray(GREY + np.uint8(page)) for page in range(3)]
    path = save(pages[0], "TIFF", save_all=True, append_images=pages[1:], compression=compression)
    source = open_source(path)
    assert source.frame_count == 3
    assert [int(source.frame(page).pixels[0, 0]) for page in (2, 0, 1)] == [2, 0, 1]


def test_pages_of_a_tiff_may_differ_in_size(save):
    pages = [Image.new("L", (8, 6)), Image.new("L", (3, 2))]
    source = open_source(save(pages[0], "TIFF", save_all=True, append_images=pages[1:]))
    assert (source.width, source.frame(1).width) == (8, 3)


def test_frames_are_named_by_the_files_digest_and_their_page(save):
    pages = [Image.fromarray(GREY), Image.fromarray(GREY)]
    source = open_source(save(pages[0], "TIFF", save_all=True, append_images=pages[1:]))
    ref = source.frame(1).ref
    assert (ref.digest, ref.index) == (source.digest, 1)


def test_pixels_cannot_be_changed(save):
    assert not shown(save(Image.fromarray(GREY))).flags.writeable


@pytest.mark.parametrize("name", ["Ультразвук 一.png", "Bräune frame #7.png", "лёгкие.dcm"])
def test_any_name_will_do(save, name):
    assert np.array_equal(shown(save(Image.fromarray(GREY), name=name)), GREY)


@pytest.mark.parametrize("file_format", FORMATS)
def test_dots_per_inch_are_no_scale(save, file_format):
    path = save(Image.fromarray(GREY), file_format, dpi=(300, 300))
    scale = open_source(path).calibration.scale_for()
    assert scale.trust is Trust.NONE
    assert file_format in scale.reason


@pytest.mark.parametrize("file_format", FORMATS)
def test_no_part_of_a_cut_file_is_shown(save, colours, file_format, tmp_path):
    whole = save(Image.fromarray(colours), file_format)
    data, full = whole.read_bytes(), shown(whole)
    cut = tmp_path / "cut"
    for length in range(200, len(data), max(1, len(data) // 40)):
        cut.write_bytes(data[:length])
        try:
            pixels = shown(cut)
        except FrameError:
            continue
        assert np.array_equal(pixels, full)


def test_first_megapixels_of_a_vast_picture_are_not_decoded(tmp_path):
    path = tmp_path / "vast.png"
    Image.new("1", (20_000, 6_000)).save(path)
    with pytest.raises(FrameError, match="20000×6000"):
        open_source(path)
