from __future__ import annotations

import pytest

from sonichu_gui import paths
from sonichu_gui.training.config import TrainingError, read_config, run_identity
from sonichu_gui.training.data.room import read_room
from sonichu_gui.training.recipe import TeacherConfig


def changed(toy_study, old, new):
    text = toy_study.config.read_text()
    assert old in text
    toy_study.config.write_text(text.replace(old, new))
    return toy_study.config


def read(path):
    return read_config(path, TeacherConfig)


def test_the_recipes_that_come_with_the_project_are_read():
    recipes = sorted(paths.resources("training").glob("teacher*.toml"))
    assert recipes
    for path in recipes:
        config = read(path)
        assert config.data
        assert all(source.split != "test" for source in config.data)


def test_an_unknown_key_is_named(toy_study):
    with pytest.raises(TrainingError, match="stepps"):
        read(changed(toy_study, "steps = 3", "steps = 3\nstepps = 5"))


def test_a_missing_key_is_named(toy_study):
    with pytest.raises(TrainingError, match="batch_size"):
        read(changed(toy_study, "batch_size = 4\n", ""))


@pytest.mark.parametrize("value", ['"4"', "4.5", "true"])
def test_a_value_of_the_wrong_type_is_named(toy_study, value):
    with pytest.raises(TrainingError, match="steps"):
        read(changed(toy_study, "steps = 3", f"steps = {value}"))


@pytest.mark.parametrize("length", ["steps = 3\nepochs = 2", "steps = 0"])
def test_a_length_given_twice_or_not_at_all_is_told(toy_study, length):
    with pytest.raises(TrainingError, match=r"steps is .* epochs is"):
        read(changed(toy_study, "steps = 3", length))


def test_the_length_may_be_given_in_passes_over_the_samples(toy_study):
    config = read(changed(toy_study, "steps = 3", "epochs = 5"))
    assert config.run.step_count(22) == 25  # batches of four; a batch never spans two passes


def test_a_whole_number_may_stand_for_a_fraction(toy_study):
    config = read(
        changed(toy_study, "watch_every = 100", "watch_every = 100\ncheckpoint_minutes = 2")
    )
    assert config.run.checkpoint_minutes == 2.0


def test_a_missing_or_broken_file_is_named(tmp_path):
    with pytest.raises(TrainingError, match="absent"):
        read(tmp_path / "absent.toml")


def test_pace_and_place_may_change_between_the_parts_of_a_run_and_nothing_else(toy_study):
    before = run_identity(read(toy_study.config))
    assert run_identity(read(changed(toy_study, "threads = 1", "threads = 2"))) == before
    assert run_identity(read(changed(toy_study, "seed = 3", "seed = 4"))) != before


def test_a_file_is_laid_over_those_that_it_extends(toy_study):
    upper = toy_study.root / "upper.toml"
    upper.write_text(
        'extends = ["toy.toml", "longer.toml"]\n'
        '[run]\noutput = "elsewhere"\n'
        '[[data]]\nkind = "folder"\npath = "toy"\n'
    )
    (toy_study.root / "longer.toml").write_text("[run]\nsteps = 9\nseed = 5\n")
    below, config = read(toy_study.config), read(upper)
    assert (config.run.output, config.run.steps, config.run.seed) == ("elsewhere", 9, 5)
    assert config.run.batch_size == below.run.batch_size
    assert config.model == below.model
    assert [source.kind for source in config.data] == ["csv", "folder"]  # lists are continued
    assert [source.kind for source in read_room(upper).sources] == ["csv", "folder"]


def test_files_that_extend_one_another_and_files_that_are_not_there_are_told(toy_study):
    first, second = toy_study.root / "first.toml", toy_study.root / "second.toml"
    first.write_text('extends = "second.toml"\n')
    second.write_text('extends = "first.toml"\n')
    with pytest.raises(TrainingError, match="extends itself"):
        read(first)
    second.write_text('extends = "absent.toml"\n')
    with pytest.raises(TrainingError, match="absent") as told:
        read(first)
    assert "second.toml extends it" in told.value.hint
    second.write_text("extends = 3\n")
    with pytest.raises(TrainingError, match="extends is"):
        read(first)


@pytest.mark.parametrize(
    ("table", "line", "named"),
    [
        ("run", "seed = -1", "seed"),
        ("run", "workers = -1", "workers"),
        ("run", "threads = -2", "threads"),
        ("run", "clip_norm = nan", "clip_norm"),
        ("optimiser", "learning_rate = -1.0", "learning_rate"),
        ("optimiser", "ema_decay = 2.0", "ema_decay"),
        ("optimiser", "drop_path = 1.0", "drop_path"),
        ("optimiser", "warm_up = 5.0", "warm_up"),
        ("loss", "sigma_cells = 0.0", "sigma_cells"),
        ("loss", "scale = 0.0", "scale"),
        ("geometry", "log_scale_low = 1.0", "log_scale_low"),
        ("intensity", "blur = 7.0", "blur"),
    ],
)
def test_a_number_that_nothing_can_be_learned_with_is_named(toy_study, table, line, named):
    text = toy_study.config.read_text()
    if table == "run":
        text = "\n".join(one for one in text.splitlines() if not one.startswith(f"{named} ="))
        text = text.replace("[run]", f"[run]\n{line}")
    else:
        text += f"\n[{table}]\n{line}\n"
    toy_study.config.write_text(text)
    with pytest.raises(TrainingError, match=f"{table}: {named} is"):
        read(toy_study.config)


def test_a_negative_length_is_no_length(toy_study):
    with pytest.raises(TrainingError, match="steps is -1"):
        read(changed(toy_study, "steps = 3", "steps = -1\nepochs = 2"))


def test_a_wrong_type_is_told_in_words(toy_study):
    with pytest.raises(TrainingError, match="must be a whole number"):
        read(changed(toy_study, "steps = 3", 'steps = "3"'))
