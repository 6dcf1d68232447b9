"""config.json: what is kept, and what is refused by name."""

from __future__ import annotations

import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonichu_gui.model.modeling_sonichu import (
    DEFAULT_TASKS,
    EfficientNetLiteConfig,
    HeadConfig,
    SonichuConfig,
    ViTConfig,
)
from sonichu_gui.tasks import load_tasks

LIGHT = SonichuConfig(backbone=EfficientNetLiteConfig(), head=HeadConfig(type="light", channels=64))


@pytest.mark.parametrize("config", [SonichuConfig(), LIGHT], ids=["vit", "light"])
def test_json_and_back_is_the_same_configuration(config):
    assert SonichuConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


def test_unknown_keys_are_kept_everywhere():
    raw = LIGHT.to_dict()
    raw["trained_by"] = "someone"
    raw["backbone"]["note"] = {"a": [1, 2]}
    raw["head"]["note"] = 1
    raw["tasks"]["HC"]["plane"] = "transthalamic"
    assert SonichuConfig.from_dict(copy.deepcopy(raw)).to_dict() == raw


def test_sizes_that_are_not_given_are_those_of_the_model_card():
    config = SonichuConfig.from_dict({"backbone": {"type": "vit"}})
    assert config.backbone == ViTConfig(
        patch_size=16, hidden_size=768, num_hidden_layers=12, num_attention_heads=12
    )


def _change(path: str, value: object) -> dict:
    raw = LIGHT.to_dict()
    *parents, last = path.split(".")
    inner = raw
    for parent in parents:
        inner = inner[parent]
    inner[last] = value
    return raw


@pytest.mark.parametrize(
    ("path", "value", "reason"),
    [
        ("model_type", "vit", "model_type is 'vit'"),
        ("image_size", 250, "image_size must be a multiple of 32"),
        ("image_size", "256", "image_size must be a whole number"),
        ("heatmap_size", 32, "heatmap_size is 32, but this backbone and head make 64"),
        ("name", 7, "config.name must be a str"),
        ("backbone", [], "backbone must be an object"),
        ("backbone.type", "resnet", "backbone.type must be one of vit, efficientnet_lite"),
        ("backbone.variant", "lite9", "backbone: variant"),
        ("head.type", "big", "head: type must be 'vitpose', 'simple' or 'light'"),
        ("head.channels", 0, "head: channels must be a whole number"),
        ("tasks", [], "tasks must be an object"),
        ("tasks.HC", None, "tasks.HC must be an object"),
        ("tasks.HC", {}, "tasks.HC.keypoints is missing"),
        ("tasks.HC.keypoints", [], "tasks.HC: keypoints must be"),
        ("tasks.HC.keypoints", "abcd", "tasks.HC.keypoints must be a list of names"),
        ("tasks.HC.flip_pairs", [[2, 4]], "tasks.HC: flip_pairs must hold numbers from 0 to 3"),
        ("tasks.HC.pairs", [[0, 0]], "tasks.HC: pairs must hold"),
        ("tasks.HC.decode", "magic", "tasks.HC: decode must be"),
        ("tasks.HC.order", "right", "tasks.HC: order must be one of"),
        ("tasks.HC.order", "up,right", "tasks.HC: order must be one of"),
        ("tasks.HC.trained", "yes", "tasks.HC.trained must be a bool"),
        ("tasks.a b", {"keypoints": ["p"]}, "'a b' cannot be a task's name"),
        ("tasks.keys", {"keypoints": ["p"]}, "'keys' cannot be a task's name"),
    ],
)
def test_a_wrong_value_is_refused_by_its_name(path, value, reason):
    with pytest.raises(ValueError, match=reason):
        SonichuConfig.from_dict(_change(path, value))


@pytest.mark.parametrize("padding", [-1, 8, 1.0, True, None])
def test_a_rim_that_would_make_more_patches_is_refused(padding):
    with pytest.raises(ValueError, match="patch_padding must be a whole number below half"):
        ViTConfig(patch_size=16, patch_padding=padding)


@pytest.mark.parametrize("token", [1, "yes", None])
def test_a_class_token_is_there_or_not(token):
    raw = SonichuConfig().to_dict()
    raw["backbone"]["class_token"] = token
    with pytest.raises(ValueError, match=r"backbone\.class_token must be a bool"):
        SonichuConfig.from_dict(raw)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)
places = st.sampled_from(
    [
        *LIGHT.to_dict(),
        *(f"backbone.{key}" for key in LIGHT.to_dict()["backbone"]),
        *(f"tasks.HC.{key}" for key in LIGHT.to_dict()["tasks"]["HC"]),
        "backbone.mlp_ratio",
        "tasks.HC",
    ]
)


@given(places, json_values)
def test_any_other_value_is_either_understood_or_refused(place, value):
    try:
        config = SonichuConfig.from_dict(_change(place, value))
    except ValueError:
        return
    assert SonichuConfig.from_dict(config.to_dict()) == config


@given(json_values)
def test_any_other_document_is_either_understood_or_refused(document):
    try:
        SonichuConfig.from_dict(document)
    except ValueError:
        return


def test_the_default_tasks_are_the_apps_own():
    apps = load_tasks()
    assert set(apps) == set(DEFAULT_TASKS)
    for name, task in DEFAULT_TASKS.items():
        assert task.keypoints == tuple(point.name for point in apps[name].keypoints)
        assert task.flip_pairs == apps[name].flip_pairs
        assert task.pairs == apps[name].unordered_pairs
