from __future__ import annotations

import json
import sys

import cv2
import numpy as np
import pydicom.examples
import pytest

from sonichu_gui.cli import main
from sonichu_gui.model.inference import load_image, to_pixels
from sonichu_gui.model.modeling_sonichu import SonichuModel, SonichuPreprocessor

ROW_KEYS = {
    "path",
    "frame",
    "task",
    "model",
    "width",
    "height",
    "points",
    "points_normalized",
    "measurements",
    "seconds",
}


@pytest.fixture
def png(frame, tmp_path):
    path = tmp_path / "kopf-ä.png"
    path.write_bytes(cv2.imencode(".png", frame)[1].tobytes())
    return path


@pytest.fixture
def predict(folder, capsys):
    """Runs the command on the small model: exit code, stdout, stderr."""

    def run(*words):
        code = main(["predict", "--model", str(folder), *map(str, words)])
        return code, *capsys.readouterr()

    return run


def rows_of(answer, code=0):
    assert answer[0] == code, answer[2]
    return json.loads(answer[1])


def test_json_holds_the_keys_of_the_contract(predict, png):
    (row,) = rows_of(predict(png, "--task", "HC", "--json"))
    assert row.keys() >= ROW_KEYS
    assert (row["path"], row["frame"], row["task"]) == (str(png), 0, "HC")
    assert (row["width"], row["height"]) == (800, 540)
    assert row["model"].keys() == {"name", "hash"}
    assert row["points"][0].keys() == {
        "name",
        "x",
        "y",
        "confidence",
        "covariance",
        "disagreement",
        "alternatives",
    }
    assert np.shape(row["points"][0]["covariance"]) == (2, 2)
    assert row["measurements"][0].keys() >= {"name", "value", "unit", "uncertainty", "calibration"}


def test_a_draft_head_is_told_beside_its_points(predict, png, folder):
    path = folder / "config.json"
    config = json.loads(path.read_text())
    config["tasks"]["PLAX"] |= {"frames": {"real": 0, "phantoms": 2000}, "draft": True}
    path.write_text(json.dumps(config))
    answer = predict(png, "--task", "all", "--json")
    assert {row["task"]: row["draft"] for row in rows_of(answer)} == {"HC": False, "PLAX": True}
    assert "draft, from phantoms only: PLAX. Check every point." in answer[2]
    assert "draft" not in predict(png, "--task", "HC")[2]


def test_points_tell_the_views_disagreement_and_other_candidates(predict, png):
    (row,) = rows_of(predict(png, "--task", "PLAX", "--tta", "--json"))
    assert all(point["disagreement"] >= 0 for point in row["points"])
    others = [one for point in row["points"] for one in point["alternatives"]]
    assert others
    assert all(one.keys() == {"x", "y", "confidence"} for one in others)
    (row,) = rows_of(predict(png, "--task", "PLAX", "--no-tta", "--json"))
    assert {point["disagreement"] for point in row["points"]} == {None}


@pytest.mark.parametrize(
    ("engine", "precision"), [("torch", "fp32"), ("torch", "bf16"), ("openvino", "fp32")]
)
def test_engine_and_number_type_are_chosen_and_told(predict, png, engine, precision):
    if engine == "openvino":
        pytest.importorskip("openvino")
    words = ("--engine", engine, "--precision", precision, "--device", "cpu")
    (row,) = rows_of(predict(png, "--task", "HC", *words, "--json"))
    assert (row["engine"], row["precision"], row["device"]) == (engine, precision, "cpu")
    assert f"on cpu, {engine}, {precision}" in predict(png, "--task", "HC", *words)[1]


def test_engine_that_is_not_installed_is_told(predict, png, monkeypatch):
    monkeypatch.setitem(sys.modules, "openvino", None)
    code, out, err = predict(png, "--task", "HC", "--engine", "openvino", "--json")
    assert (code, out) == (1, "")
    assert "pip install 'sonichu[openvino]'" in err


@pytest.mark.parametrize(("word", "tta"), [("--tta", True), ("--no-tta", False)])
def test_points_are_the_networks_own(predict, png, folder, word, tta):
    (row,) = rows_of(predict(png, "--task", "HC", word, "--json"))
    inputs = SonichuPreprocessor.from_pretrained(folder)(load_image(png))
    expected = SonichuModel.from_pretrained(folder).predict(inputs["pixel_values"], "HC", tta=tta)
    np.testing.assert_allclose(
        [(point["x"], point["y"]) for point in row["points"]],
        to_pixels(expected[0].numpy(), 800, 540),
        atol=1e-3,
    )


def test_normalised_points_are_pixels_over_size_as_in_label_files(predict, png):
    (row,) = rows_of(predict(png, "--task", "HC", "--json"))
    assert row["points_normalized"] == [[p["x"] / 800, p["y"] / 540] for p in row["points"]]


def test_all_runs_the_trained_heads_and_tells_the_others(predict, png):
    answer = predict(png, "--task", "all", "--json")
    assert [row["task"] for row in rows_of(answer)] == ["HC", "PLAX"]
    assert "no trained head: FA, fetal_femur, AOP" in answer[2]


def test_all_encodes_the_frame_once(predict, png, encodings):
    words = ("--engine", "torch", "--precision", "fp32", "--tta", "--json")
    first, second = rows_of(predict(png, "--task", "all", *words))
    assert encodings == [2]
    # Each tells its own time; the frame is in the first's.
    assert first["seconds"] > 0
    assert second["seconds"] > 0


def test_untrained_head_gives_no_points(predict, png):
    code, out, err = predict(png, "--task", "FA", "--json")
    assert (code, out) == (1, "")
    assert "no trained head for Abdominal circumference" in err
    assert "Place the points by hand." in err


