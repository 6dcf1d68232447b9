"""Every naming of checkpoints, against the library that it comes from.

Each row of `ROWS` builds a small network of a real library with drawn weights, stores them the way
that naming is found in the wild, and opens the file as ours: the features must agree. The table in
resources/help/checkpoints.md is this one in words.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch
from hypothesis import event, given, settings
from hypothesis import strategies as st

pytest.importorskip("transformers")

from sonichu_gui.model.checkpoints import CheckpointError, open_checkpoint
from sonichu_gui.model.modeling_sonichu import (
    DEFAULT_TASKS,
    EfficientNetLiteConfig,
    HeadConfig,
    SonichuConfig,
    SonichuModel,
    TaskConfig,
    VisionTransformer,
    ViTConfig,
)
from sonichu_gui.model.namings import PUBLISHED_TASKS, UnplacedTensors, recognise
from sonichu_gui.model.weights_file import TensorSpec
from tests.model import foreign
from tests.model.foreign import DEPTH, SIDE, WIDTH, drawn, official_names, official_vitpose

CONFIG = {"num_attention_heads": 4, "layer_norm_eps": 1e-6}
RESOURCES = Path(__file__).resolve().parents[2] / "resources"


@dataclass
class Case:
    """A stored checkpoint and what the library makes of `frames`."""

    path: Path
    features: torch.Tensor
    heatmaps: torch.Tensor | None = None
    task: str | None = None


FRAMES = torch.randn(2, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(5))


def store(folder: Path, content: Any, name: str = "weights.pth", config: Any = CONFIG) -> Path:
    if name.endswith(".safetensors"):
        tensors = {key: tensor.clone().contiguous() for key, tensor in content.items()}
        safetensors.torch.save_file(tensors, folder / name)
    else:
        torch.save(content, folder / name)
    if config is not None:
        (folder / "config.json").write_text(json.dumps(config))
    return folder / name


def features_of(model: torch.nn.Module, frames: torch.Tensor = FRAMES, **how) -> torch.Tensor:
    """The patches' features (B, N, D) as the library gives them."""
    with torch.inference_mode():
        hidden = getattr(model, model.base_model_prefix, model)(frames, **how).last_hidden_state
    return hidden if "IJepa" in type(model).__name__ else hidden[:, 1:]


def pose_features_of(model) -> torch.Tensor:
    with torch.inference_mode():
        return model.backbone(FRAMES).feature_maps[-1]


def own_model(**changes) -> SonichuModel:
    settings = {
        "image_size": SIDE,
        "heatmap_size": SIDE // 4,
        "backbone": ViTConfig(hidden_size=WIDTH, num_hidden_layers=DEPTH, num_attention_heads=4),
        "head": HeadConfig(channels=8),
        "tasks": {"HC": DEFAULT_TASKS["HC"], "FUGC": DEFAULT_TASKS["FUGC"]},
        **changes,
    }
    return drawn(SonichuModel(SonichuConfig(**settings)))


def own_case(model: SonichuModel, path: Path, task: str = "HC") -> Case:
    with torch.inference_mode():
        encoded = model.encode(FRAMES)
        heatmaps = model.heatmaps(encoded, task) if task else None
    return Case(path, encoded.flatten(2).transpose(1, 2), heatmaps, task)


def own_folder(folder):
    model = own_model()
    model.save_pretrained(folder)
    return own_case(model, folder)


def own_file_alone(folder):
    model = own_model()
    return own_case(model, store(folder, model.state_dict(), "own.safetensors"))


def own_with_an_extra_head(folder):
    model = own_model(tasks={"HC": DEFAULT_TASKS["HC"], "IUGC": TaskConfig(("a", "b", "c"))})
    return own_case(model, store(folder, model.state_dict(), "own.safetensors"), "IUGC")


def own_light_file_alone(folder):
    model = own_model(
        backbone=EfficientNetLiteConfig(fpn_channels=16), head=HeadConfig("light", channels=8)
    )
    return own_case(model, store(folder, model.state_dict(), config={"image_size": SIDE}))


def own_backbone_alone(folder):
    model = own_model(tasks={})
    return own_case(model, store(folder, model.state_dict(), "own.safetensors"), "")


def ijepa_official(folder):
    model, other = foreign.ijepa(), foreign.ijepa()
    drawn_names = official_names(model.state_dict())
    predictor = {"module.predictor_embed.weight": torch.zeros(3, WIDTH)}
    content = {
        "encoder": {f"module.{k}": -t for k, t in official_names(other.state_dict()).items()},
        "predictor": predictor,
        "opt": {"state": {0: {"exp_avg": torch.zeros(4)}}, "param_groups": [{"lr": 0.1}]},
        "scaler": None,
        "target_encoder": {f"module.{name}": tensor for name, tensor in drawn_names.items()},
        "epoch": 3,
    }
    return Case(store(folder, content), features_of(model))


def timm_with_class_token(folder):
    model = foreign.vit()
    tensors = official_names(model.state_dict())
    tensors = {name: t for name, t in tensors.items() if not name.startswith("pooler")}
    tensors |= {"head.weight": torch.zeros(10, WIDTH), "head.bias": torch.zeros(10)}
    return Case(store(folder, tensors, "timm.safetensors"), features_of(model))


def timm_without_class_token(folder):
    model = foreign.ijepa()
    return Case(store(folder, official_names(model.state_dict())), features_of(model))


