from __future__ import annotations

import dataclasses
import json
import math

import numpy as np
import pytest

from sonichu_gui.errors import ModelError, UntrainedHead
from sonichu_gui.model.modeling_sonichu import SonichuConfig, SonichuModel
from sonichu_gui.training.data.labels import read_labels
from sonichu_gui.training.evaluate import run_evaluate
from sonichu_gui.training.scores import Found, radial_error, score

PAIRS = ((0, 1), (2, 3))


@pytest.fixture
def rows(toy_study):
    return read_labels(toy_study.labels).select(split="test")


def model_folder(root, *, trained, name="model"):
    config = SonichuConfig.from_dict(
        {
            "image_size": 64,
            "heatmap_size": 16,
            "backbone": {"type": "efficientnet_lite", "fpn_channels": 16},
            "head": {"type": "light", "channels": 16},
        }
    )
    tasks = dict(config.tasks)
    tasks["HC"] = dataclasses.replace(tasks["HC"], trained=trained)
    SonichuModel(dataclasses.replace(config, tasks=tasks)).save_pretrained(root / name)
    return root / name


def test_true_points_score_zero(rows):
    scores = score(rows, [Found(row.points) for row in rows])
    assert scores["weighted_mre_px"] == 0
    assert scores["tasks"]["HC"]["measures"]["HC"]["mae"] == pytest.approx(0, abs=1e-9)


def test_a_known_shift_is_the_mean_radial_error(rows):
    shifts = (np.array([3.0, 4.0]), np.array([0.0, 0.0]), np.array([0.0, 1.0]))
    scores = score(rows, [Found(row.points + s) for row, s in zip(rows, shifts, strict=True)])[
        "tasks"
    ]
    assert scores["HC"]["n"] == 3
    assert scores["HC"]["mre_px"] == pytest.approx(2.0)
    assert scores["HC"]["median_px"] == pytest.approx(1.0)
    assert scores["HC"]["p95_px"] == pytest.approx(4.6)
    assert scores["HC"]["measures"]["HC"]["mae"] == pytest.approx(0, abs=1e-9)


def test_a_known_stretch_is_the_error_of_the_measure(rows):
    stretched = [
        Found(row.points.mean(0) + 1.1 * (row.points - row.points.mean(0))) for row in rows
    ]
    measures = score(rows, stretched)["tasks"]["HC"]["measures"]
    lengths = [0.1 * 0.2 * math.dist(*row.points[2:]) for row in rows]
    assert measures["OFD"]["unit"] == "mm"
    assert measures["OFD"]["bias"] == pytest.approx(np.mean(lengths))
    assert measures["CI"]["mae"] == pytest.approx(0, abs=1e-9)


def test_the_published_circumference_is_the_reference_where_the_file_has_one(rows):
    told = [dataclasses.replace(row, extra={**row.extra, "hc_mm": "1"}) for row in rows]
    own = score(rows, [Found(row.points) for row in rows])["tasks"]["HC"]["measures"]["HC"]
    given = score(told, [Found(row.points) for row in rows])["tasks"]["HC"]["measures"]["HC"]
    assert own["bias"] == pytest.approx(0, abs=1e-9)
    assert given["bias"] > 10


def test_without_a_scale_lengths_are_scored_in_pixels(rows):
    bare = [dataclasses.replace(row, mm_per_px=None) for row in rows]
    measures = score(bare, [Found(row.points + 1) for row in bare])["tasks"]["HC"]["measures"]
    assert measures["OFD"]["unit"] == "px"


def test_swapped_ends_cost_only_the_ordered_error(rows):
    scores = score(rows, [Found(row.points[[0, 1, 3, 2]]) for row in rows])["tasks"]["HC"]
    assert scores["mre_unordered_px"] == 0
    assert scores["mre_px"] > 10


def test_weighted_counts_images_and_unweighted_counts_tasks(rows):
    femur = dataclasses.replace(rows[0], task_id="fetal_femur", points=rows[0].points[:2])
    all_rows = [*rows, femur]
    predicted = [*(Found(row.points) for row in rows), Found(femur.points + np.array([4.0, 0.0]))]
    scores = score(all_rows, predicted)
    assert scores["weighted_mre_px"] == pytest.approx(1.0)
    assert scores["unweighted_mre_px"] == pytest.approx(2.0)


