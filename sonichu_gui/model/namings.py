"""Recognises whose checkpoint it is by names and shapes of its tensors, and plans its way to us.

Pure: works on the table of a file's header, without torch and without the tensors. Nothing is
planned half: every tensor of our network comes from somewhere, every tensor of the checkpoint is
used, or set aside for a reason, or listed in the refusal.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import config_hints
from .backbone_names import PlacedBackbone, place_backbone
from .head_names import PUBLISHED_TASKS, PlacedHeads, place_heads
from .layout import (
    Copy,
    Layout,
    Positions,
    Shift,
    Stack,
    Step,
    UnplacedTensors,
    Zeros,
)
from .light_names import LIGHT_STEM, place_light
from .placing import Placing
from .transformer_names import FAMILIES

if TYPE_CHECKING:
    from .weights_file import TensorSpec

__all__ = [
    "PUBLISHED_TASKS",
    "Copy",
    "Layout",
    "Positions",
    "Shift",
    "Stack",
    "Step",
    "UnplacedTensors",
    "Zeros",
    "recognise",
]

OWN = "Sonichu"

_PREFERRED = ("target_encoder", "ema", "teacher")
"""Of several copies of the network: averages over training are the ones to use."""

_TRAINING_STATE = frozenset(
    {
        *("args", "config", "hparams", "hyper_parameters", "meta"),
        *("opt", "optim", "optimizer", "optimizers", "optimizer_states", "scaler", "loss_scaler"),
        *("scheduler", "lr_scheduler", "lr_schedulers", "epoch", "loops", "callbacks", "rng_state"),
        *("criterion", "loss", "predictor"),
    }
)
"""What stands in a checkpoint beside the network, by the first or second part of a name."""

_CLASSIFIER = re.compile(
    r"(head|head_dist|classifier|fc|fc_norm|pre_logits|pooler)(\.\w+)?\.(weight|bias)"
)
_RECONSTRUCTION = re.compile(
    r"(embeddings\.)?mask_token"
    r"|decoder\.0\.(weight|bias)"  # Hugging Face's masked image modelling
    r"|decoder_(pos_embed|(embed|norm|pred|blocks)\.\S+)"  # MAE
    r"|decoder\.(mask_token|decoder_\S+)"  # Hugging Face's MAE
)
"""Classifiers, and what paints masked pixels, have no part in features or heatmaps."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A backbone in the file: how it names its parts, and what stands before each name."""

    family: str
    prefix: str

    @property
    def words(self) -> list[str]:
        return self.prefix.split(".")[:-1]

    @property
    def rank(self) -> tuple[int, int, str]:
        words = {part for word in self.words for part in (word.lower(), *word.lower().split("_"))}
        places = [place for place, name in enumerate(_PREFERRED) if name in words]
        return (min(places, default=len(_PREFERRED)), len(self.words), self.prefix)


def recognise(
    tensors: Mapping[str, TensorSpec],
    config: Mapping[str, Any] | None = None,
    *,
    image_size: int | None = None,
    task: str | None = None,
) -> Layout:
    """The plan by which a checkpoint becomes ours.

    Args:
        tensors: name, number type and shape of everything it holds.
        config: the JSON beside it, for what shapes cannot tell; anybody's.
        image_size: of the square input, in pixels; that of the checkpoint when None.
        task: the name for the only head of a checkpoint, where it has none.

    Raises:
        UnplacedTensors: listing what is missing, surplus or misshaped, or saying why nothing fits.
    """
    hints = config if isinstance(config, Mapping) else {}
    placing = Placing(tensors)
    candidates = sorted(_candidates(placing), key=lambda candidate: candidate.rank)
    if not candidates:
        raise UnplacedTensors(
            "no vision transformer that is known here: it holds no convolution that cuts a frame "
            "into patches",
            surplus=list(tensors),
        )
    chosen = candidates[0]
    notes = [_leave_out_copy(placing, chosen, other) for other in candidates[1:]]
    state = placing.leave_out(name for name in placing.left if _is_training_state(name, chosen))
    if chosen.family == LIGHT_STEM:
        layout = place_light(placing, chosen.prefix.removesuffix("backbone."), hints)
    else:
        layout = _place_transformer(placing, chosen, hints, image_size, task)
    others = placing.leave_out(
        name for name in placing.left if _is_other_purpose(placing, chosen, name)
    )
    if state:
        notes.append(f"{len(state)} tensors of training were set aside: {_roots(state)}.")
    if others:
        notes.append(f"{len(others)} tensors of other purposes were set aside: {_roots(others)}.")
    if placing.missing or placing.surplus or placing.mismatched:
        raise UnplacedTensors(
            f"it has the names of {layout.naming}, but does not fit whole",
            missing=placing.missing,
            surplus=placing.surplus,
            mismatched=placing.mismatched,
        )
    return _with(layout, placing, notes)


