"""Every naming of checkpoints, against the library that it comes from.

Each row of `ROWS` builds a small network of a real library with drawn weights, stores them the way
that naming is found in the wild, and opens the file as ours: the features must agree. The table in
resources/help/checkpoints.md is this one in words.
"""

from __future__ import annotations

import pytest
import torch

from sonichu_gui.model.checkpoints import open_checkpoint
from sonichu_gui.model.modeling_sonichu import (
    SonichuModel,
)
from tests.model.checkpoint_cases import (
    FRAMES,
    RESOURCES,
    ROWS,
    close,
    hugging_face_ijepa,
    hugging_face_vit,
    own_backbone_alone,
    own_file_alone,
    own_light_file_alone,
    own_model,
    store,
    timm_with_class_token,
    vitpose_official,
    vitpose_official_simple,
)


@pytest.mark.parametrize(
    ("naming", "make"), ROWS, ids=[make.__name__.replace("_", " ") for _, make in ROWS]
)
def test_features_and_heatmaps_agree_with_the_library(naming, make, tmp_path):
    case = make(tmp_path)
    nameless = "ViTPose" in naming
    opened = open_checkpoint(case.path, task=case.task if nameless else None)
    with torch.inference_mode():
        encoded = opened.model.encode(FRAMES)
        close(encoded.flatten(2).transpose(1, 2), case.features)
        if case.task:
            close(opened.model.heatmaps(encoded, case.task), case.heatmaps)
    assert bool(opened.model.task_names) == bool(case.task)
    if opened.layout is not None:
        assert opened.layout.naming == naming


def below(prefix: str, tensors: dict) -> dict:
    return {f"{prefix}{name}": tensor for name, tensor in tensors.items()}


WRAPPERS = {
    "state_dict": lambda own, _: {"state_dict": own, "epoch": 3},
    "model": lambda own, _: {"model": own, "lr": 0.1},
    "model_state_dict": lambda own, _: {"model_state_dict": own},
    "net.": lambda own, _: below("net.", own),
    "module.": lambda own, _: {"state_dict": below("module.", own)},
    "_orig_mod.": lambda own, _: below("_orig_mod.module.", own),
    "model.model.": lambda own, _: {"state_dict": below("model.model.", own)},
    "a compiled part": lambda own, _: {
        name.replace("backbone.", "backbone._orig_mod."): t for name, t in own.items()
    },
    "model and ema": lambda own, other: {"model": other, "ema": own},
    "model and model_ema": lambda own, other: {"model": other, "model_ema": {"module": own}},
    "plain and ema": lambda own, other: {**other, **below("ema.", own)},
    "student and teacher": lambda own, other: below("student.", other) | below("teacher.", own),
    "nothing preferred": lambda own, other: below("a.", own) | below("b.", other),
}


@pytest.mark.parametrize("wrap", WRAPPERS.values(), ids=WRAPPERS.keys())
def test_wrappers_are_looked_through_and_averages_preferred(wrap, tmp_path):
    model = own_model()
    state = model.state_dict()
    other = {name: -tensor for name, tensor in state.items()}
    opened = open_checkpoint(store(tmp_path, wrap(state, other)))
    found = opened.model.state_dict()
    assert {n: t.tolist() for n, t in found.items()} == {n: t.tolist() for n, t in state.items()}
    several = "holds several copies" in " ".join(opened.layout.notes)
    assert several == bool(opened.layout.set_aside)


def test_every_row_stands_in_the_table_of_the_help():
    text = (RESOURCES / "help" / "checkpoints.md").read_text(encoding="utf-8")
    for naming, make in ROWS:
        assert f"| {naming} |" in text
        assert make.__name__.replace("_", " ") in text


@pytest.mark.parametrize(
    "make",
    [
        own_file_alone,
        timm_with_class_token,
        hugging_face_ijepa,
        vitpose_official_simple,
        vitpose_official,
        own_light_file_alone,
        own_backbone_alone,
    ],
    ids=lambda make: make.__name__,
)
def test_a_converted_checkpoint_saved_and_loaded_is_the_same_bit_by_bit(make, tmp_path):
    (tmp_path / "in").mkdir()
    opened = open_checkpoint(make(tmp_path / "in").path)
    opened.model.save_pretrained(tmp_path / "out")
    again = SonichuModel.from_pretrained(tmp_path / "out")
    assert again.config == opened.model.config
    for name, tensor in opened.model.state_dict().items():
        assert torch.equal(again.state_dict()[name], tensor), name
    reopened = open_checkpoint(tmp_path / "out")
    assert reopened.layout is None


def test_a_converted_checkpoint_claims_no_license(tmp_path):
    assert open_checkpoint(hugging_face_vit(tmp_path).path).model.config.license == "unknown"
