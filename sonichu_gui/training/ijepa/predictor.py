"""The two networks that are trained: an encoder that sees part of a frame, and a predictor.

Assran et al. 2023 (arXiv:2301.08243), section 3. State names of the predictor are those of the
published code: ``predictor_embed``, ``mask_token``, ``predictor_pos_embed``, ``predictor_blocks``,
``predictor_norm``, ``predictor_proj``.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from sonichu_gui.model.modeling_sonichu import (
    Block,
    VisionTransformer,
    ViTConfig,
    fixed_positions,
)
from sonichu_gui.training.config import TrainingError, require_between
from sonichu_gui.training.ijepa.masks import take_patches


@dataclass(frozen=True, slots=True)
class PredictorConfig:
    """Size of the predictor; it has as many attention heads as the encoder.

    Attributes:
        width: channels of a token, narrower than the encoder's where that is 768 or more.
        depth: blocks; 6 for ViT-B and smaller, 12 for larger encoders.
    """

    width: int = 384
    depth: int = 6

    def __post_init__(self) -> None:
        """Refuses a predictor that has no layer."""
        require_between(self, width=(4, 1 << 16), depth=(1, 200))


def encode_patches(
    encoder: VisionTransformer, pixel_values: Tensor, patches: Tensor | None = None
) -> Tensor:
    """Tokens of some patches of each frame, which know of no other patch.

    Args:
        encoder: without a class token.
        pixel_values: (B, 3, S, S).
        patches: (B, n) numbers, row by row; None means all, and gives what the encoder itself does.

    Returns:
        (B, n, D).
    """
    x = encoder.patch_embed(pixel_values) + encoder.pos_embed
    if patches is not None:
        x = take_patches(x, patches)
    for block in encoder.blocks:
        x = block(x)
    tokens: Tensor = encoder.norm(x)
    return tokens


class Predictor(nn.Module):
    """Says what the target encoder makes of a block, from tokens around it and its place."""

    def __init__(self, config: PredictorConfig, encoder: ViTConfig, grid: int) -> None:
        super().__init__()
        inner = ViTConfig(
            hidden_size=config.width,
            num_hidden_layers=config.depth,
            num_attention_heads=encoder.num_attention_heads,
            mlp_ratio=encoder.mlp_ratio,
            layer_norm_eps=encoder.layer_norm_eps,
        )
        self.predictor_embed = nn.Linear(encoder.hidden_size, config.width)
        self.mask_token = nn.Parameter(torch.zeros(1, 1, config.width))
        self.predictor_pos_embed = nn.Parameter(
            fixed_positions(grid, config.width), requires_grad=False
        )
        self.predictor_blocks = nn.ModuleList(Block(inner) for _ in range(config.depth))
        self.predictor_norm = nn.LayerNorm(config.width, eps=inner.layer_norm_eps)
        self.predictor_proj = nn.Linear(config.width, encoder.hidden_size)
        self._start()

    def _start(self) -> None:
        nn.init.trunc_normal_(self.mask_token, std=0.02)
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.02)
                nn.init.zeros_(module.bias)
        for depth, block in enumerate(self.predictor_blocks, start=1):  # as in the encoder
            if isinstance(block, Block):
                for linear in (block.attn.proj, block.mlp.fc2):
                    with torch.no_grad():
                        linear.weight.div_((2.0 * depth) ** 0.5)

    def forward(self, tokens: Tensor, context: Tensor, targets: Tensor) -> Tensor:
        """Every target block by itself: none knows what is asked about the others.

        Args:
            tokens: (B, n, D) the encoder's, of the patches ``context``.
            context: (B, n) numbers of patches.
            targets: (T, B, m) numbers of patches.

        Returns:
            (T, B, m, D).
        """
        blocks, batch, length = targets.shape
        seen = self.predictor_embed(tokens) + take_patches(self.predictor_pos_embed, context)
        asked = self.mask_token + take_patches(self.predictor_pos_embed, targets.flatten(0, 1))
        x = torch.cat([seen.repeat(blocks, 1, 1), asked.to(seen.dtype)], dim=1)
        for block in self.predictor_blocks:
            x = block(x)
        answers: Tensor = self.predictor_proj(self.predictor_norm(x[:, -length:]))
        return answers.view(blocks, batch, length, -1)


class ContextPredictor(nn.Module):
    """Encoder and predictor as one network: all that the loss trains."""

    def __init__(self, encoder: VisionTransformer, predictor: Predictor) -> None:
        super().__init__()
        self.encoder = encoder
        self.predictor = predictor

    def forward(self, pixel_values: Tensor, context: Tensor, targets: Tensor) -> Tensor:
        """(B, 3, S, S) and its masks -> (T, B, m, D), what the target blocks should hold."""
        tokens = encode_patches(self.encoder, pixel_values, context)
        answers: Tensor = self.predictor(tokens, context, targets)
        return answers


def new_networks(
    backbone: ViTConfig, predictor: PredictorConfig, *, image_size: int, seed: int
) -> ContextPredictor:
    """A fresh start, drawn from the seed.

    Raises:
        TrainingError: for sizes that do not go together.
    """
    if backbone.class_token or backbone.patch_padding:
        raise TrainingError(
            "I-JEPA's encoder has no class token and no patch padding.",
            "Leave class_token and patch_padding out of [model.backbone].",
        )
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            encoder = VisionTransformer(backbone, image_size)
            return ContextPredictor(encoder, Predictor(predictor, backbone, encoder.grid))
    except ValueError as error:
        raise TrainingError(
            f"A predictor {predictor.width} wide does not fit {backbone.num_attention_heads} "
            f"attention heads: {error}.",
            "Make its width a multiple of 4 and of the encoder's attention heads.",
        ) from error
