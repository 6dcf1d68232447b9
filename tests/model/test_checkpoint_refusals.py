"""A checkpoint is placed whole or refused, tensor by tensor."""

from __future__ import annotations

from pathlib import Path

import pytest
import safetensors.torch
import torch
from hypothesis import event, given
from hypothesis import strategies as st

from sonichu_gui.model.checkpoints import CheckpointError, open_checkpoint
from sonichu_gui.model.modeling_sonichu import (
    DEFAULT_TASKS,
)
from sonichu_gui.model.namings import UnplacedTensors, recognise
from sonichu_gui.model.weights_file import TensorSpec
from tests.model import foreign
from tests.model.checkpoint_cases import (
    CONFIG,
    hugging_face_vit_of_version_5,
    ijepa_official,
    own_file_alone,
    own_light_model,
    own_model,
    store,
    table_of,
    timm_with_class_token,
    vitpose_official,
)
from tests.model.foreign import WIDTH, official_names, official_vitpose

WHOLE = [own_file_alone, timm_with_class_token, hugging_face_vit_of_version_5, vitpose_official]


@pytest.mark.parametrize("make", WHOLE, ids=lambda make: make.__name__)
def test_without_any_one_of_its_tensors_a_checkpoint_is_refused(make, tmp_path):
    tensors = open_and_read(make(tmp_path).path)
    layout = recognise(tensors, CONFIG)
    needed = {name for step in layout.steps for name in step.sources}
    for name in needed:
        if "num_batches" in name or name.endswith(("pos_embed", "position_embeddings")):
            continue
        with pytest.raises(UnplacedTensors) as caught:
            recognise({other: spec for other, spec in tensors.items() if other != name}, CONFIG)
        error = caught.value
        assert error.missing or error.mismatched or "no vision transformer" in str(error), name


@pytest.mark.parametrize("make", WHOLE, ids=lambda make: make.__name__)
def test_with_any_one_of_its_tensors_misshaped_a_checkpoint_is_refused(make, tmp_path):
    tensors = open_and_read(make(tmp_path).path)
    layout = recognise(tensors, CONFIG)
    for name in {name for step in layout.steps for name in step.sources}:
        if "num_batches" in name:
            continue
        spec = tensors[name]
        with pytest.raises(UnplacedTensors) as caught:
            recognise({**tensors, name: TensorSpec(spec.dtype, (*spec.shape, 2))}, CONFIG)
        assert caught.value.mismatched or caught.value.missing, name


def open_and_read(path: Path) -> dict[str, TensorSpec]:
    if path.suffix == ".safetensors":
        return table_of(safetensors.torch.load_file(path))
    content = torch.load(path, weights_only=True)
    return table_of(content.get("state_dict", content))


@pytest.mark.parametrize(
    "surplus",
    [
        "backbone.blocks.0.ls1.gamma",
        "backbone.reg_token",
        "backbone.blocks.1.attn.q_norm.weight",
        "backbone.blocks.0.mlp.w12.weight",
        "heads.HC.extra.weight",
        "neck.fpn.weight",
    ],
)
def test_a_tensor_without_a_place_is_named(surplus, tmp_path):
    tensors = {**own_model().state_dict(), surplus: torch.ones(WIDTH)}
    path = store(tmp_path, tensors)
    with pytest.raises(CheckpointError, match=r"weights\.pth.*surplus") as caught:
        open_checkpoint(path)
    assert caught.value.surplus == (surplus,)


def test_a_head_of_convolutions_that_cannot_be_placed_is_no_classifier():
    tensors = table_of(own_model(tasks={}).state_dict())
    tensors["head.conv.weight"] = TensorSpec("F32", (4, WIDTH, 1, 1))
    with pytest.raises(UnplacedTensors) as caught:
        recognise(tensors, CONFIG)
    assert caught.value.surplus == ("head.conv.weight",)


