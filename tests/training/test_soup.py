"""Mean weights of several models."""

from __future__ import annotations

import pytest
import torch

from sonichu_gui import cli
from sonichu_gui.model.modeling_sonichu import SonichuModel, SonichuPreprocessor
from sonichu_gui.training import soup
from sonichu_gui.training.config import TrainingError
from tests.training.toy_models import toy_model


def quiet(_share, _text):
    pass


def config_of(tmp_path, folders, more=""):
    path = tmp_path / "soup.toml"
    path.write_text(f'models = {list(map(str, folders))}\noutput = "{tmp_path / "soup"}"\n{more}')
    return path


def saved(tmp_path, name, seed, **options):
    toy_model(seed, **options).save_pretrained(tmp_path / name)
    return tmp_path / name


def made(tmp_path, folders, more=""):
    folder = soup.run(config_of(tmp_path, folders, more), resume=False, report=quiet)
    return SonichuModel.from_pretrained(folder)


def test_two_equal_models_make_the_same_model_again(tmp_path):
    folder = saved(tmp_path, "one", 1)
    weights = SonichuModel.from_pretrained(folder).state_dict()
    for name, value in made(tmp_path, [folder, folder]).state_dict().items():
        assert torch.equal(value, weights[name]), name


def test_every_weight_and_statistic_is_the_mean_and_counts_are_those_of_the_first(tmp_path):
    folders = [saved(tmp_path, name, seed) for name, seed in (("one", 1), ("two", 2))]
    models = [SonichuModel.from_pretrained(folder) for folder in folders]
    for number, model in enumerate(models):
        model.backbone.stem.bn.running_mean.fill_(number * 4.0)
        model.backbone.stem.bn.num_batches_tracked.fill_(number + 7)
        model.save_pretrained(folders[number])
    mean = made(tmp_path, folders).state_dict()
    assert set(mean["backbone.stem.bn.running_mean"].tolist()) == {2.0}
    assert mean["backbone.stem.bn.num_batches_tracked"] == 7
    name = "neck.lateral.0.0.weight"
    expected = (models[0].state_dict()[name] + models[1].state_dict()[name]) / 2
    torch.testing.assert_close(mean[name], expected)


def test_the_soup_tells_what_it_is_made_of(tmp_path):
    folders = [saved(tmp_path, "one", 1), saved(tmp_path, "two", 2, trained=("HC", "FA"))]
    config = made(tmp_path, folders).config
    assert config.name == "toy 1-soup"
    assert config.tasks["HC"].trained
    assert not config.tasks["FA"].trained  # half of its head is a random start
    told = config.tasks["HC"].training_data
    assert told.startswith("mean weights of 2 models")
    assert "two" in told
    assert made(tmp_path, folders, 'name = "minestrone"').config.name == "minestrone"


def test_models_of_other_shapes_are_refused_by_the_tensor(tmp_path, capsys):
    one, two = saved(tmp_path, "one", 1), saved(tmp_path, "two", 2, fpn=24)
    assert cli.main(["train", "soup", "--config", str(config_of(tmp_path, [one, two]))]) == 1
    told = capsys.readouterr().err
    assert "neck.lateral.0.0.weight is (16," in told
    assert "and is (24," in told


def test_models_that_see_frames_in_another_way_and_lonely_models_are_refused(tmp_path):
    one, two = saved(tmp_path, "one", 1), tmp_path / "two"
    toy_model(2).save_pretrained(two, preprocessor=SonichuPreprocessor(64, (0.5,) * 3, (0.5,) * 3))
    with pytest.raises(TrainingError, match="prepares its frames in another way"):
        made(tmp_path, [one, two])
    with pytest.raises(TrainingError, match="two models or more"):
        made(tmp_path, [one])


def test_batch_norm_may_take_its_statistics_from_frames(toy_study):
    root = toy_study.root
    folders = [saved(root, "one", 1), saved(root, "two", 2)]
    plain = made(root, folders).state_dict()
    source = '[[batch_norm_frames]]\nkind = "folder"\npath = "toy"\ntask = "HC"\n'
    taken = made(root, folders, source).state_dict()
    changed = {name for name, value in taken.items() if not torch.equal(value, plain[name])}
    assert all("running" in name or "tracked" in name for name in changed)
    assert any(name.startswith("backbone") for name in changed)
    assert any(name.startswith("heads.HC") for name in changed)
    assert not any(name.startswith("heads.FA") for name in changed)  # it has no frames
    with pytest.raises(TrainingError, match="which task"):
        made(root, folders, source.replace('task = "HC"\n', ""))
