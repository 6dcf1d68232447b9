from __future__ import annotations

import colorsys
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonichu_gui.imaging.look import NEUTRAL, PRESETS, RANGES, Look

GREY = np.arange(256, dtype=np.uint8).repeat(16).reshape(64, 64)
COLOURS = np.random.default_rng(1).integers(0, 256, (40, 60, 3), dtype=np.uint8)

looks = st.builds(
    Look, **{name: st.floats(*bounds) for name, bounds in RANGES.items()}, invert=st.booleans()
)


def locked(pixels):
    copy = pixels.copy()
    copy.setflags(write=False)
    return copy


@pytest.mark.parametrize("pixels", [GREY, COLOURS], ids=["grey", "colour"])
def test_neutral_look_gives_the_very_same_array(pixels):
    assert Look().apply(pixels) is pixels


@given(looks, st.sampled_from([GREY, COLOURS]))
def test_pixels_keep_shape_and_are_never_changed(look, pixels):
    frame = locked(pixels)
    shown = look.apply(frame)
    assert (shown.shape, shown.dtype) == (pixels.shape, np.uint8)
    assert np.array_equal(frame, pixels)
    assert look.is_neutral or not np.shares_memory(shown, frame)


def test_look_too_faint_to_be_seen_gives_an_array_of_its_own_nevertheless():
    shown = Look(brightness=1e-9).apply(GREY)
    assert np.array_equal(shown, GREY)
    assert not np.shares_memory(shown, GREY)


@pytest.mark.parametrize(
    "look", [Look(clahe=3.0), Look(gamma=2.0), Look(clahe=1e-300, invert=True)]
)
@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (7, 1), (3, 3), (1, 1, 3), (5, 1, 3)])
def test_smallest_pictures_keep_their_shape(look, shape):
    assert look.apply(np.full(shape, 90, np.uint8)).shape == shape


@pytest.mark.parametrize("look", [Look(clahe=3.0), Look(gamma=2.0)])
@pytest.mark.parametrize(
    "view", [COLOURS[::2, ::-1], COLOURS[:, :, ::-1], COLOURS[::-1, ::2, 1], GREY.T],
    ids=["turned", "channels", "one channel", "transposed"],
)  # fmt: skip
def test_parts_of_pictures_are_shown_as_their_copies(look, view):
    assert np.array_equal(look.apply(view), look.apply(view.copy()))


def test_inverting_turns_grey_round_and_twice_is_nothing():
    inverted = Look(invert=True)
    assert np.array_equal(inverted.apply(GREY), 255 - GREY)
    assert np.array_equal(inverted.apply(inverted.apply(GREY)), GREY)


def test_values_are_those_of_the_formula():
    look = Look(brightness=0.1, contrast=2.0, gamma=2.0)
    for stored in (0, 60, 100, 200):
        shown = min(max((stored / 255 - 0.5) * 2 + 0.5 + 0.1, 0), 1) ** 0.5 * 255
        assert look.apply(np.full((1, 1), stored, np.uint8))[0, 0] == round(shown)


@given(
    st.builds(
        Look,
        brightness=st.floats(-1, 1),
        contrast=st.floats(0.1, 10),
        gamma=st.floats(0.2, 5),
    )
)
def test_brighter_tissue_is_never_shown_darker(look):
    shown = look.apply(np.arange(256, dtype=np.uint8).reshape(1, 256)).astype(int)
    assert (np.diff(shown) >= 0).all()


def test_gamma_above_one_lifts_dark_tissue_and_leaves_black_and_white():
    shown = Look(gamma=2.0).apply(np.array([[0, 30, 255]], np.uint8))[0]
    assert (shown[0], shown[2]) == (0, 255)
    assert shown[1] > 60


@pytest.mark.parametrize(
    "look", [Look(gamma=1.5), Look(brightness=0.05), Look(contrast=0.9), Look(invert=True)]
)
def test_hues_stay(look):
    colours = np.array([[(200, 90, 90), (90, 170, 90), (100, 100, 190)]], np.uint8)
    for before, after in zip(colours[0], look.apply(colours)[0], strict=True):
        hues = [colorsys.rgb_to_hsv(*(each / 255))[0] for each in (before, after)]
        apart = abs(hues[0] - hues[1])
        assert min(apart, 1 - apart) < 0.03


@pytest.mark.parametrize("look", [*PRESETS.values(), Look(clahe=4, invert=True)])
def test_grey_in_a_colour_picture_is_shown_as_in_a_grey_one(look):
    picture = np.repeat(GREY[:, :, None], 3, axis=2)
    shown = look.apply(picture).astype(int)
    assert np.ptp(shown, axis=2).max() == 0
    assert np.abs(shown[:, :, 0] - look.apply(GREY)).max() <= 1


def test_local_contrast_parts_what_was_nearly_equal():
    faint = np.full((64, 64), 100, np.uint8)
    faint[:, ::2] = 104
    shown = Look(clahe=4).apply(faint)
    assert np.ptp(shown[20:40, 20:40].astype(int)) > 4


@given(looks)
def test_text_gives_the_same_look_again(look):
    assert Look.from_text(look.to_text()) == look


def test_neutral_look_is_an_empty_object():
    assert Look().to_text() == "{}"


@pytest.mark.parametrize(
    "text",
    ["", "no JSON", "[1]", "null", "3", '"gamma"', "[" * 100_000, '{"gamma": NaN}',
     '{"gamma": 1' + "0" * 400 + "}", '{"gamma": Infinity}',
     '{"gamma": "2"}', '{"gamma": 99}', '{"gamma": true}', '{"invert": 1}', '{"zoom": 3}'],
)  # fmt: skip
def test_bad_stored_values_count_as_neutral(text):
    assert Look.from_text(text) == NEUTRAL


def test_one_bad_value_does_not_take_the_others_with_it():
    stored = json.dumps({"gamma": -1, "contrast": 2, "invert": True})
    assert Look.from_text(stored) == Look(contrast=2, invert=True)


@given(st.text() | st.recursive(st.none() | st.floats() | st.text(), st.lists).map(json.dumps))
def test_whatever_is_stored_gives_a_look(text):
    assert isinstance(Look.from_text(text), Look)


@pytest.mark.parametrize(("name", "bounds"), RANGES.items())
def test_values_out_of_range_are_refused(name, bounds):
    for value in (bounds[0] - 0.01, bounds[1] + 0.01, float("nan")):
        with pytest.raises(ValueError, match=name):
            Look(**{name: value})
