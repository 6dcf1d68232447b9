"""A student and its teachers: who has a vote, what is learned from whom, and what never changes."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from sonichu_gui.errors import SonichuError
from sonichu_gui.model.modeling_sonichu import SonichuModel, SonichuPreprocessor
from sonichu_gui.tasks import task_named
from sonichu_gui.training import distill, loop
from sonichu_gui.training.config import TrainingError, read_config
from sonichu_gui.training.data.labels import FrameRow
from sonichu_gui.training.data.samples import LabelledSamples, middle_points
from sonichu_gui.training.data.unlabelled import row_without_points
from sonichu_gui.training.ensemble import median_batch
from sonichu_gui.training.panel import Teachers, load_panel
from sonichu_gui.training.run_log import read_log
from tests.training.toy_models import toy_model

ONE = loop.World(0, 1, torch.device("cpu"))


def quiet(_share, _text):
    pass


@pytest.fixture
def folders(tmp_path):
    made = []
    for seed in (1, 2, 3):
        folder = tmp_path / f"teacher{seed}"
        toy_model(seed).save_pretrained(folder)
        made.append(str(folder))
    return made


@pytest.fixture
def config(toy_study, folders):
    toy_study.config.write_text(f"teachers = {folders}\n" + toy_study.config.read_text())
    return toy_study


def read(study, **run):
    config = read_config(study.config, distill.DistillConfig)
    return dataclasses.replace(config, run=dataclasses.replace(config.run, **run))


def stage_of(config, *, weight=None):
    rows, watched = distill.distilled_rows(config, report=quiet)
    if weight is not None:
        rows = [dataclasses.replace(row, weight=weight) for row in rows]
    model = distill.new_model(config, rows, report=quiet)
    teachers = Teachers(load_panel(config.teachers), model.config.tasks, tta=config.tta)
    return distill.DistillStage(config, model, teachers, learn=rows, watched=watched)


def first_batch(stage):
    return stage.samples.collate([stage.samples[index] for index in range(4)])


def test_the_student_tells_what_it_was_taught_by_and_what_the_teachers_cost(config):
    folder = distill.run(config.config, resume=False, report=quiet)
    task = SonichuModel.from_pretrained(folder).config.tasks["HC"]
    assert (task.trained, task.training_data) == (True, "6 label; taught by the median of 3 models")
    for record in read_log(config.run):
        # heatmap and outlines at first; the teachers' share is half of what they say
        assert record["teacher"] > 0
        assert record["total"] > 0.5 * record["teacher"]


def test_the_target_is_the_median_of_what_the_teachers_say_of_the_very_frames(config, folders):
    stage = stage_of(read(config))
    batch = first_batch(stage)
    taught = stage._teachers.taught(batch)
    said = [
        SonichuModel.from_pretrained(folder).detect(batch.pixel_values, "HC").xy
        for folder in folders
    ]
    pairs = stage._model.config.tasks["HC"].pairs
    expected = median_batch(said, pairs) * batch.sizes[:, None]
    torch.testing.assert_close(taught.points[:, :4], expected)
    assert taught.weights.tolist() == [1.0] * 4
    assert not torch.equal(taught.points, batch.points)


def test_a_teacher_without_a_trained_head_has_no_vote(config, folders, tmp_path):
    toy_model(9, trained=("FA",)).save_pretrained(tmp_path / "other")
    stage = stage_of(read(config))
    batch = first_batch(stage)
    tasks = stage._model.config.tasks
    with_other = Teachers(load_panel([*folders, str(tmp_path / "other")]), tasks)
    assert (with_other.votes["HC"], with_other.votes["FA"], with_other.votes["AOP"]) == (3, 1, 0)
    torch.testing.assert_close(
        with_other.taught(batch).points, stage._teachers.taught(batch).points
    )
    only_other = Teachers(load_panel([str(tmp_path / "other")]), tasks).taught(batch)
    assert only_other.weights.tolist() == [0.0] * 4
    assert torch.equal(only_other.points, batch.points)


def test_teachers_are_asked_about_the_tasks_that_the_recipe_names_alone(config, tmp_path):
    toy_model(9, trained=("HC", "FA")).save_pretrained(tmp_path / "both")
    stage = stage_of(read(config))
    batch, tasks = first_batch(stage), stage._model.config.tasks
    panel = load_panel([str(tmp_path / "both")])
    asked = Teachers(panel, tasks, asked=("FA",))
    assert (asked.votes["HC"], asked.votes["FA"]) == (0, 1)
    silent = asked.taught(batch)  # all of HC
    assert silent.weights.tolist() == [0.0] * 4
    assert torch.equal(silent.points, batch.points)
    with pytest.raises(TrainingError, match="asked about brain, which the student does not have"):
        Teachers(panel, tasks, asked=("brain",))
    text = config.config.read_text()
    config.config.write_text('taught = ["FA"]\n' + text)
    with pytest.raises(TrainingError, match="No teacher has a trained head for any task that is"):
        distill.run(config.config, resume=False, report=quiet)


def test_teachers_of_no_use_are_refused(config, tmp_path):
    toy_model(9, trained=()).save_pretrained(tmp_path / "other")
    text = config.config.read_text()
    config.config.write_text(f'teachers = ["{tmp_path / "other"}"]\n' + text.partition("\n")[2])
    with pytest.raises(TrainingError, match="No teacher has a trained head"):
        distill.run(config.config, resume=False, report=quiet)
    config.config.write_text("teachers = []\n" + text.partition("\n")[2])
    with pytest.raises(TrainingError, match="No model is named"):
        distill.run(config.config, resume=False, report=quiet)
    config.config.write_text('teachers = ["gone"]\n' + text.partition("\n")[2])
    with pytest.raises(SonichuError, match="gone"):
        distill.run(config.config, resume=False, report=quiet)


def test_a_teacher_sees_frames_at_its_own_size_and_by_its_own_means(tmp_path, config):
    large = toy_model(4, side=128)
    large.save_pretrained(
        tmp_path / "large", preprocessor=SonichuPreprocessor(128, (0.5,) * 3, (0.25,) * 3)
    )
    batch = first_batch(stage_of(read(config)))
    (member,) = load_panel([str(tmp_path / "large")])
    seen = member.seen(batch.pixel_values)
    assert seen.shape == (4, 3, 128, 128)
    grey = batch.pixel_values * torch.tensor([0.229, 0.224, 0.225])[:, None, None]
    grey = grey + torch.tensor([0.485, 0.456, 0.406])[:, None, None]
    assert seen.mean().item() == pytest.approx((grey.mean().item() - 0.5) / 0.25, abs=0.02)
    taught = Teachers([member], large.config.tasks).taught(batch)
    assert taught.weights.tolist() == [1.0] * 4


def test_the_mirrored_view_is_asked_for_where_it_is_wanted(config, folders):
    stage = stage_of(dataclasses.replace(read(config), tta=True))
    batch = first_batch(stage)
    said = [
        SonichuModel.from_pretrained(folder).detect(batch.pixel_values, "HC", tta=True).xy
        for folder in folders
    ]
    expected = median_batch(said, stage._model.config.tasks["HC"].pairs) * batch.sizes[:, None]
    torch.testing.assert_close(stage._teachers.taught(batch).points[:, :4], expected)


def test_learning_leads_towards_the_teachers_and_leaves_them_as_they_are(config):
    settings = read(config, steps=25)
    settings = dataclasses.replace(
        settings,
        optimiser=dataclasses.replace(settings.optimiser, learning_rate=5e-3, warm_up=0.0),
    )
    stage = stage_of(settings, weight=0.0)
    members = stage._teachers._members
    before = [{n: v.clone() for n, v in m.model.state_dict().items()} for m in members]
    batch = first_batch(stage)

    def distance():
        with torch.no_grad():
            return float(
                stage.network.train()(batch, 0.0, stage._teachers.taught(batch))["teacher"]
            )

    stage.place(ONE, 25)
    start = distance()
    loop.run_stage(stage, settings.run, ONE, resume=False, report=quiet)
    assert distance() < 0.9 * start
    for member, weights in zip(members, before, strict=True):
        assert not member.model.training
        assert all(p.grad is None for p in member.model.parameters())
        for name, value in member.model.state_dict().items():
            assert torch.equal(value, weights[name]), name


def test_rows_of_no_weight_are_learned_from_the_teachers_alone(config):
    stage = stage_of(read(config), weight=0.0)
    stage.place(ONE, 3)
    batch = first_batch(stage)

    def gradient(one):
        stage.network.zero_grad()
        stage.terms(stage.network.eval(), one, 2)["total"].backward()
        return torch.cat(
            [p.grad.flatten() for p in stage.network.parameters() if p.grad is not None]
        )

    elsewhere = dataclasses.replace(batch, points=batch.points * 0.5 + 10)
    ours = gradient(batch)
    assert ours.abs().max() > 0
    assert torch.equal(ours, gradient(elsewhere))  # whatever their own points may be
    counted = dataclasses.replace(batch, weights=torch.ones(4))
    assert not torch.allclose(ours, gradient(counted))


def test_unlabelled_frames_take_part(config):
    source = '[[data]]\nkind = "folder"\npath = "toy"\ntask = "HC"\n\n[model]'
    text = config.config.read_text().replace("[model]", source, 1)
    config.config.write_text(text)
    folder = distill.run(config.config, resume=False, report=quiet)
    told = SonichuModel.from_pretrained(folder).config.tasks["HC"].training_data
    assert told == "6 label, 9 pseudo; taught by the median of 3 models"
    config.config.write_text(text.replace('task = "HC"\n', ""))
    with pytest.raises(TrainingError, match="which task"):
        distill.run(config.config, resume=False, report=quiet)


def test_unlabelled_frames_of_tasks_that_nobody_votes_on_are_left_out_and_told(config):
    source = '[[data]]\nkind = "folder"\npath = "toy"\ntask = "FA"\n\n[model]'
    config.config.write_text(config.config.read_text().replace("[model]", source, 1))
    told = []
    folder = distill.run(config.config, resume=False, report=lambda _share, text: told.append(text))
    assert "FA: 0 teachers vote; its 9 rows of no weight are left out" in told
    assert not SonichuModel.from_pretrained(folder).config.tasks["FA"].trained


def test_a_frame_without_points_keeps_its_middle_in_sight(toy_study):
    frame = FrameRow("0.png", toy_study.images, 0, "0")
    row = row_without_points(frame, task_named("HC"))
    model = toy_model(1).config
    read_plain = read_config(toy_study.config, distill.TeacherConfig)
    samples = LabelledSamples(
        [row], toy_study.root, model,
        geometry={"": read_plain.geometry}, intensity=read_plain.intensity, seed=0,
    )  # fmt: skip
    for epoch in range(5):
        samples.set_epoch(epoch)
        sample = samples[0]
        assert sample.weight == 0
        assert ((sample.points > 0) & (sample.points < sample.size)).all()


@pytest.mark.parametrize("count", [1, 2, 3, 4, 16, 22])
def test_stand_ins_for_unknown_points_are_different_places_inside_the_frame(count):
    points = middle_points(count)
    assert points.shape == (count, 2)
    assert ((points > 0.15) & (points < 0.85)).all()
    apart = np.linalg.norm(points[:, None] - points[None], axis=2) + np.eye(count)
    assert apart.min() > 0.03


def test_a_checkpoint_belongs_to_its_teachers(config, folders):
    distill.run(config.config, resume=False, report=quiet)
    toy_model(7).save_pretrained(folders[0])
    with pytest.raises(TrainingError, match="other settings"):
        distill.run(config.config, resume=True, report=quiet)


def test_a_median_that_is_no_ellipse_teaches_nothing_and_stops_nothing(config, monkeypatch):
    stage = stage_of(read(config))
    stage.place(ONE, 3)
    batch = first_batch(stage)
    real = Teachers._answers

    def collapsed(teachers, one):
        answers = real(teachers, one)
        return {
            number: [torch.cat([said[:2] * 0 + 0.5, said[2:]]) for said in all_said]
            for number, all_said in answers.items()
        }

    monkeypatch.setattr(Teachers, "_answers", collapsed)
    taught = stage._teachers.taught(batch)
    assert taught.weights.tolist() == [0.0, 0.0, 1.0, 1.0]
    assert torch.equal(taught.points[:2], batch.points[:2])
    assert torch.isfinite(stage.terms(stage.network, batch, 2)["total"])
