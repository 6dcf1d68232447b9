"""A small I-JEPA on the toy study: 8 x 8 patches, two blocks."""

from __future__ import annotations

import pytest

from sonichu_gui.model.modeling_sonichu import ViTConfig
from sonichu_gui.training.data.labels import read_labels
from sonichu_gui.training.ijepa.masks import MaskConfig
from sonichu_gui.training.ijepa.predictor import PredictorConfig, new_networks
from sonichu_gui.training.ijepa.stage import PretrainingStage, ScheduleConfig
from sonichu_gui.training.ijepa.views import FrameViews, ViewConfig

MASKS = MaskConfig(min_patches=4)


@pytest.fixture
def make_stage(toy_study):
    """A stage with its start weights; the same one however often it is made."""

    def make(*, schedule=None, batch_size=4, watched=True):
        rows = read_labels(toy_study.labels).rows
        learn, held_out = rows[:6], rows[6:] if watched else ()
        learned, kept = (
            FrameViews(chosen, toy_study.images, ViewConfig(), size_px=64, seed=3)
            for chosen in (learn, held_out)
        )
        backbone = ViTConfig(
            patch_size=8, hidden_size=24, num_hidden_layers=2, num_attention_heads=3
        )
        return PretrainingStage(
            new_networks(backbone, PredictorConfig(width=12, depth=2), image_size=64, seed=3),
            learned,
            watched=kept,
            masks=MASKS,
            schedule=schedule or ScheduleConfig(),
            batch_size=batch_size,
            seed=3,
            identity="toy",
        )

    return make
