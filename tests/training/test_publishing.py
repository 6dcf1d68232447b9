"""Publishing: the file itself is measured, described head by head, and never a step back."""

from __future__ import annotations

import errno
import json
import shutil

import pytest
import torch

from sonichu_gui import cli
from sonichu_gui.errors import ExportError, ImportRejected, SonichuError
from sonichu_gui.model.modeling_sonichu import SonichuModel
from sonichu_gui.paths import resources
from sonichu_gui.prediction.model_info import read_model_info
from sonichu_gui.training import publish
from sonichu_gui.training.calibration import calibrate_head
from sonichu_gui.training.config import TrainingError, read_config
from sonichu_gui.training.data.leaks import LeakError
from sonichu_gui.training.evaluate import run_evaluate
from sonichu_gui.training.fair_recipe import FairConfig
from sonichu_gui.training.publish_heads import PublishConfig
from tests.training.small_models import save_small_model

HEAD = """
[[head]]
tasks = ["{task}"]
labels = "{labels}"
split = "test"
calibrate_labels = "many.csv"
calibrate_images = "toy"
calibrate_split = "train"
data_name = "Ellipses"
data_licence = "CC0"
data_source = "drawn"
"""
CIRCUMFERENCE = HEAD.format(task="HC", labels="toy/labels.csv")


def quiet(_share, _text):
    pass


@pytest.fixture
def study(toy_study):
    """The toy study with enough rows for a fit, and femurs beside the heads."""
    header, *rows = toy_study.labels.read_text().splitlines()
    many = [f"{row},{rater}" for rater in range(5) for row in rows]
    (toy_study.root / "many.csv").write_text("\n".join([f"{header},rater", *many]) + "\n")
    femur = "image_path,task_id,height,width,point_1_xy,point_2_xy,subject_id,split"
    lines = [
        f'{n}.png,fetal_femur,100,150,"[{40 + n}, 50]","[{110 - n}, {45 + n}]",{n},'
        f"{'train' if n < 6 else 'test'}"
        for n in range(9)
    ]
    (toy_study.images / "femur.csv").write_text("\n".join([femur, *lines]) + "\n")
    return toy_study


@pytest.fixture
def published(study):
    """Publishes a model; gives the folder."""

    def run(model, *, heads=CIRCUMFERENCE, more="", force=False):
        path = study.root / "publish.toml"
        path.write_text(
            f'model = "{model}"\nfolder = "{study.root / "shipped"}"\n'
            f'output = "{study.root / "publishing"}"\nversion = "3"\nname = "tiny"\n{more}\n{heads}'
        )
        return publish.run(path, resume=False, report=quiet, force=force)

    return run


def femur():
    text = HEAD.format(task="fetal_femur", labels="toy/femur.csv")
    return text.replace('"many.csv"', '"toy/femur.csv"')


def test_what_the_configuration_says_is_what_the_file_reaches(study, published, capsys):
    model = save_small_model(study.root / "run" / "model")
    folder = published(model)
    capsys.readouterr()
    assert cli.main(
        [
            "evaluate", "--labels", str(study.labels), "--images", str(study.images),
            "--model", str(folder), "--split", "test", "--json",
        ]
    ) == 0  # fmt: skip
    score = json.loads(capsys.readouterr().out)["tasks"]["HC"]
    info = read_model_info(folder)
    assert (info.name, info.version) == ("tiny", "3")
    head = info.tasks["HC"]
    measure = score["measures"]["HC"]
    assert head.accuracy == {
        "mae_mm": round(measure["mae"], 3),
        "median_mm": round(measure["median"], 3),
        "p95_mm": round(measure["p95"], 3),
        "mre_px_unordered": round(score["mre_unordered_px"], 2),
        "n_test": 3,
        "within_68": round(measure["within_68"], 3),
        "within_95": round(measure["within_95"], 3),
    }
    assert head.is_calibrated
    assert (head.real_frames, head.phantom_frames, head.is_draft) == (6, 0, False)
    assert "Ellipses (CC0)" in head.training_data
    card = info.card_text
    for needed in (
        "Not for clinical use",
        "Ellipses",
        "CC0",
        "6 real frames",
        f"{measure['mae']:.2f}",
    ):
        assert needed in card
    config = json.loads((folder / "config.json").read_text())
    assert (folder / "model.safetensors").stat().st_size < (
        model / "model.safetensors"
    ).stat().st_size
    assert [name for name, task in config["tasks"].items() if task["trained"]] == ["HC"]


