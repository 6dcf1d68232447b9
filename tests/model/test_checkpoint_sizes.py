"""What checkpoints do not say by themselves: sizes, positions, and what stands beside them."""

from __future__ import annotations

import json

import pytest
import torch
from hypothesis import event, given, settings
from hypothesis import strategies as st

from sonichu_gui.model.checkpoints import CheckpointError, open_checkpoint
from sonichu_gui.model.modeling_sonichu import (
    VisionTransformer,
    ViTConfig,
)
from sonichu_gui.model.namings import UnplacedTensors, recognise
from sonichu_gui.model.position_grid import grid_of_table
from tests.model import foreign
from tests.model.checkpoint_cases import (
    CONFIG,
    FRAMES,
    close,
    features_of,
    own_file_alone,
    own_model,
    store,
    table_of,
)
from tests.model.foreign import SIDE, WIDTH, official_names, official_vitpose

IJEPA_TABLE = table_of(official_names(foreign.ijepa().state_dict()))


@pytest.mark.parametrize(("patch", "side"), [(8, 64), (14, 56), (32, 64)])
def test_other_patch_and_image_sizes_are_read_from_the_tensors(patch, side, tmp_path):
    model = foreign.vit(patch_size=patch, image_size=side)
    frames = torch.randn(1, 3, side, side)
    model.save_pretrained(tmp_path)
    opened = open_checkpoint(tmp_path)
    assert (opened.layout.image_size, opened.preprocessor.image_size) == (side, side)
    with torch.inference_mode():
        found = opened.model.encode(frames).flatten(2).transpose(1, 2)
    close(found, features_of(model, frames))


@pytest.mark.parametrize("side", [32, 96])
def test_positions_are_resampled_for_another_size_as_the_library_does(side, tmp_path):
    model = foreign.vit()
    model.save_pretrained(tmp_path)
    frames = torch.randn(1, 3, side, side)
    opened = open_checkpoint(tmp_path, image_size=side)
    with torch.inference_mode():
        found = opened.model.encode(frames).flatten(2).transpose(1, 2)
    close(found, features_of(model, frames, interpolate_pos_encoding=True))
    assert any("resampled" in note for note in opened.layout.notes)


def test_upright_positions_become_square(tmp_path):
    model = foreign.vitpose(image_size=(64, 48))
    table = torch.zeros(1, 13, WIDTH)
    table[0, 1:] = torch.arange(4.0).repeat_interleave(3)[:, None]  # the row, in every channel
    table[0, 0] = 10
    model.backbone.embeddings.position_embeddings.data = table
    model.save_pretrained(tmp_path)
    opened = open_checkpoint(tmp_path)
    assert opened.layout.image_size == 64
    rows = opened.model.backbone.pos_embed[0, :, 0].reshape(4, 4)
    close(rows, 10 + torch.arange(4.0)[:, None].expand(4, 4))


def test_upright_positions_are_told_without_a_configuration(tmp_path):
    tensors = official_vitpose(foreign.vitpose(image_size=(128, 96)).state_dict())
    opened = open_checkpoint(store(tmp_path, {"state_dict": tensors}, config=None))
    assert opened.layout.image_size == 128
    assert any("96 x 128" in note for note in opened.layout.notes)


@pytest.mark.parametrize(
    ("rows", "kind", "stated", "found"),
    [
        (256, "plain", (0, 0), ((16, 16), "none")),
        (257, "plain", (16, 16), None),
        (48, "plain", (6, 8), ((6, 8), "none")),
        (257, "class token", (0, 0), ((16, 16), "kept")),
        (256, "class token", (0, 0), ((16, 16), "zero")),
        (193, "vitpose", (0, 0), ((16, 12), "added")),
        (433, "vitpose", (0, 0), ((24, 18), "added")),
        (257, "vitpose", (0, 0), ((16, 16), "added")),
        # 8 x 6 patches and a slot are 49 rows, which are no 7 x 7 patches.
        (49, "vitpose", (0, 0), ((8, 6), "added")),
        (256, "vitpose by its head", (0, 0), ((16, 16), "none")),
        (193, "vitpose by its head", (0, 0), ((16, 12), "added")),
        (1, "vitpose", (0, 0), ((1, 1), "none")),
        (0, "plain", (0, 0), None),
        (7, "class token", (9, 9), None),
    ],
)
def test_the_grid_is_told_from_the_rows_of_the_table(rows, kind, stated, found):
    assert grid_of_table(rows, kind, stated) == found


def test_missing_positions_are_the_fixed_ones(tmp_path):
    model = own_model()
    tensors = model.state_dict()
    del tensors["backbone.pos_embed"]
    opened = open_checkpoint(store(tmp_path, tensors, config={**CONFIG, "image_size": SIDE}))
    expected = VisionTransformer(model.config.backbone, SIDE).pos_embed
    close(opened.model.backbone.pos_embed, expected)
    assert any("sine-cosine" in note for note in opened.layout.notes)


def test_a_class_token_without_a_position_has_none(tmp_path):
    model = foreign.vit()
    model.embeddings.position_embeddings.data[:, 0] = 0
    tensors = official_names(model.state_dict())
    tensors["pos_embed"] = tensors["pos_embed"][:, 1:]
    opened = open_checkpoint(store(tmp_path, tensors))
    with torch.inference_mode():
        close(opened.model.encode(FRAMES).flatten(2).transpose(1, 2), features_of(model))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_number_types_become_float32(dtype, tmp_path):
    model = foreign.vit().to(dtype)
    path = store(tmp_path, model.state_dict(), "half.safetensors")
    opened = open_checkpoint(path)
    assert {p.dtype for p in opened.model.parameters()} == {torch.float32}
    with torch.inference_mode():
        close(opened.model.encode(FRAMES).flatten(2).transpose(1, 2), features_of(model.float()))


