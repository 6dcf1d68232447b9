from __future__ import annotations

import json

import cv2
import pytest

from sonichu_gui.cli import main

TASK_KEYS = {"n", "mre_px", "mre_unordered_px", "median_px", "p95_px", "measures"}


@pytest.fixture
def labelled(frame, tmp_path):
    """Two labelled heads and one femur, which the small model has no trained head for."""
    cv2.imwrite(str(tmp_path / "a.png"), frame)
    points = ["[400, 90]", "[400, 450]", "[650, 270]", "[150, 270]"]
    columns = "image_path,point_1_xy,point_2_xy,point_3_xy,point_4_xy,height,width,task_name,"
    head = ",".join(f'"{p}"' for p in points)
    femur = '"[1, 2]","[3, 4]",,'
    rows = [
        f"a.png,{head},540,800,Regression,4,HC,0.2,test",
        f"a.png,{head},540,800,Regression,4,HC,0.2,train",
        f"a.png,{femur},540,800,Regression,2,fetal_femur,0.2,test",
    ]
    path = tmp_path / "labels.csv"
    path.write_text("\n".join([f"{columns}num_classes,task_id,pixel_size_mm,split", *rows]) + "\n")
    return path


def evaluate(labelled, *words):
    return main(["evaluate", "--labels", str(labelled), "--images", str(labelled.parent), *words])


def test_json_holds_the_keys_of_the_contract(labelled, folder, capsys):
    assert evaluate(labelled, "--model", str(folder), "--json") == 0
    result = json.loads(capsys.readouterr().out)
    assert result.keys() >= {"tasks", "weighted_mre_px", "unweighted_mre_px", "split"}
    assert result["tasks"].keys() == {"HC"}
    assert result["tasks"]["HC"].keys() >= TASK_KEYS
    assert result["tasks"]["HC"]["n"] == 2
    assert result["tasks"]["HC"]["measures"]["HC"].keys() >= {
        "mae", "bias", "median", "p95", "unit",
    }  # fmt: skip


def test_split_chooses_rows(labelled, folder, capsys):
    assert evaluate(labelled, "--model", str(folder), "--split", "test", "--json") == 0
    result = json.loads(capsys.readouterr().out)
    assert (result["split"], result["tasks"]["HC"]["n"]) == ("test", 1)


def test_table_names_split_and_units(labelled, folder, capsys):
    assert evaluate(labelled, "--model", str(folder), "--split", "test", "--no-tta") == 0
    out, err = capsys.readouterr()
    assert "split test, without TTA" in out
    assert "pixels of the original frames" in out
    assert "mm" in out
    assert "1 rows of fetal_femur left out: no trained head" in err


def test_several_models_need_to_be_joined(labelled, folder, capsys):
    with pytest.raises(SystemExit) as ended:
        evaluate(labelled, "--model", str(folder), str(folder))
    assert ended.value.code == 2
    assert "--ensemble median" in capsys.readouterr().err


def test_median_of_equal_models_is_the_model(labelled, folder, capsys):
    found = []
    for words in ([], [str(folder), "--ensemble", "median"]):
        assert evaluate(labelled, "--json", "--model", str(folder), *words) == 0
        found.append(json.loads(capsys.readouterr().out)["weighted_mre_px"])
    assert found[0] == pytest.approx(found[1])


def test_a_folder_of_another_library_is_evaluated_where_it_is(labelled, folder, capsys):
    found = []
    for config in (None, {"model_type": "theirs", "num_attention_heads": 4, "image_size": 256}):
        if config:
            (folder / "config.json").write_text(json.dumps(config))
        words = ("--model", str(folder), "--decode", "soft-argmax", "--json")
        assert evaluate(labelled, *words) == 0
        found.append(json.loads(capsys.readouterr().out)["tasks"]["HC"]["mre_px"])
    assert found[0] == pytest.approx(found[1])


def test_missing_label_file_is_told(labelled, folder, capsys):
    labelled.unlink()
    assert evaluate(labelled, "--model", str(folder)) == 1
    assert str(labelled) in capsys.readouterr().err


def test_missing_model_is_told_before_torch_is_asked(labelled, capsys):
    assert evaluate(labelled, "--model", "/nowhere/at/all") == 1
    assert "/nowhere/at/all" in capsys.readouterr().err