def test_scale_of_a_dicom_goes_into_its_measures(predict, shared_data):
    path = shared_data / "data" / "dicom" / "US-YBR_FULL_422-EVRLE.dcm"
    (row,) = rows_of(predict(path, "--task", "HC", "--json"))
    calibration = row["measurements"][0]["calibration"]
    assert calibration.keys() >= {"source", "dx_mm", "dy_mm", "trusted", "reason"}


def test_points_are_mapped_back_to_the_files_pixels_before_they_are_measured(
    predict, png, frame, tmp_path
):
    path = tmp_path / "frame.dcm"
    dataset = pydicom.Dataset()
    dataset.file_meta = pydicom.dataset.FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    dataset.SOPClassUID = pydicom.uid.UltrasoundImageStorage
    dataset.SOPInstanceUID = "1.2.3"
    grey = frame if frame.ndim == 2 else frame[..., 0]
    dataset.Rows, dataset.Columns = grey.shape
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit, dataset.PixelRepresentation = 7, 0
    dataset.PixelData = grey.tobytes()
    dataset.PixelSpacing = [0.3, 0.2]
    dataset.save_as(path, enforce_file_format=True)
    picture = tmp_path / "grey.png"
    picture.write_bytes(cv2.imencode(".png", grey)[1].tobytes())
    (row,) = rows_of(predict(path, "--task", "HC", "--json"))
    (same,) = rows_of(predict(picture, "--task", "HC", "--json"))
    (x0, y0), (x1, y1) = ((point["x"], point["y"]) for point in row["points"][:2])
    assert (x0, y0) == pytest.approx((same["points"][0]["x"], same["points"][0]["y"]))
    bpd = next(one for one in row["measurements"] if one["name"] == "BPD")
    assert bpd["value"] == pytest.approx(np.hypot((x1 - x0) * 0.2, (y1 - y0) * 0.3))


def test_frame_of_a_cine_is_chosen(predict):
    path = pydicom.examples.get_path("ybr_color")
    (row,) = rows_of(predict(path, "--task", "HC", "--frame", "29", "--json"))
    assert row["frame"] == 29
    assert row["measurements"][0]["unit"] == "px"


def test_frame_that_is_not_there_is_told(predict, png):
    code, _, err = predict(png, "--task", "HC", "--frame", "1")
    assert code == 1
    assert "frame" in err


@pytest.mark.parametrize(
    "words",
    [
        ("--frame", "-1"),
        ("--frame", "x"),
        ("--device", "tpu"),
        ("--engine", "onnx"),
        ("--precision", "int8"),
    ],
)
def test_wrong_words_are_wrong_arguments(predict, png, words, capsys):
    with pytest.raises(SystemExit) as ended:
        predict(png, "--task", "HC", *words)
    assert ended.value.code == 2
    assert words[0] in capsys.readouterr().err


def test_file_that_is_broken_does_not_stop_the_others(predict, png, tmp_path):
    broken = tmp_path / "broken.png"
    broken.write_bytes(png.read_bytes()[:500])
    answer = predict(broken, png, "--task", "HC", "--json")
    assert [row["path"] for row in rows_of(answer, code=1)] == [str(png)]
    assert "broken.png" in answer[2]
    assert "2 of 2 frames" in answer[2]


def test_folder_stands_for_its_files(predict, png):
    (png.parent / "second.png").write_bytes(png.read_bytes())
    rows = rows_of(predict(png.parent, "--task", "HC", "--json"))
    assert {row["path"] for row in rows} == {str(png), str(png.parent / "second.png")}


def test_empty_folder_is_told(predict, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    code, out, err = predict(empty, "--task", "HC", "--json")
    assert (code, out) == (1, "")
    assert f"{empty} holds no image" in err


def test_overlay_draws_on_a_copy(predict, png, tmp_path):
    before = png.read_bytes()
    out = tmp_path / "drawn.png"
    assert predict(png, "--task", "all", "--overlay", out)[0] == 0
    drawn = load_image(out)
    assert drawn.shape == (540, 800, 3)
    assert (drawn != load_image(png)).any()
    assert png.read_bytes() == before


def test_overlay_never_replaces_the_frame(predict, png):
    before = png.read_bytes()
    code, _, err = predict(png, "--task", "HC", "--overlay", png)
    assert code == 1
    assert "is the frame itself" in err
    assert png.read_bytes() == before


def test_overlay_into_nowhere_is_told(predict, png, tmp_path):
    code, _, err = predict(png, "--task", "HC", "--overlay", tmp_path / "no" / "x.png")
    assert code == 1
    assert "cannot be written" in err


def test_overlay_of_several_frames_is_a_wrong_argument(predict, png, capsys):
    with pytest.raises(SystemExit) as ended:
        predict(png, png, "--task", "HC", "--overlay", "x.png")
    assert ended.value.code == 2
    assert "--overlay draws one frame" in capsys.readouterr().err


def test_table_tells_points_measures_and_the_scale(predict, png):
    code, out, _ = predict(png, "--task", "HC")
    assert code == 0
    assert all(word in out for word in ("BPD 1", "OFD", "± ", "scale: ", "Not for clinical use."))


def test_interrupted_work_keeps_what_is_done(predict, png, monkeypatch):
    from sonichu_gui.prediction.local import LocalPredictor

    work, done = LocalPredictor.predict, []

    def once(self, frame, task, *, tta):
        if done:
            raise KeyboardInterrupt
        done.append(task)
        return work(self, frame, task, tta=tta)

    monkeypatch.setattr(LocalPredictor, "predict", once)
    assert len(rows_of(predict(png, png, "--task", "HC", "--json"), code=130)) == 1
