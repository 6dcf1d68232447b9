"""A fine-tune as it is asked for, and the recipe by which its weights come about."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sonichu_gui.training.config import RunConfig, TrainingError
from sonichu_gui.training.data.geometry import GeometryRanges
from sonichu_gui.training.data.intensity import IntensityRanges
from sonichu_gui.training.losses import LossWeights
from sonichu_gui.training.optimiser import OptimiserConfig
from sonichu_gui.training.recipe import TeacherConfig

if TYPE_CHECKING:
    from sonichu_gui.prediction.model_info import ModelInfo

BATCH = 8
RATES = {"head": 1e-3, "all": 3e-4}
"""Parts that can be trained, and how fast."""


@dataclass(frozen=True, slots=True)
class Tuning:
    """A fine-tune as it is asked for.

    Attributes:
        store: a label store, or the folder of frames that it lies beside.
        model: what it starts from.
        tasks: of these only; none means all that the store has labels of.
        status: how the labels stand, with commas between.
        name: of the new model; made from the old one's when empty.
        out: folder for it; None installs it.
        steps: length of the training.
        parts: "head" trains the heads of the tasks and leaves every other answer exactly as it was;
            "all" trains what they share, too: it learns more, takes longer and costs a little
            elsewhere.
        checks: further label files and their images that before and after are measured on.
        anchor: what the old answers count.
        learning_rate: peak, of the heads; a tenth of it for the backbone. 0 for what suits `parts`.
        blend: how far the new model goes from the old weights to the trained ones.
        phantoms: phantoms a task, to rehearse and to measure on.
        threads: of the processor; 0 leaves that to torch.
        seed: of all draws.
    """

    store: Path
    model: ModelInfo
    tasks: tuple[str, ...] = ()
    status: str = "accepted,edited"
    name: str = ""
    out: Path | None = None
    steps: int = 200
    parts: str = "head"
    checks: tuple[tuple[Path, Path], ...] = ()
    anchor: float = 1.0
    learning_rate: float = 0.0
    blend: float = 0.75
    phantoms: int = 6
    threads: int = 0
    seed: int = 1

    def __post_init__(self) -> None:
        """Refuses what cannot be."""
        if self.steps < 1 or self.phantoms < 0 or self.parts not in RATES:
            raise TrainingError(
                f"{self.steps} steps of {self.parts!r} with {self.phantoms} phantoms cannot be.",
                f"steps starts at 1, phantoms at 0; parts is one of {', '.join(RATES)}.",
            )

    @property
    def heads(self) -> tuple[str, ...]:
        """Tasks that the model answers for."""
        return tuple(task for task, head in self.model.tasks.items() if head.trained)


def recipe(asked: Tuning, work: Path) -> TeacherConfig:
    """Everything that shapes the weights but the labels and the model."""
    rate = asked.learning_rate or RATES[asked.parts]
    return TeacherConfig(
        run=RunConfig(
            seed=asked.seed,
            batch_size=BATCH,
            output=str(work),
            steps=asked.steps,
            threads=asked.threads,
            bf16=False,
            log_every=5,
            watch_every=asked.steps,
            checkpoint_minutes=0.5,
        ),
        data=(),
        model={},
        optimiser=OptimiserConfig(
            learning_rate=rate,
            backbone_learning_rate=rate / 10,
            layer_decay=0.85,
            weight_decay=0.0,  # towards nothing, when it should stay where it was
            warm_up=0.1,
            ema_decay=0.98,
            freeze_depthwise=True,
        ),
        # The old maps can be read from the first step; outlines were left out of what is published.
        loss=LossWeights(outline=0.0, edge=0.0, ramp_start=0.0, ramp_end=0.0),
        # Mirrored frames too: half of every answer with TTA comes from them.
        geometry=GeometryRanges(
            rotation_deg=6.0,
            log_scale_low=-0.15,
            log_scale_high=0.15,
            log_anisotropy=0.03,
            shear=0.02,
            shift=0.05,
            flip_x=0.5,
            identity=0.2,
        ),
        intensity=IntensityRanges(
            log_gamma=0.2,
            log_gain=0.15,
            fine_speckle=0.12,
            coarse_speckle=0.12,
            gain_field=0.25,
            depth_gain=0.15,
            blur=0.15,
            boxes=0.2,
            box_size=0.2,
            marks=0.1,
        ),
    )