def test_a_head_of_phantoms_is_a_draft_measured_in_parts_of_the_width(study, published):
    trained = {"HC": "6 label", "fetal_femur": "40 phantom"}
    model = save_small_model(study.root / "run" / "model", trained=trained)
    heads = CIRCUMFERENCE + femur()
    folder = published(model, heads=heads)
    score = run_evaluate(
        labels=study.images / "femur.csv", images=study.images, models=[folder], ensemble=None,
        split="test",
    )["tasks"]["fetal_femur"]  # fmt: skip
    head = read_model_info(folder).tasks["fetal_femur"]
    assert head.accuracy["phantoms"] is True
    assert head.accuracy["mre_percent_width"] == round(score["mre_unordered_px"] / 1.5, 2)
    assert head.accuracy["n_test"] == 3
    assert (head.real_frames, head.phantom_frames, head.is_draft) == (0, 40, True)
    card = read_model_info(folder).card_text
    assert "**Drafts: fetal_femur.**" in card
    assert "### On phantoms" in card


def test_weights_too_large_for_half_precision_are_told_and_nothing_is_published(study, published):
    folder = save_small_model(study.root / "run" / "model")
    model = SonichuModel.from_pretrained(folder)
    with torch.no_grad():
        model.neck.lateral[0][0].weight[0, 0] = 1e6
    model.save_pretrained(folder)
    with pytest.raises(TrainingError, match=r"half precision.*neck\.lateral"):
        published(folder)
    assert not (study.root / "shipped").exists()


def better_and_worse(study, published):
    """Two models, by the HC error that they publish."""
    found = {}
    for seed in (1, 2):
        model = save_small_model(study.root / f"run{seed}" / "model", seed=seed)
        folder = published(model, force=True)
        found[model] = read_model_info(folder).tasks["HC"].accuracy["mae_mm"]
    return sorted(found, key=found.get)


def test_a_better_model_is_not_replaced_unless_asked(study, published):
    better, worse = better_and_worse(study, published)
    folder = published(better, force=True)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(TrainingError, match="better model") as caught:
        published(worse)
    assert "--force" in caught.value.hint
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    with pytest.raises(TrainingError, match="no head is better"):
        published(better)
    published(worse, force=True)
    assert (folder / "model.safetensors").read_bytes() != before["model.safetensors"]
    published(better)
    assert (folder / "model.safetensors").read_bytes() == before["model.safetensors"]


def test_a_head_may_not_be_lost_unasked(study, published):
    model = save_small_model(
        study.root / "run" / "model", trained={"HC": "6 label", "fetal_femur": "40 phantom"}
    )
    both = CIRCUMFERENCE + femur()
    folder = published(model, heads=both)
    with pytest.raises(TrainingError, match="fetal_femur is lost"):
        published(model, more='leave_out = ["fetal_femur"]')
    published(model, more='leave_out = ["fetal_femur"]', force=True)
    left_out = read_model_info(folder).tasks["fetal_femur"]
    assert not left_out.trained
    assert left_out.training_data == ""


def test_every_trained_head_is_told(study, published):
    model = save_small_model(
        study.root / "run" / "model", trained={"HC": "6 label", "fetal_femur": "40 phantom"}
    )
    with pytest.raises(TrainingError, match=r"without a \[\[head\]\]: fetal_femur"):
        published(model)
    with pytest.raises(TrainingError, match="not trained there: PSAX"):
        published(model, more='leave_out = ["fetal_femur", "PSAX"]')


