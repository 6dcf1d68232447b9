"""WebP pictures: still and animated, with and without loss, with and without transparency."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from sonichu_gui.errors import FrameError
from sonichu_gui.imaging.animation import webp_times_ms
from sonichu_gui.imaging.sources import open_source

STEPS = (40, 80, 120, 40)


@pytest.fixture
def still(tmp_path):
    def write(pixels, **options):
        path = tmp_path / "picture.png"  # the content decides
        Image.fromarray(pixels).save(path, "WEBP", **options)
        return path

    return write


@pytest.fixture
def animated(tmp_path):
    """Four pictures of a level each, shown for different times."""
    pictures = [Image.new("RGB", (31, 17), (level,) * 3) for level in (10, 90, 170, 250)]
    path = tmp_path / "cine.webp"
    first, *others = pictures
    first.save(path, save_all=True, append_images=others, duration=list(STEPS), lossless=True)
    return path


def test_lossless_colours_are_exact(still, colours):
    source = open_source(still(colours, lossless=True))
    assert (source.format, source.frame_count, source.color) == ("WebP", 1, "rgb")
    assert (source.width, source.height, source.frame_time_ms) == (48, 32, None)
    assert np.array_equal(source.frame(0).pixels, colours)


def test_lossy_colours_are_close(still, colours):
    pixels = open_source(still(colours, quality=95)).frame(0).pixels
    inner = (slice(4, 12), slice(4, 12))
    np.testing.assert_allclose(pixels[inner].astype(int), colours[inner].astype(int), atol=8)


def test_grey_is_kept_as_grey(still, ramp):
    assert np.array_equal(open_source(still(ramp, lossless=True)).frame(0).pixels, ramp)


def test_transparent_parts_are_laid_on_black(still):
    layers = np.full((8, 8, 4), (200, 100, 50, 255), np.uint8)
    layers[4:, :, 3] = 128
    pixels = open_source(still(layers, lossless=True, exact=True)).frame(0).pixels
    assert pixels[0, 0].tolist() == [200, 100, 50]
    np.testing.assert_allclose(pixels[7, 0].astype(int), [100, 50, 25], atol=1)


def test_turned_by_its_exif_orientation(still, colours):
    exif = Image.Exif()
    exif[0x0112] = 6
    source = open_source(still(colours, lossless=True, exif=exif))
    assert (source.width, source.height) == (32, 48)
    assert np.array_equal(source.frame(0).pixels, np.rot90(colours, -1))


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (2, 0, 3)])
def test_animated_pictures_are_frames_in_any_order(animated, order):
    source = open_source(animated)
    assert source.frame_count == 4
    levels = [int(source.frame(index).pixels[3, 3]) for index in order]
    assert levels == [(10, 90, 170, 250)[index] for index in order]


def test_animated_pictures_have_their_times(animated):
    source = open_source(animated)
    assert [source.frame(index).time_ms for index in range(4)] == [0, 40, 120, 240]
    assert source.frame_time_ms == 80


def test_states_no_scale(animated):
    scale = open_source(animated).calibration.scale_for()
    assert (scale.dx_mm, scale.reason.split(";")[0]) == (None, "a WebP states no pixel size")


@pytest.mark.parametrize("kept", [0.2, 0.6, 0.95])
def test_cut_short(animated, kept):
    data = animated.read_bytes()
    animated.write_bytes(data[: int(len(data) * kept)])
    with pytest.raises(FrameError, match="damaged or cut short"):
        open_source(animated).frame(3)


def test_times_are_not_sought_behind_the_container():
    class Counted(io.BytesIO):
        reads = 0

        def read(self, size=-1):
            self.reads += 1
            return super().read(size)

    film = io.BytesIO()
    pictures = [Image.fromarray(np.full((8, 8, 3), level, np.uint8)) for level in (0, 90, 200)]
    pictures[0].save(film, "WEBP", save_all=True, append_images=pictures[1:], duration=40)
    stream = Counted(film.getvalue() + bytes(80_000))
    assert webp_times_ms(stream) == (0.0, 40.0, 80.0)
    assert stream.reads < 20