def test_an_own_folder_can_be_opened_for_another_size(tmp_path):
    own_model().save_pretrained(tmp_path)
    opened = open_checkpoint(tmp_path, image_size=128)
    assert (opened.model.config.image_size, opened.model.config.heatmap_size) == (128, 32)
    assert opened.model.config.tasks == own_model().config.tasks
    assert opened.preprocessor.image_size == 128


def test_a_size_that_patches_do_not_divide_is_refused(tmp_path):
    path = own_file_alone(tmp_path).path
    with pytest.raises(CheckpointError, match="100 x 100 pixels cannot be cut into patches of 16"):
        open_checkpoint(path, image_size=100)


def test_what_no_configuration_says_is_assumed_and_noted():
    layout = recognise(table_of(official_names(foreign.ijepa().state_dict())))
    assert layout.backbone["num_attention_heads"] == 1
    assert layout.backbone["layer_norm_eps"] == 1e-6
    assert any("attention heads" in note for note in layout.notes)
    assert any("epsilon" in note for note in layout.notes)


@pytest.mark.parametrize(
    ("config", "heads"),
    [
        ({"num_attention_heads": 8}, 8),
        ({"num_heads": 2}, 2),
        ({"backbone_config": {"num_attention_heads": 4}}, 4),
        ({"dim": 32, "depth": 2, "heads": 4}, 4),
        ({"heads": 4}, 1),
        ({"num_attention_heads": 5}, 1),
        ({"num_attention_heads": True}, 1),
    ],
)
def test_attention_heads_are_read_from_where_libraries_write_them(config, heads):
    assert recognise(IJEPA_TABLE, config).backbone["num_attention_heads"] == heads


@pytest.mark.parametrize(("width", "heads"), [(192, 3), (384, 6), (768, 12), (1280, 16), (640, 10)])
def test_usual_widths_have_the_usual_number_of_heads(width, heads):
    with torch.device("meta"):
        encoder = VisionTransformer(
            ViTConfig(hidden_size=width, num_hidden_layers=1, num_attention_heads=1), 32
        )
    assert recognise(table_of(encoder.state_dict())).backbone["num_attention_heads"] == heads


def test_hidden_widths_that_are_no_multiple_come_back_exactly():
    config = ViTConfig(
        hidden_size=1408, num_hidden_layers=1, num_attention_heads=16, mlp_ratio=48 / 11
    )
    with torch.device("meta"):
        state = VisionTransformer(config, 32).state_dict()
        ratio = recognise(table_of(state)).backbone["mlp_ratio"]
    assert int(1408 * ratio) == state["blocks.0.mlp.fc1.weight"].shape[0]


KEYS = st.sampled_from(
    [
        *("num_attention_heads", "num_heads", "layer_norm_eps", "image_size", "hidden_act"),
        *("model_type", "backbone", "backbone_config", "height", "width", "size", "crop_size"),
        *("image_mean", "image_std", "do_normalize", "do_rescale", "rescale_factor"),
        "do_center_crop",
    ]
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=6,
)


@given(json_values | st.dictionaries(KEYS, json_values))
def test_any_foreign_configuration_gives_hints_or_nothing(config):
    try:
        layout = recognise(IJEPA_TABLE, config)
    except UnplacedTensors:
        event("refused for its activation")
        return
    assert WIDTH % layout.backbone["num_attention_heads"] == 0
    assert layout.image_size == SIDE


@settings(max_examples=30)
@given(json_values | st.dictionaries(KEYS, json_values))
def test_any_foreign_preprocessor_gives_a_usable_one(tmp_path_factory, given_json):
    folder = tmp_path_factory.mktemp("prep")
    store(folder, own_model(tasks={}).state_dict(), "own.safetensors")
    (folder / "preprocessor_config.json").write_text(json.dumps(given_json))
    prepare = open_checkpoint(folder / "own.safetensors").preprocessor
    assert all(std > 0 for std in prepare.image_std)


def test_the_libraries_preprocessors_are_respected(tmp_path):
    foreign.vit().save_pretrained(tmp_path)
    (tmp_path / "preprocessor_config.json").write_text(
        json.dumps(
            {
                "do_normalize": True,
                "image_mean": [0.5, 0.4, 0.3],
                "image_std": [0.2, 0.3, 0.4],
                "size": {"height": 96, "width": 96},
            }
        )
    )
    prepare = open_checkpoint(tmp_path).preprocessor
    assert prepare.image_mean == pytest.approx((0.5, 0.4, 0.3))
    assert prepare.image_std == pytest.approx((0.2, 0.3, 0.4))
    assert prepare.image_size == 96


@pytest.mark.parametrize(
    ("said", "mean", "std"),
    [
        ({"do_normalize": False}, 0, 1),
        ({"image_mean": [0.5], "image_std": [0.5], "rescale_factor": 1 / 127.5}, 0.25, 0.25),
        ({"image_mean": [127.5] * 3, "image_std": [51] * 3, "do_rescale": False}, 0.5, 0.2),
    ],
)
def test_other_scalings_are_folded_into_mean_and_deviation(said, mean, std, tmp_path):
    foreign.vit().save_pretrained(tmp_path)
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(said))
    prepare = open_checkpoint(tmp_path).preprocessor
    assert prepare.image_mean == pytest.approx([mean] * 3)
    assert prepare.image_std == pytest.approx([std] * 3)
