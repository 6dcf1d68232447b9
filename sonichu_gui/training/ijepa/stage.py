"""One step of I-JEPA's training, and the measures that tell learning from collapse.

Assran et al. 2023 (arXiv:2301.08243), section 3 and appendix A.1; the numbers are those of the
published training configurations. The target encoder is a moving average of the encoder and sees
the whole view; its tokens, normalised over their features, are what the predictor must give for
every target block. No gradient reaches it.

A network that says the same of every patch would predict itself perfectly. So the loss never stands
alone. Beside it is how much the targets of a view differ from patch to patch (``target_std``); and
on held-out frames, always against the mean of the same place in all of them, how much the features
differ (``feature_std``), how many directions they use (``effective_rank``), and what it would cost
to answer with that mean, without a look at the frame (``blind_loss``).
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sonichu_gui.training.config import require_between
from sonichu_gui.training.distributed import World
from sonichu_gui.training.ijepa.masks import MaskConfig, Masks, draw_masks, take_patches
from sonichu_gui.training.ijepa.predictor import ContextPredictor, encode_patches
from sonichu_gui.training.schedules import cosine, linear, warm_up_cosine

if TYPE_CHECKING:
    from sonichu_gui.training.data.frames import Grey
    from sonichu_gui.training.ijepa.views import FrameViews, Views
    from sonichu_gui.training.stage import Samples

_WATCHED_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class ScheduleConfig:
    """What changes over the run; all of it by the step, so that a resumed run goes on as it was.

    Attributes:
        learning_rate_start, learning_rate, learning_rate_final: before the warm-up, after it, at
            the end; joined by a line and half a cosine.
        warm_up: fraction of the run; the published one spends 40 of its 300 epochs.
        weight_decay_start, weight_decay_final: of matrices, joined by half a cosine.
        momentum_start, momentum_final: share of the target encoder that a step leaves, joined by a
            line.
    """

    learning_rate_start: float = 2e-4
    learning_rate: float = 1e-3
    learning_rate_final: float = 1e-6
    warm_up: float = 40 / 300
    weight_decay_start: float = 0.04
    weight_decay_final: float = 0.4
    momentum_start: float = 0.996
    momentum_final: float = 1.0

    def __post_init__(self) -> None:
        """Refuses rates by which nothing is learned, or unlearned."""
        rates = ("learning_rate_start", "learning_rate", "learning_rate_final")
        decays = ("weight_decay_start", "weight_decay_final")
        shares = ("warm_up", "momentum_start", "momentum_final")
        require_between(
            self, **dict.fromkeys((*rates, *decays), (0, 10)), **dict.fromkeys(shares, (0, 1))
        )


class PretrainingStage:
    """I-JEPA; see `stage.Stage`.

    Args:
        network: with its start weights; the target encoder starts as its encoder.
        samples: views to learn from.
        watched: frames to watch the run by.
        masks: sizes of the blocks.
        schedule: rates.
        batch_size: views of one step, over all processes.
        seed: of the masks.
        identity: see `stage.Stage`.

    Raises:
        TrainingError: the blocks do not fit the network's grid.
    """

    name = "ijepa"

    def __init__(
        self,
        network: ContextPredictor,
        samples: FrameViews,
        *,
        watched: FrameViews,
        masks: MaskConfig,
        schedule: ScheduleConfig,
        batch_size: int,
        seed: int,
        identity: str,
    ) -> None:
        masks.require_fit(network.encoder.grid)
        self.identity = identity
        self.network: nn.Module = network
        self.encoder, self.predictor = network.encoder, network.predictor
        self.target = copy.deepcopy(network.encoder).requires_grad_(requires_grad=False).eval()
        self.optimiser: torch.optim.Optimizer = torch.optim.AdamW(parameter_groups(network))
        self.samples: Samples[Grey, Views] = samples
        self._watched, self._masks, self._schedule = watched, masks, schedule
        self._batch_size, self._seed = batch_size, seed
        self._world, self._steps = World(0, 1, torch.device("cpu")), 1

    def place(self, world: World, steps: int) -> None:
        """Moves the target encoder to the device."""
        self._world, self._steps = world, steps
        self.target.to(world.device)

    def begin_step(self, step: int) -> Mapping[str, float]:
        """Sets learning rate and weight decay."""
        plan, progress = self._schedule, step / self._steps
        rate = warm_up_cosine(
            step,
            steps=self._steps,
            warm_up_steps=round(plan.warm_up * self._steps),
            start=plan.learning_rate_start,
            peak=plan.learning_rate,
            final=plan.learning_rate_final,
        )
        decay = cosine(progress, start=plan.weight_decay_start, end=plan.weight_decay_final)
        for group in self.optimiser.param_groups:
            group["lr"] = rate
            group["weight_decay"] = decay if group["decays"] else 0.0
        return {"learning_rate": rate, "weight_decay": decay, "momentum": self.momentum(step)}

    def momentum(self, step: int) -> float:
        """Share of the target encoder that a step leaves."""
        plan = self._schedule
        return linear(step / self._steps, start=plan.momentum_start, end=plan.momentum_final)

    def terms(self, network: nn.Module, batch: Views, step: int) -> Mapping[str, Tensor]:
        """The loss of this process' views, and how much what they should give differs."""
        masks = draw_masks(
            self._masks,
            grid=self.encoder.grid,
            count=self._batch_size,
            seed=self._seed,
            step=step,
        ).rows(self._world.rank, self._world.size)
        targets = self.targets(batch.pixel_values)
        return {
            "total": block_loss(network, batch.pixel_values, targets, masks),
            "target_std": targets.std(dim=1).mean(),
        }

    @torch.no_grad()
    def targets(self, pixel_values: Tensor) -> Tensor:
        """(B, 3, S, S) -> (B, N, D) float32: the target encoder's tokens, each normalised."""
        tokens = encode_patches(self.target, pixel_values).float()
        return F.layer_norm(tokens, tokens.shape[-1:])

    @torch.no_grad()
    def end_step(self, step: int) -> None:
        """Moves the target encoder towards the encoder."""
        leaves = self.momentum(step)
        pairs = zip(self.target.parameters(), self.encoder.parameters(), strict=True)
        for kept, learned in pairs:
            kept.lerp_(learned, 1 - leaves)

    def state(self) -> dict[str, Any]:
        """The target encoder."""
        return {"target_encoder": self.target.state_dict()}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Takes it over."""
        self.target.load_state_dict(state["target_encoder"], strict=True)

    @torch.no_grad()
    def watch(self) -> Mapping[str, float]:
        """How well blocks of held-out frames are predicted, and how varied their features are."""
        losses, features = [], []
        for number, batch in enumerate(self._watched_batches()):
            pixels = batch.pixel_values
            targets = self.targets(pixels)
            masks = draw_masks(
                self._masks,
                grid=self.encoder.grid,
                count=len(pixels),
                seed=self._seed,
                step=number,
            )
            losses.append(float(block_loss(self.network, pixels, targets, masks)))
            features.append(targets)
        if not losses:
            return {}
        every = torch.cat(features)
        blind = every.mean(dim=0, keepdim=True)
        return {
            "loss": sum(losses) / len(losses),
            "blind_loss": float(F.smooth_l1_loss(blind.expand_as(every), every)),
            "feature_std": float((every - blind).square().mean(dim=(0, 1)).sqrt().mean()),
            "effective_rank": effective_rank((every - blind).flatten(0, 1)),
        }

    def _watched_batches(self) -> Iterator[Views]:
        """Held-out frames, whole; the last few of an uneven number are left out."""
        count = len(self._watched)
        size = min(_WATCHED_AT_ONCE, count)
        for first in range(0, count - size + 1, size) if size else ():
            frames = [self._watched.whole(index) for index in range(first, first + size)]
            yield self._watched.collate(frames).to(self._world.device)


def block_loss(network: nn.Module, pixel_values: Tensor, targets: Tensor, masks: Masks) -> Tensor:
    """Smooth L1 between what the network predicts for the target blocks and what they hold.

    Args:
        network: a `ContextPredictor`, perhaps inside a wrapper.
        pixel_values: (B, 3, S, S).
        targets: (B, N, D) of all patches.
        masks: of these views.
    """
    masks = masks.to(pixel_values.device)
    answers = network(pixel_values, masks.context, masks.targets)
    wanted = torch.stack([take_patches(targets, block) for block in masks.targets])
    return F.smooth_l1_loss(answers.float(), wanted)


def parameter_groups(network: nn.Module) -> list[dict[str, Any]]:
    """All that is trained, apart by whether it decays: biases and other vectors do not."""
    decaying: list[nn.Parameter] = []
    still: list[nn.Parameter] = []
    for name, parameter in network.named_parameters():
        if parameter.requires_grad:
            is_vector = parameter.ndim == 1 or name.endswith("bias")
            (still if is_vector else decaying).append(parameter)
    return [
        {"params": decaying, "decays": True},
        {"params": still, "decays": False, "weight_decay": 0.0},
    ]


def effective_rank(features: Tensor) -> float:
    """How many directions the rows (M, D) use: 1 when they all lie on a line, D when evenly spread.

    The exponential of the entropy of their singular values (Roy & Vetterli 2007; as a measure of
    self-supervised features: Garrido et al., "RankMe", 2023), the rows being centred.
    """
    centred = (features - features.mean(dim=0)).double()
    values = torch.linalg.eigvalsh(centred.T @ centred).clamp_min(0).sqrt()
    shares = values / values.sum().clamp_min(torch.finfo(torch.float64).tiny)
    return float(torch.special.entr(shares).sum().exp())
