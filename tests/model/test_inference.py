"""Frames in, points in pixels out: the conversion, the mirror pass, the overlay, the command."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from sonichu_gui.model.inference import (
    UntrainedHeadError,
    covariance_to_pixels,
    detect_keypoints,
    draw_overlay,
    load_image,
    main,
    to_normalised,
    to_pixels,
)
from sonichu_gui.model.modeling_sonichu import (
    DEFAULT_TASKS,
    IMAGENET_MEAN,
    IMAGENET_STD,
    SonichuModel,
    SonichuPreprocessor,
)

sides = st.integers(1, 8000)
places = st.floats(-1e4, 1e4)


@given(places, places, sides, sides)
def test_pixels_to_normalised_and_back_is_the_same_point(x, y, width, height):
    there = to_normalised([[x, y]], width, height)
    assert to_pixels(there, width, height)[0].tolist() == pytest.approx([x, y], abs=1e-8)


def test_the_edges_of_the_frame_are_half_a_pixel_outside_its_corner_pixels():
    assert to_pixels([[0, 0], [1, 1]], 800, 540).tolist() == [[-0.5, -0.5], [799.5, 539.5]]


def test_covariance_scales_with_each_axis():
    assert covariance_to_pixels([[1, 2], [2, 3]], 10, 100).tolist() == [[100, 2000], [2000, 30000]]


@pytest.mark.parametrize(
    ("width", "height"), [(800, 540), (120, 90), (1024, 100), (256, 256), (257, 255)]
)
def test_the_resize_keeps_the_place_of_a_blob(width, height):
    x, y, sigma = 0.61 * width, 0.37 * height, min(width, height) / 12
    columns, rows = np.meshgrid(np.arange(width), np.arange(height))
    blob = 250 * np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * sigma**2))
    values = SonichuPreprocessor()(np.rint(blob).astype(np.uint8))["pixel_values"][0, 0]
    seen = values.double() * IMAGENET_STD[0] + IMAGENET_MEAN[0]
    fractions = (torch.arange(256) + 0.5) / 256
    u = (seen.sum(0) * fractions).sum() / seen.sum()
    v = (seen.sum(1) * fractions).sum() / seen.sum()
    found = to_pixels([u.item(), v.item()], width, height)
    assert found.tolist() == pytest.approx([x, y], abs=0.05)


def test_grey_frames_are_replicated_and_normalised_as_imagenet():
    frame = np.full((40, 50), 128, np.uint8)
    values = SonichuPreprocessor()(frame)["pixel_values"]
    expected = [(128 / 255 - m) / s for m, s in zip(IMAGENET_MEAN, IMAGENET_STD, strict=True)]
    assert values.shape == (1, 3, 256, 256)
    assert values.dtype == torch.float32
    assert values[0, :, 7, 9].tolist() == pytest.approx(expected, abs=1e-5)


def test_one_channel_grey_and_rgb_of_the_same_frame_are_the_same_input(frame):
    prep = SonichuPreprocessor()
    grey = prep(frame)
    for same in (frame[..., None], np.repeat(frame[..., None], 3, axis=2)):
        assert torch.equal(prep(same)["pixel_values"], grey["pixel_values"])
    assert (grey["orig_w"], grey["orig_h"]) == (800, 540)


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((4, 4), np.uint16),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((0, 4), np.uint8),
        np.zeros(4, np.uint8),
    ],
    ids=["16 bit", "rgba", "empty", "a row"],
)
def test_frames_of_another_kind_are_refused(image):
    with pytest.raises(ValueError, match="expected"):
        SonichuPreprocessor()(image)


@pytest.mark.parametrize("task", ["HC", "PLAX"])
def test_with_the_mirror_pass_a_mirrored_frame_gives_mirrored_points(model, frame, task):
    pixels = SonichuPreprocessor()(frame)["pixel_values"]
    points = model.predict(pixels, task, tta=True)
    mirrored = model.predict(pixels.flip(-1), task, tta=True)
    expected = points[:, model.config.tasks[task].mirrored_channels]
    expected = torch.stack([1 - expected[..., 0], expected[..., 1]], dim=-1)
    torch.testing.assert_close(mirrored, expected, atol=1e-4, rtol=0)


def test_the_mirror_pass_changes_the_answer(model, frame):
    pixels = SonichuPreprocessor()(frame)["pixel_values"]
    assert not torch.allclose(model.predict(pixels, "PLAX"), model.predict(pixels, "PLAX", True))


def test_features_serve_every_task_as_a_pass_of_its_own(model, frame):
    pixels = SonichuPreprocessor()(frame)["pixel_values"]
    with torch.inference_mode():
        features = model.encode_views(pixels, tta=True)
        for task in ("HC", "PLAX"):
            found = model.locate(features, task, tta=True).xy
            assert torch.equal(found, model.predict(pixels, task, tta=True))


def test_predicting_with_an_untrained_head_warns(vit):
    with pytest.warns(UserWarning, match="no trained head for FUGC"):
        vit.predict(torch.zeros(1, 3, 256, 256), "FUGC")


def test_keypoints_of_a_frame_are_in_its_pixels(vit, frame):
    found = detect_keypoints(vit, SonichuPreprocessor(), frame, task="HC", tta=False)
    pixels = SonichuPreprocessor()(frame)["pixel_values"]
    expected = vit.predict(pixels, "HC")[0].numpy() * (800, 540) - 0.5
    np.testing.assert_allclose(found.points, expected, atol=1e-3)
    assert found.covariance.shape == (4, 2, 2)
    assert found.confidence.shape == (4,)


def test_keypoints_of_an_untrained_head_are_not_given(vit, frame):
    with pytest.raises(UntrainedHeadError, match="no trained head for FUGC"):
        detect_keypoints(vit, SonichuPreprocessor(), frame, task="FUGC")


def test_the_overlay_marks_the_points_and_leaves_the_frame_alone():
    frame = np.zeros((540, 800, 3), np.uint8)
    points = [[400, 100], [400, 440], [700, 270], [100, 270]]
    overlay = draw_overlay(frame, points, DEFAULT_TASKS["HC"])
    assert overlay.shape == frame.shape
    assert not frame.any()
    for x, y in ([400, 200], [400, 400], [300, 270], [600, 270]):
        assert overlay[y, x].any()
    assert not overlay[100, 100].any()


def test_the_overlay_leaves_out_points_that_are_not_numbers():
    frame = np.zeros((100, 100, 3), np.uint8)
    points = [[np.nan, 1], [50, 50], [np.inf, 0], [20, 20]]
    assert draw_overlay(frame, points, DEFAULT_TASKS["HC"]).any()


def _png(path, image):
    path.write_bytes(cv2.imencode(".png", image)[1].tobytes())
    return path


def test_images_are_read_from_paths_in_any_script(tmp_path, frame):
    path = _png(tmp_path / "κεφαλή 頭.png", frame)
    assert np.array_equal(load_image(path), np.repeat(frame[..., None], 3, axis=2))


def test_colours_are_read_as_red_green_blue(tmp_path):
    bgr = np.zeros((4, 4, 3), np.uint8)
    bgr[..., 2] = 200
    assert load_image(_png(tmp_path / "red.png", bgr))[0, 0].tolist() == [200, 0, 0]


@pytest.mark.parametrize("content", [b"", b"no image", b"\x89PNG\r\n\x1a\n"])
def test_a_file_that_is_no_image_is_refused_by_name(tmp_path, content):
    path = tmp_path / "broken.png"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"broken\.png: not an image"):
        load_image(path)


def _command(folder, frame, *arguments, task="HC"):
    image = _png(folder / "frame.png", frame)
    return main(
        [str(image), task, "--model", str(folder), "--out", str(folder / "o.png"), *arguments]
    )


def test_the_command_writes_the_overlay_and_prints_every_point(folder, frame, capsys):
    assert _command(folder, frame) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("\t")[0] for line in lines[1:5]] == ["BPD 1", "BPD 2", "OFD 1", "OFD 2"]
    assert load_image(folder / "o.png").shape == (540, 800, 3)


def test_the_command_prints_the_points_of_the_library(folder, frame, capsys):
    assert _command(folder, frame, "--no-tta") == 0
    printed = [line.split("\t")[1:3] for line in capsys.readouterr().out.splitlines()[1:5]]
    found = detect_keypoints(
        SonichuModel.from_pretrained(folder), SonichuPreprocessor(), frame, task="HC", tta=False
    )
    assert [[f"{x:.2f}", f"{y:.2f}"] for x, y in found.points] == printed


@pytest.mark.parametrize(
    ("task", "message"),
    [
        ("FUGC", "error: this model has no trained head for FUGC"),
        ("../x", "error: unknown task '../x'; this model knows AOP,"),
    ],
)
def test_the_command_refuses_a_task_it_has_no_trained_head_for(
    folder, frame, capsys, task, message
):
    assert _command(folder, frame, task=task) == 1
    assert message in capsys.readouterr().err
    assert not (folder / "o.png").exists()


def test_the_command_names_an_image_it_cannot_read(folder, capsys):
    assert main([str(folder / "none.png"), "HC", "--model", str(folder)]) == 1
    assert "none.png" in capsys.readouterr().err


def test_the_command_names_a_folder_without_a_model(tmp_path, capsys):
    assert main(["image.png", "HC", "--model", str(tmp_path)]) == 1
    assert "config.json: No such file" in capsys.readouterr().err