def test_a_gap_between_blocks_is_missing_tensors():
    tensors = table_of(own_model().state_dict())
    shifted = {name.replace("blocks.1.", "blocks.2."): spec for name, spec in tensors.items()}
    with pytest.raises(UnplacedTensors) as caught:
        recognise(shifted, CONFIG)
    assert "backbone.blocks.1.norm1.weight" in caught.value.missing


def test_a_block_number_without_end_is_refused_at_once():
    tensors = table_of(own_model().state_dict())
    tensors["backbone.blocks.999999999.norm1.weight"] = TensorSpec("F32", (WIDTH,))
    with pytest.raises(UnplacedTensors, match="1000000000 transformer blocks"):
        recognise(tensors, CONFIG)


def test_biases_that_the_configuration_promises_are_missed():
    tensors = table_of(foreign.vit(qkv_bias=False).state_dict())
    with pytest.raises(UnplacedTensors) as caught:
        recognise(tensors, {**CONFIG, "qkv_bias": True})
    assert "layers.0.attention.q_proj.bias" in caught.value.missing


def test_another_activation_is_refused_since_it_computes_something_else(tmp_path):
    foreign.vit(hidden_act="relu").save_pretrained(tmp_path)
    with pytest.raises(CheckpointError, match="activation 'relu'"):
        open_checkpoint(tmp_path)


def test_a_network_of_another_kind_is_refused(tmp_path):
    path = store(tmp_path, {"conv1.weight": torch.zeros(64, 3, 7, 7), "fc.bias": torch.zeros(3)})
    with pytest.raises(CheckpointError, match="no vision transformer that is known here"):
        open_checkpoint(path)


def test_two_heads_for_one_task_are_refused(tmp_path):
    tensors = own_model(tasks={"HC": DEFAULT_TASKS["HC"]}).state_dict()
    tensors |= {n.replace("heads.HC", "heads.hc"): t for n, t in tensors.items() if "heads" in n}
    with pytest.raises(CheckpointError, match="both heads for HC"):
        open_checkpoint(store(tmp_path, tensors))


def test_what_is_set_aside_is_listed(tmp_path):
    layout = open_checkpoint(ijepa_official(tmp_path).path).layout
    assert "predictor.module.predictor_embed.weight" in layout.set_aside
    assert "opt.state.0.exp_avg" in layout.set_aside
    assert "encoder.module.norm.weight" in layout.set_aside
    assert any("target_encoder was taken, encoder set aside" in note for note in layout.notes)


TABLES = [
    table_of(own_model().state_dict()),
    table_of(official_names(foreign.vit().state_dict())),
    table_of(foreign.vitpose().state_dict()),
    table_of(official_vitpose(foreign.vitpose(simple=True).state_dict())),
    table_of(own_light_model().state_dict()),
]
sizes = st.sampled_from([0, 1, 2, 3, 4, 8, 12, 16, 32, 48, 49, 50, 193, 256, 1 << 40])
specs = st.builds(
    TensorSpec, st.sampled_from(["F32", "I64", "F4"]), st.lists(sizes, max_size=5).map(tuple)
)


@given(st.data())
def test_any_table_is_planned_whole_or_refused(data):
    """Whatever the header of somebody's file says, nothing else than a refusal comes of it."""
    table = dict(data.draw(st.sampled_from(TABLES)))
    for _ in range(data.draw(st.integers(1, 3))):
        name = data.draw(st.sampled_from(sorted(table)))
        spec = table.pop(name)
        deed = data.draw(st.sampled_from(["drop", "reshape", "rename", "copy"]))
        if deed == "reshape":
            table[name] = data.draw(specs)
        elif deed != "drop":
            part = data.draw(st.sampled_from(name.split(".")))
            new = data.draw(st.sampled_from(["", "heads", "head", "0", "999", "module", "x_head"]))
            table[name.replace(part, new)] = spec
            if deed == "copy":
                table[name] = spec
    try:
        layout = recognise(table, CONFIG)
    except UnplacedTensors:
        event("refused")
        return
    used = [source for step in layout.steps for source in step.sources]
    assert sorted([*used, *layout.set_aside]) == sorted(table)