def timm_training_checkpoint(folder):
    model, other = foreign.vit("ViTForImageClassification"), foreign.vit()

    def stored(tensors, sign):
        return {f"module._orig_mod.{n}": sign * t for n, t in official_names(tensors).items()}

    content = {
        "epoch": 1,
        "arch": "vit",
        "state_dict": stored(other.state_dict(), -1),
        "state_dict_ema": stored(model.state_dict(), 1),
        "optimizer": {"state": {0: {"step": torch.zeros(())}}},
    }
    return Case(store(folder, content), features_of(model))


def saved_by_library(model, folder):
    model.save_pretrained(folder)
    return folder


def hugging_face_vit(folder):
    model = foreign.vit()
    return Case(saved_by_library(model, folder), features_of(model))


def hugging_face_vit_of_version_5(folder):
    model = foreign.vit()
    return Case(store(folder, model.state_dict(), "pytorch_model.bin"), features_of(model))


def hugging_face_classifier(folder):
    model = foreign.vit("ViTForImageClassification")
    return Case(saved_by_library(model, folder), features_of(model))


def hugging_face_masked_modelling(folder):
    model = foreign.vit("ViTForMaskedImageModeling")
    return Case(saved_by_library(model, folder), features_of(model))


def hugging_face_without_qkv_bias(folder):
    model = foreign.vit(qkv_bias=False)
    return Case(saved_by_library(model, folder), features_of(model))


def hugging_face_in_shards(folder):
    model = foreign.vit()
    model.save_pretrained(folder, max_shard_size="40KB")
    assert len(list(folder.glob("*.safetensors"))) > 1
    return Case(folder, features_of(model))


def hugging_face_ijepa(folder):
    model = foreign.ijepa()
    return Case(saved_by_library(model, folder), features_of(model))


def hugging_face_ijepa_of_version_5(folder):
    model = foreign.ijepa()
    tensors = {f"ijepa.{name}": tensor for name, tensor in model.state_dict().items()}
    return Case(store(folder, tensors, "ijepa.safetensors"), features_of(model))


def pose_case(model, path):
    with torch.inference_mode():
        heatmaps = model(FRAMES).heatmaps
    return Case(path, pose_features_of(model), heatmaps, "HC")


def hugging_face_vitpose(folder):
    model = foreign.vitpose()
    return pose_case(model, saved_by_library(model, folder))


def hugging_face_vitpose_simple(folder):
    model = foreign.vitpose(simple=True)
    return pose_case(model, saved_by_library(model, folder))


def vitpose_official(folder):
    model = foreign.vitpose()
    content = {
        "meta": {"epoch": 210, "mmpose_version": "0.24"},
        "state_dict": official_vitpose(model.state_dict()),
        "optimizer": {"state": {1: {"exp_avg": torch.zeros(2)}}},
    }
    return pose_case(model, store(folder, content))


def vitpose_official_simple(folder):
    model = foreign.vitpose(simple=True)
    content = {"state_dict": official_vitpose(model.state_dict())}
    return pose_case(model, store(folder, content))


ROWS = [
    ("Sonichu", own_folder),
    ("Sonichu", own_file_alone),
    ("Sonichu", own_with_an_extra_head),
    ("Sonichu", own_light_file_alone),
    ("Sonichu", own_backbone_alone),
    ("I-JEPA", ijepa_official),
    ("timm", timm_with_class_token),
    ("I-JEPA", timm_without_class_token),
    ("timm", timm_training_checkpoint),
    ("Hugging Face ViT", hugging_face_vit),
    ("Hugging Face ViT", hugging_face_vit_of_version_5),
    ("Hugging Face ViT", hugging_face_classifier),
    ("Hugging Face ViT", hugging_face_masked_modelling),
    ("Hugging Face ViT", hugging_face_without_qkv_bias),
    ("Hugging Face ViT", hugging_face_in_shards),
    ("Hugging Face I-JEPA", hugging_face_ijepa),
    ("Hugging Face I-JEPA", hugging_face_ijepa_of_version_5),
    ("Hugging Face ViTPose", hugging_face_vitpose),
    ("Hugging Face ViTPose", hugging_face_vitpose_simple),
    ("ViTPose", vitpose_official),
    ("ViTPose", vitpose_official_simple),
]


def close(found: torch.Tensor, expected: torch.Tensor) -> None:
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)


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


def test_every_row_stands_in_the_table_of_the_help():
    text = (RESOURCES / "help" / "checkpoints.md").read_text(encoding="utf-8")
    for naming, make in ROWS:
        assert f"| {naming} |" in text
        assert make.__name__.replace("_", " ") in text


# --- heads ---------------------------------------------------------------------------------------

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


# --- sizes and positions -------------------------------------------------------------------------


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


# --- assumptions ---------------------------------------------------------------------------------


def table_of(tensors: dict[str, torch.Tensor]) -> dict[str, TensorSpec]:
    return {
        name: TensorSpec("F32" if t.is_floating_point() else "I64", tuple(t.shape))
        for name, t in tensors.items()
    }


def test_what_no_configuration_says_is_assumed_and_noted():
    layout = recognise(table_of(official_names(foreign.ijepa().state_dict())))
    assert layout.backbone["num_attention_heads"] == 1
    assert layout.backbone["layer_norm_eps"] == 1e-6
    assert any("attention heads" in note for note in layout.notes)
    assert any("epsilon" in note for note in layout.notes)


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
IJEPA_TABLE = table_of(official_names(foreign.ijepa().state_dict()))


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


# --- nothing loads half --------------------------------------------------------------------------

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


# --- round trips ---------------------------------------------------------------------------------


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