def test_a_measure_tells_how_often_it_is_as_close_as_it_says(rows):
    # One pixel of standard deviation a coordinate along a calliper: its two ends give sqrt(2).
    moved = (0.0, 2.0, 4.0)
    found = [
        Found(
            row.points + np.array([[0, 0], [0, 0], [m, 0], [0, 0]]), np.tile(np.eye(2), (4, 1, 1))
        )
        for row, m in zip(rows, moved, strict=True)
    ]
    level = [
        dataclasses.replace(row, points=np.array([[50.0, 10], [50, 90], [90, 50], [10, 50]]))
        for row in rows
    ]
    found = [
        dataclasses.replace(one, points=row.points + one.points - original.points)
        for one, row, original in zip(found, level, rows, strict=True)
    ]
    score_of_ofd = score(level, found)["tasks"]["HC"]["measures"]["OFD"]
    assert score_of_ofd["uncertainty"] == pytest.approx(math.sqrt(2) * 0.2)
    assert score_of_ofd["within_68"] == pytest.approx(1 / 3)
    assert score_of_ofd["within_95"] == pytest.approx(2 / 3)


def test_points_without_covariance_state_no_uncertainty(rows):
    measures = score(rows, [Found(row.points) for row in rows])["tasks"]["HC"]["measures"]
    assert (measures["HC"]["uncertainty"], measures["HC"]["within_95"]) == (None, None)


def test_ends_are_matched_pair_by_pair():
    true = np.array([[0.0, 0], [10, 0], [0, 5], [0, -5]])
    assert radial_error(true[[1, 0, 2, 3]], true, PAIRS) == 0
    assert radial_error(true[[2, 3, 0, 1]], true, PAIRS) > 0


def test_the_document_has_the_keys_of_the_command(toy_study):
    folder = model_folder(toy_study.root, trained=True)
    document = run_evaluate(
        labels=toy_study.labels, images=toy_study.images, models=[folder], ensemble=None,
        split="test",
    )  # fmt: skip
    json.dumps(document)
    assert {"tasks", "weighted_mre_px", "unweighted_mre_px", "split"} <= set(document)
    task = document["tasks"]["HC"]
    assert {"n", "mre_px", "mre_unordered_px", "median_px", "p95_px", "measures"} <= set(task)
    assert {"mae", "bias", "median", "p95", "unit"} <= set(task["measures"]["HC"])
    assert document["split"] == "test"
    assert task["n"] == 3


def test_several_models_need_a_way_to_join_them(toy_study):
    folders = [model_folder(toy_study.root, trained=True, name=name) for name in ("a", "b")]
    arguments = {"labels": toy_study.labels, "images": toy_study.images, "split": None}
    with pytest.raises(ModelError, match="2 models"):
        run_evaluate(models=folders, ensemble=None, **arguments)
    document = run_evaluate(models=folders, ensemble="median", **arguments)
    assert document["tasks"]["HC"]["n"] == 9


def test_another_decoder_can_be_tried(toy_study):
    folder = model_folder(toy_study.root, trained=True)
    errors = {
        decode: run_evaluate(
            labels=toy_study.labels, images=toy_study.images, models=[folder], ensemble=None,
            split="test", decode=decode,
        )["tasks"]["HC"]["mre_px"]
        for decode in ("soft-argmax", "local", "pair", None)
    }  # fmt: skip
    assert errors["pair"] == errors[None]  # what the configuration says
    assert len(set(errors.values())) == 3


def test_a_decoder_that_the_task_has_no_pairs_for_is_refused(toy_study, tmp_path):
    folder = model_folder(toy_study.root, trained=True)
    config = json.loads((folder / "config.json").read_text())
    config["tasks"]["HC"] |= {"pairs": [], "order": "", "decode": "local"}
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match="HC: decode 'pair' needs pairs"):
        run_evaluate(
            labels=toy_study.labels, images=toy_study.images, models=[folder], ensemble=None,
            split="test", decode="pair",
        )  # fmt: skip


def test_a_decoder_need_not_suit_heads_that_the_labels_do_not_ask(toy_study):
    folder = model_folder(toy_study.root, trained=True)
    config = json.loads((folder / "config.json").read_text())
    config["tasks"]["AOP"]["trained"] = True  # without pairs
    (folder / "config.json").write_text(json.dumps(config))
    document = run_evaluate(
        labels=toy_study.labels, images=toy_study.images, models=[folder], ensemble=None,
        split="test", decode="pair",
    )  # fmt: skip
    assert document["tasks"].keys() == {"HC"}


def test_an_untrained_head_is_not_scored(toy_study):
    folder = model_folder(toy_study.root, trained=False)
    with pytest.raises(UntrainedHead, match="HC"):
        run_evaluate(
            labels=toy_study.labels, images=toy_study.images, models=[folder], ensemble=None,
            split=None,
        )  # fmt: skip


def test_a_folder_that_is_no_model_is_refused_by_name(toy_study):
    with pytest.raises(ModelError, match="toy"):
        run_evaluate(
            labels=toy_study.labels, images=toy_study.images, models=[toy_study.images],
            ensemble=None, split=None,
        )  # fmt: skip
