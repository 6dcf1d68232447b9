from __future__ import annotations

import pytest
import torch

from sonichu_gui.model.modeling_sonichu import ViTConfig
from sonichu_gui.training.config import TrainingError
from sonichu_gui.training.ijepa.masks import MaskConfig, draw_masks
from sonichu_gui.training.ijepa.predictor import (
    PredictorConfig,
    encode_patches,
    new_networks,
)

BACKBONE = ViTConfig(patch_size=8, hidden_size=24, num_hidden_layers=2, num_attention_heads=3)
PREDICTOR = PredictorConfig(width=12, depth=2)
MASKS = draw_masks(MaskConfig(min_patches=4), grid=8, count=2, seed=0, step=0)


@pytest.fixture
def networks():
    return new_networks(BACKBONE, PREDICTOR, image_size=64, seed=1).eval()


@pytest.fixture
def pixels():
    return torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))


def patch(pixels, number):
    """A view of the pixels of one patch of every frame."""
    row, column = divmod(int(number), 8)
    return pixels[:, :, 8 * row : 8 * row + 8, 8 * column : 8 * column + 8]


@torch.no_grad()
def test_all_patches_in_their_order_give_what_the_encoder_gives(networks, pixels):
    everything = torch.arange(64).expand(2, -1)
    expected = networks.encoder(pixels)
    torch.testing.assert_close(encode_patches(networks.encoder, pixels), expected)
    torch.testing.assert_close(encode_patches(networks.encoder, pixels, everything), expected)


@torch.no_grad()
def test_tokens_of_some_patches_know_their_place_and_nothing_of_the_others(networks, pixels):
    before = encode_patches(networks.encoder, pixels, MASKS.context)
    changed = pixels.clone()
    for number in MASKS.targets[:, 0].flatten().tolist():
        patch(changed[:1], number).normal_()
    after = encode_patches(networks.encoder, changed, MASKS.context)
    assert before.shape == (2, MASKS.context.shape[1], 24)
    torch.testing.assert_close(before[0], after[0])
    moved = encode_patches(networks.encoder, pixels, MASKS.context.flip(1))
    torch.testing.assert_close(moved.flip(1), before)


@torch.no_grad()
def test_every_target_block_is_predicted_by_itself(networks, pixels):
    answers = networks(pixels, MASKS.context, MASKS.targets)
    blocks, batch, length = MASKS.targets.shape
    assert answers.shape == (blocks, batch, length, 24)
    alone = networks(pixels, MASKS.context, MASKS.targets[2:3])
    torch.testing.assert_close(answers[2], alone[0])


@torch.no_grad()
def test_the_predictor_is_told_where_the_block_lies(networks, pixels):
    answers = networks(pixels, MASKS.context, MASKS.targets)
    turned = networks(pixels, MASKS.context, MASKS.targets.flip(2))
    torch.testing.assert_close(turned.flip(2), answers)
    assert not torch.allclose(answers[:, :, 0], answers[:, :, 1], atol=1e-4)


def test_sizes_are_the_published_ones_by_default():
    networks = new_networks(ViTConfig(), PredictorConfig(), image_size=224, seed=0)
    # ViT-B/16 with the 196 positions of 224 pixels; the predictor of the published code, 384 x 6.
    assert sum(p.numel() for p in networks.encoder.parameters()) == 85_797_120
    predictor = networks.predictor
    assert predictor.predictor_pos_embed.shape == (1, 196, 384)
    assert len(predictor.predictor_blocks) == 6
    assert predictor.predictor_blocks[0].attn.heads == 12
    block = 12 * 384**2 + 13 * 384
    rest = 2 * 768 * 384 + 384 + 768 + 384 + 196 * 384 + 2 * 384
    assert sum(p.numel() for p in predictor.parameters()) == 6 * block + rest


def test_the_start_is_drawn_from_the_seed_and_leaves_other_random_numbers_alone():
    torch.manual_seed(9)
    expected = torch.rand(1)
    torch.manual_seed(9)
    first = new_networks(BACKBONE, PREDICTOR, image_size=64, seed=1)
    assert torch.equal(torch.rand(1), expected)
    again = new_networks(BACKBONE, PREDICTOR, image_size=64, seed=1)
    other = new_networks(BACKBONE, PREDICTOR, image_size=64, seed=2)
    name = "predictor.mask_token"
    assert torch.equal(first.state_dict()[name], again.state_dict()[name])
    assert not torch.equal(first.state_dict()[name], other.state_dict()[name])


def test_networks_that_do_not_go_together_are_refused():
    with pytest.raises(TrainingError, match="no class token"):
        new_networks(ViTConfig(class_token=True), PREDICTOR, image_size=64, seed=0)
    with pytest.raises(TrainingError, match="20 wide does not fit 3"):
        new_networks(BACKBONE, PredictorConfig(width=20), image_size=64, seed=0)