@pytest.mark.parametrize("harm", ["unreadable", "missing"])
def test_figures_that_cannot_be_measured_stop_it(study, published, harm):
    path = study.images / "8.png"
    path.write_bytes(b"no picture") if harm == "unreadable" else path.unlink()
    with pytest.raises(SonichuError, match=r"8\.png"):
        published(save_small_model(study.root / "run" / "model"))
    assert not (study.root / "shipped").exists()


def test_a_split_that_holds_nothing_stops_it(study, published):
    heads = CIRCUMFERENCE.replace('"test"', '"final"')
    with pytest.raises(ImportRejected, match="final"):
        published(save_small_model(study.root / "run" / "model"), heads=heads)


def test_no_frame_is_measured_on_that_the_uncertainty_is_fitted_to(study, published):
    heads = CIRCUMFERENCE.replace('"train"', '"test"')
    with pytest.raises(LeakError):
        published(save_small_model(study.root / "run" / "model"), heads=heads)


def test_the_uncertainty_is_fitted_to_what_the_model_did_not_learn_from(
    study, published, monkeypatch
):
    fitted_to = []

    def calibrate(model, preprocessor, rows, *args, **kwargs):
        fitted_to.append({row.subject_id for row in rows})
        return calibrate_head(model, preprocessor, rows, *args, **kwargs)

    monkeypatch.setattr(publish, "calibrate_head", calibrate)
    model = save_small_model(study.root / "run" / "model")
    for part in (
        "",
        *(f'calibrate_part = {{ rule = "fold", folds = 2, fold = {n} }}' for n in "01"),
    ):
        published(model, heads=CIRCUMFERENCE + part + "\n", force=True)
    everybody, first, second = fitted_to
    assert first | second == everybody
    assert first
    assert second
    assert not first & second


def test_a_model_that_says_nothing_of_its_frames_needs_their_number(study, published):
    model = save_small_model(study.root / "run" / "model", trained={"HC": "heads"})
    with pytest.raises(TrainingError, match="how many frames"):
        published(model)
    heads = CIRCUMFERENCE
    folder = published(model, heads=f"{heads}real_frames = 6\nphantom_frames = 12\n")
    head = read_model_info(folder).tasks["HC"]
    assert (head.real_frames, head.phantom_frames, head.is_draft) == (6, 12, False)


def test_a_folder_that_is_too_large_is_not_published(study, published):
    with pytest.raises(TrainingError, match="MB at most"):
        published(save_small_model(study.root / "run" / "model"), more="largest_mb = 0.5")
    assert not (study.root / "shipped").exists()


@pytest.mark.parametrize(
    ("name", "kind"), [("publish_light", PublishConfig), ("fair_light", FairConfig)]
)
def test_the_configurations_that_come_with_the_app_can_be_read(name, kind):
    config = read_config(resources("training", f"{name}.toml"), kind)
    if kind is PublishConfig:
        published = [task for head in config.head for task in head.tasks]
        assert sorted([*published, *config.leave_out]) == [
            "A4C", "AOP", "FA", "FUGC", "HC", "IVC", "PLAX", "PSAX", "fetal_femur",
        ]  # fmt: skip


def test_a_disk_that_fills_up_leaves_what_was_published(study, published, monkeypatch):
    folder = published(save_small_model(study.root / "one", seed=1))
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    real, copied = shutil.copyfile, []

    def filling_up(source, target):
        if len(copied) == 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        copied.append(target)
        return real(source, target)

    monkeypatch.setattr(shutil, "copyfile", filling_up)
    with pytest.raises(ExportError, match="No space left"):
        published(save_small_model(study.root / "two", seed=2), force=True)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
