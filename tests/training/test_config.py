from __future__ import annotations

import pytest

from sonichu_gui import paths
from sonichu_gui.training.config import TrainingError, read_config


def changed(toy_study, old, new):
    text = toy_study.config.read_text().replace(old, new)
    toy_study.config.write_text(text)
    return toy_study.config


def test_the_configuration_that_comes_with_the_project_is_read():
    config = read_config(paths.resources("training", "hc_mini.toml"))
    assert config.data.split == "train"
    assert config.publish.test_split == "test"


def test_an_unknown_key_is_named(toy_study):
    with pytest.raises(TrainingError, match="stepps"):
        read_config(changed(toy_study, "steps = 3", "steps = 3\nstepps = 5"))


def test_a_missing_key_is_named(toy_study):
    with pytest.raises(TrainingError, match="batch_size"):
        read_config(changed(toy_study, "batch_size = 4\n", ""))


@pytest.mark.parametrize("value", ['"4"', "4.5", "true"])
def test_a_value_of_the_wrong_type_is_named(toy_study, value):
    with pytest.raises(TrainingError, match="steps"):
        read_config(changed(toy_study, "steps = 3", f"steps = {value}"))


def test_a_whole_number_may_stand_for_a_fraction(toy_study):
    config = read_config(
        changed(toy_study, "watch_every = 100", "watch_every = 100\ncheckpoint_minutes = 2")
    )
    assert config.run.checkpoint_minutes == 2.0


def test_a_missing_or_broken_file_is_named(tmp_path):
    with pytest.raises(TrainingError, match="absent"):
        read_config(tmp_path / "absent.toml")