def _with(layout: Layout, placing: Placing, notes: Sequence[str]) -> Layout:
    return Layout(
        layout.naming,
        layout.backbone,
        layout.image_size,
        layout.head_type,
        layout.head_channels,
        layout.heads,
        tuple(placing.steps),
        tuple(placing.set_aside),
        (*notes, *layout.notes),
    )


def _place_transformer(
    placing: Placing,
    chosen: _Candidate,
    hints: Mapping[str, Any],
    image_size: int | None,
    task: str | None,
) -> Layout:
    family = FAMILIES[chosen.family]
    backbone = place_backbone(placing, family, chosen.prefix, hints, image_size)
    heads = place_heads(placing, backbone.settings["hidden_size"], task)
    return Layout(
        _naming(chosen, hints, backbone),
        backbone.settings,
        backbone.image_size,
        heads.type,
        heads.channels,
        heads.keypoints,
        (),
        notes=(*backbone.notes, *_padding_note(backbone), *heads.notes, *_heads_note(heads)),
    )


def _candidates(placing: Placing) -> list[_Candidate]:
    ends = {f"{family.patch}.weight": name for name, family in FAMILIES.items()}
    ends[LIGHT_STEM] = LIGHT_STEM
    found = []
    for name in placing.specs:
        for end, family in ends.items():
            if name == end or name.endswith(f".{end}"):
                found.append(_Candidate(family, name.removesuffix(end)))
    return found


def _leave_out_copy(placing: Placing, chosen: _Candidate, other: _Candidate) -> str:
    """Sets another copy of the network aside, with all that stands in the same container."""
    mine, theirs = list(chosen.words), list(other.words)
    while mine and theirs and mine[-1] == theirs[-1]:  # both call it "backbone"
        del mine[-1], theirs[-1]
    common = 0
    while mine[common : common + 1] == theirs[common : common + 1] != []:
        common += 1
    container = theirs if len(theirs) > common else mine
    root = "".join(f"{word}." for word in container[: common + 1])
    # Without a container of its own, the other is all that is not in the chosen one's.
    inside = container is theirs
    placing.leave_out([name for name in placing.left if name.startswith(root) == inside])
    return (
        f"It holds several copies of the network: {chosen.prefix.rstrip('.') or 'the outermost'} "
        f"was taken, {other.prefix.rstrip('.') or 'the outermost'} set aside."
    )


def _is_training_state(name: str, chosen: _Candidate) -> bool:
    inside = chosen.prefix and name.startswith(chosen.prefix)
    return not inside and not _TRAINING_STATE.isdisjoint(name.split(".")[:2])


def _is_other_purpose(placing: Placing, chosen: _Candidate, name: str) -> bool:
    """Whether it is known for something else, beside the backbone or in what holds it."""
    words = chosen.words
    roots = ("".join(f"{word}." for word in words[:count]) for count in range(len(words), -1, -1))
    rest = name.removeprefix(next(root for root in roots if name.startswith(root)))
    flat = len(placing.shape(name) or ()) <= 2
    return bool((flat and _CLASSIFIER.fullmatch(rest)) or _RECONSTRUCTION.fullmatch(rest))


def _naming(chosen: _Candidate, hints: Mapping[str, Any], backbone: PlacedBackbone) -> str:
    if chosen.family != "timm":
        kind = "ViT" if backbone.has_class_token else "I-JEPA"
        return f"{chosen.family} {'ViTPose' if backbone.is_vitpose else kind}"
    if backbone.is_vitpose:
        return "ViTPose"
    if backbone.has_class_token:
        return "timm"
    if chosen.words[-1:] == ["backbone"] or "sonichu" in config_hints.model_types(hints):
        return OWN
    return "I-JEPA"


def _padding_note(backbone: PlacedBackbone) -> tuple[str, ...]:
    if not backbone.is_vitpose:
        return ()
    return ("As ViTPose does, the frame is padded by 2 pixels before it is cut into patches.",)


def _heads_note(heads: PlacedHeads) -> tuple[str, ...]:
    if heads.keypoints:
        return ()
    return ("It has no heads: a feature extractor, to be trained before it finds keypoints.",)


def _roots(names: Sequence[str]) -> str:
    roots = dict.fromkeys(name.rsplit(".", 1)[0] if "." in name else name for name in names)
    shown = list(dict.fromkeys(".".join(root.split(".")[:2]) for root in roots))
    return ", ".join(shown[:6]) + (" …" if len(shown) > 6 else "")
