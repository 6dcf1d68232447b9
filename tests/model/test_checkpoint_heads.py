"""Heads of checkpoints: found whatever holds them, matched by task name and by shape."""

from __future__ import annotations

import pytest
import torch

from sonichu_gui.model.checkpoints import CheckpointError, open_checkpoint
from sonichu_gui.model.modeling_sonichu import (
    DEFAULT_TASKS,
    SonichuModel,
    TaskConfig,
)
from sonichu_gui.model.namings import PUBLISHED_TASKS
from tests.model.checkpoint_cases import (
    FRAMES,
    close,
    own_file_alone,
    own_model,
    store,
    vitpose_official,
)

INNER_NAMES = {
    "deconv_layers.0.weight": "up1.weight",
    "deconv_layers.1": "bn1",
    "deconv_layers.3.weight": "up2.weight",
    "deconv_layers.4": "bn2",
    "final_layer": "to_heatmaps",
}


def renamed_heads(model: SonichuModel, way: str, *, inner: bool = False) -> dict:
    tensors = {}
    for name, tensor in model.state_dict().items():
        match name.split(".", 2):
            case ["heads", task, part]:
                if inner:
                    for old, new in INNER_NAMES.items():
                        part = part.replace(old, new)
                tensors[f"{way.format(task=task)}.{part}"] = tensor
            case _:
                tensors[name] = tensor
    return tensors


@pytest.mark.parametrize("inner", [False, True], ids=["our inner names", "other inner names"])
@pytest.mark.parametrize(
    "way",
    [
        "heads.{task}",
        "head.{task}",
        "task_heads.{task}",
        "{task}_head",
        "decoders.{task}",
        "HEADS.{task}",
        "model.Decoders.{task}",
        "heads.{task}_head",
        "head_{task}",
        "keypoint_heads.{task}",
    ],
)
def test_heads_are_matched_by_task_name_whatever_holds_them(way, inner, tmp_path):
    model = own_model()
    path = store(tmp_path, renamed_heads(model, way, inner=inner))
    opened = open_checkpoint(path)
    assert opened.model.task_names == ("FUGC", "HC")
    with torch.inference_mode():
        for task in ("HC", "FUGC"):
            close(
                opened.model.heatmaps(opened.model.encode(FRAMES), task),
                model.heatmaps(model.encode(FRAMES), task),
            )


def test_task_names_are_matched_in_any_case_and_take_our_points(tmp_path):
    model = own_model(tasks={"fetal_femur": DEFAULT_TASKS["fetal_femur"]})
    tensors = {
        name.replace("fetal_femur", "Fetal-Femur"): t for name, t in model.state_dict().items()
    }
    opened = open_checkpoint(store(tmp_path, tensors))
    task = opened.model.config.tasks["fetal_femur"]
    assert task.keypoints == DEFAULT_TASKS["fetal_femur"].keypoints
    assert task.flip_pairs == DEFAULT_TASKS["fetal_femur"].flip_pairs
    assert (task.trained, task.decode) == (True, "soft-argmax")


def test_a_known_task_with_other_points_gets_numbered_ones(tmp_path):
    model = own_model(tasks={"HC": TaskConfig(("a", "b", "c", "d", "e"))})
    opened = open_checkpoint(store(tmp_path, model.state_dict()))
    assert opened.model.config.tasks["HC"].keypoints[0] == "point_1"


def test_the_bias_of_a_deconvolution_is_moved_into_the_norm_after_it(tmp_path):
    model = own_model()
    head = model.heads["HC"].deconv_layers
    for index in (0, 3):
        head[index].bias = torch.nn.Parameter(torch.randn(8))
    opened = open_checkpoint(store(tmp_path, model.state_dict()))
    with torch.inference_mode():
        close(
            opened.model.heatmaps(opened.model.encode(FRAMES), "HC"),
            model.heatmaps(model.encode(FRAMES), "HC"),
        )
    assert any("moved into the norm" in note for note in opened.layout.notes)


def test_missing_counters_of_norms_are_not_missed(tmp_path):
    model = own_model()
    tensors = {n: t for n, t in model.state_dict().items() if "num_batches" not in n}
    opened = open_checkpoint(store(tmp_path, tensors))
    assert opened.model.heads["HC"].deconv_layers[1].num_batches_tracked.dtype == torch.int64


def test_a_nameless_head_has_a_name_of_its_own(tmp_path):
    path = vitpose_official(tmp_path).path
    assert open_checkpoint(path).model.task_names == ("keypoints",)


def test_a_task_for_a_head_that_is_not_there_is_refused(tmp_path):
    path = own_file_alone(tmp_path).path
    with pytest.raises(CheckpointError, match="no head without a name that could serve IVC"):
        open_checkpoint(path, task="IVC")


def test_the_published_tasks_are_those_of_the_network():
    assert tuple(DEFAULT_TASKS) == PUBLISHED_TASKS
