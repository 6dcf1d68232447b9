from __future__ import annotations

import os
import signal

import pytest
import torch
from torch.nn import functional

from sonichu_gui.training.config import RunConfig, TrainingError
from sonichu_gui.training.distributed import World
from sonichu_gui.training.ijepa.masks import MaskConfig
from sonichu_gui.training.ijepa.predictor import encode_patches
from sonichu_gui.training.ijepa.stage import (
    PretrainingStage,
    ScheduleConfig,
    effective_rank,
    parameter_groups,
)
from sonichu_gui.training.ijepa.views import Views
from sonichu_gui.training.loop import run_stage

ALONE = World(0, 1, torch.device("cpu"))


def quiet(_done, _line):
    pass


def batch_of(stage, count=4):
    return stage.samples.collate([stage.samples[index] for index in range(count)])


def gradients(stage):
    return {n: p.grad for n, p in stage.network.named_parameters() if p.requires_grad}


def weights(stage):
    return {
        **stage.network.state_dict(),
        **{f"target.{n}": t for n, t in stage.target.state_dict().items()},
    }


def assert_same_weights(one, other):
    for name, tensor in weights(one).items():
        assert torch.equal(tensor, weights(other)[name]), name


# --- what is descended ---------------------------------------------------------------------------


def test_targets_are_the_whole_views_tokens_normalised_over_their_features(make_stage):
    stage = make_stage()
    pixels = batch_of(stage).pixel_values
    targets = stage.targets(pixels)
    tokens = stage.target(pixels)
    torch.testing.assert_close(targets, functional.layer_norm(tokens, (24,)))
    torch.testing.assert_close(targets.mean(dim=-1), torch.zeros(4, 64), atol=1e-5, rtol=0)


def test_the_gradient_reaches_encoder_and_predictor_and_never_the_target_encoder(make_stage):
    stage = make_stage()
    stage.terms(stage.network, batch_of(stage), 0)["total"].backward()
    assert all(grad is not None and grad.any() for grad in gradients(stage).values())
    assert all(not p.requires_grad and p.grad is None for p in stage.target.parameters())
    trained = {id(p) for group in stage.optimiser.param_groups for p in group["params"]}
    assert trained == {id(p) for p in stage.network.parameters() if p.requires_grad}


def test_a_predictor_that_is_right_has_no_loss(make_stage):
    stage = make_stage()
    batch = batch_of(stage)

    class Oracle(torch.nn.Module):
        def forward(self, pixels, _context, targets):
            tokens = functional.layer_norm(encode_patches(stage.target, pixels), (24,))
            rows = torch.arange(len(pixels))[:, None]
            return torch.stack([tokens[rows, block] for block in targets])

    assert stage.terms(Oracle(), batch, 0)["total"] == pytest.approx(0, abs=1e-10)
    assert stage.terms(stage.network, batch, 0)["total"] > 0.1


def test_two_processes_descend_the_gradient_of_one(make_stage):
    whole = make_stage()
    whole.place(ALONE, 10)
    batch = batch_of(whole)
    whole.terms(whole.network, batch, 5)["total"].backward()
    parts = []
    for rank in range(2):
        stage = make_stage()
        stage.place(World(rank, 2, torch.device("cpu")), 10)
        own = Views(batch.pixel_values[rank::2])
        stage.terms(stage.network, own, 5)["total"].backward()
        parts.append(gradients(stage))
    for name, grad in gradients(whole).items():
        torch.testing.assert_close((parts[0][name] + parts[1][name]) / 2, grad)


# --- what changes over the run -------------------------------------------------------------------


def test_rates_follow_the_published_schedules(make_stage):
    stage = make_stage()
    stage.place(ALONE, 300)
    told = [stage.begin_step(step) for step in range(301)]
    rates = [one["learning_rate"] for one in told]
    assert rates[0] == pytest.approx(2e-4)
    assert rates[20] == pytest.approx(6e-4)  # half of the warm-up's line
    assert max(rates) == rates[40] == pytest.approx(1e-3)
    assert rates[300] == pytest.approx(1e-6)
    decays = [one["weight_decay"] for one in told]
    assert (decays[0], decays[150], decays[300]) == pytest.approx((0.04, 0.22, 0.4))
    momenta = [one["momentum"] for one in told]
    assert (momenta[0], momenta[150], momenta[300]) == pytest.approx((0.996, 0.998, 1.0))


def test_matrices_decay_and_biases_norms_and_fixed_positions_do_not(make_stage):
    stage = make_stage()
    stage.place(ALONE, 10)
    stage.begin_step(10)
    decay = {
        id(p): group["weight_decay"]
        for group in stage.optimiser.param_groups
        for p in group["params"]
    }
    for name, parameter in stage.network.named_parameters():
        if name.endswith("pos_embed"):
            assert id(parameter) not in decay
        elif name.endswith("bias") or "norm" in name:
            assert decay[id(parameter)] == 0, name
        else:  # the mask token too, as it has more than one dimension
            assert decay[id(parameter)] == pytest.approx(0.4), name


def test_the_target_encoder_follows_by_what_the_momentum_leaves(make_stage):
    stage = make_stage(schedule=ScheduleConfig(momentum_start=0.75, momentum_final=0.95))
    stage.place(ALONE, 10)
    name = "blocks.1.mlp.fc1.weight"
    before = stage.target.state_dict()[name].clone()
    with torch.no_grad():
        stage.encoder.get_parameter(name).add_(1.0)
    stage.end_step(0)
    torch.testing.assert_close(stage.target.get_parameter(name), before + 0.25)
    stage.end_step(5)
    torch.testing.assert_close(stage.target.get_parameter(name), before + 0.25 + 0.75 * 0.15)


# --- the run -------------------------------------------------------------------------------------


@pytest.fixture
def run_config(tmp_path):
    def make(**settings):
        return RunConfig(
            **{
                "seed": 3,
                "batch_size": 4,
                "output": str(tmp_path / "run"),
                "steps": 4,
                "bf16": False,
                "log_every": 1,
                **settings,
            }
        )

    return make


def test_blocks_of_held_out_frames_become_predictable_from_their_surroundings(
    make_stage, run_config
):
    # A target encoder that stays as it is: a falling loss is then learned, and no collapse.
    still = ScheduleConfig(
        learning_rate_start=1e-2, learning_rate=1e-2, momentum_start=1.0, momentum_final=1.0
    )
    stage = make_stage(schedule=still)
    stage.place(ALONE, 1)
    before = stage.watch()
    after = run_stage(stage, run_config(steps=120), ALONE, resume=False, report=quiet)
    assert after["blind_loss"] == before["blind_loss"]
    assert after["loss"] < 0.3 * before["loss"]


def test_a_run_whose_features_collapse_says_so(make_stage, run_config):
    # A target encoder that is the encoder itself: the cheapest answer is always the same.
    copying = ScheduleConfig(
        learning_rate_start=1e-2, learning_rate=1e-2, momentum_start=0.0, momentum_final=0.0
    )
    stage = make_stage(schedule=copying)
    stage.place(ALONE, 1)
    before = stage.watch()
    after = run_stage(stage, run_config(steps=60), ALONE, resume=False, report=quiet)
    assert after["loss"] < before["loss"]
    assert after["feature_std"] < 0.3 * before["feature_std"]


def test_a_stopped_run_goes_on_to_the_very_same_weights(make_stage, run_config, monkeypatch):
    whole = make_stage()
    run_stage(whole, run_config(), ALONE, resume=False, report=quiet)

    stopped = make_stage()
    end = stopped.end_step

    def pressed(step):
        if step == 1:
            os.kill(os.getpid(), signal.SIGINT)
        end(step)

    monkeypatch.setattr(stopped, "end_step", pressed)
    with pytest.raises(KeyboardInterrupt):
        run_stage(stopped, run_config(), ALONE, resume=False, report=quiet)
    resumed = make_stage()
    run_stage(resumed, run_config(), ALONE, resume=True, report=quiet)
    assert_same_weights(resumed, whole)
    start = make_stage()
    assert not torch.equal(start.target.norm.bias, resumed.target.norm.bias)


def test_a_run_without_held_out_frames_is_not_watched(make_stage):
    assert make_stage(watched=False).watch() == {}


def test_masks_that_do_not_fit_the_grid_are_refused_before_the_first_step(make_stage):
    stage = make_stage()
    with pytest.raises(TrainingError, match="min_patches"):
        PretrainingStage(
            stage.network,
            stage.samples,
            watched=stage.samples,
            masks=MaskConfig(),
            schedule=ScheduleConfig(),
            batch_size=4,
            seed=0,
            identity="",
        )


# --- collapse ------------------------------------------------------------------------------------


def test_the_effective_rank_tells_a_collapse():
    generator = torch.Generator().manual_seed(0)
    spread = torch.randn(4000, 16, generator=generator)
    line = torch.randn(4000, 1, generator=generator) * torch.ones(16) + 3
    assert effective_rank(spread) == pytest.approx(16, abs=0.1)
    assert effective_rank(line) == pytest.approx(1, abs=0.01)


def test_parameters_are_all_in_one_group_each(make_stage):
    network = make_stage().network
    groups = parameter_groups(network)
    listed = [id(p) for group in groups for p in group["params"]]
    assert sorted(listed) == sorted(id(p) for p in network.parameters() if p.requires_grad)
