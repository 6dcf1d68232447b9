"""A fine-tune: better on what a person corrected, unchanged elsewhere, and never half done."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file

from sonichu_gui.errors import LabelError, ModelError
from sonichu_gui.imaging.sources import open_source
from sonichu_gui.model.modeling_sonichu import SonichuPreprocessor
from sonichu_gui.paths import user_data
from sonichu_gui.prediction.zoo import find_model, verify_model
from sonichu_gui.training.evaluate import load_model
from sonichu_gui.training.finetune import finetune, planned
from sonichu_gui.training.tuned_model import Comparison
from sonichu_gui.training.tuning import Tuning
from sonichu_gui.training.tuning_phantoms import drawing_seconds, rehearsal, rest
from sonichu_gui.training.tuning_rows import tuning_rows
from tests.tuning_study import install_tiny_model, make_study


def quiet(_share, _text):
    """Hears nothing."""


@pytest.fixture
def asked(tmp_path):
    """A quick fine-tune of the tiny model, of heads alone and without phantoms."""
    study = make_study(tmp_path / "study", heads=8, femurs=6)
    install_tiny_model()
    return Tuning(store=study, model=find_model("tiny"), steps=4, phantoms=0, threads=1)


def test_held_out_frames_get_better(asked):
    document = finetune(
        replace(asked, tasks=("HC",), steps=60, learning_rate=1e-2, parts="all"), report=quiet
    )

    told = document["held_out"]["HC"]["mre_px"]
    assert told["after"] < told["before"]
    assert document["improved"]


def test_other_heads_and_what_all_share_stay_to_the_last_bit(asked):
    document = finetune(replace(asked, tasks=("HC",)), report=quiet)

    before = load_file(asked.model.weights)
    after = load_file(find_model(document["model"]["folder"]).weights)
    changed = {name for name, value in before.items() if not torch.equal(value, after[name])}
    assert changed
    assert all(name.startswith("heads.HC.") for name in changed)


def test_training_what_all_share_leaves_other_heads_and_is_held_by_the_old_answers(asked):
    install_tiny_model("sharp", sharpness=1000.0)
    asked = replace(asked, model=find_model("sharp"))
    free = finetune(
        replace(asked, tasks=("HC",), parts="all", steps=30, anchor=0.0, learning_rate=3e-3),
        report=quiet,
    )
    held = finetune(
        replace(asked, tasks=("HC",), parts="all", steps=30, anchor=100.0, learning_rate=3e-3),
        report=quiet,
    )

    old = load_file(asked.model.weights)
    prepare = SonichuPreprocessor(64)
    frames = torch.cat(
        [prepare(open_source(path).frame(0).pixels)["pixel_values"] for path in heads_of(asked)]
    )
    moved = {
        name: _moved(asked.model.folder, document["model"]["folder"], frames)
        for name, document in (("free", free), ("held", held))
    }
    kept = load_file(find_model(held["model"]["folder"]).weights)
    assert all(torch.equal(old[n], kept[n]) for n in old if n.startswith("heads.fetal_femur."))
    assert moved["held"] < moved["free"] / 2


def heads_of(asked):
    return sorted(asked.store.glob("head*.png"))


def _moved(before, after, frames):
    """How far the answers of the untouched head went."""
    points = [
        load_model(find_model(str(one)).folder)[0].detect(frames, "fetal_femur").xy
        for one in (before, after)
    ]
    return float((points[0] - points[1]).norm(dim=-1).mean())


def test_several_tasks_are_learned_at_once_and_told_apart(asked):
    document = finetune(asked, report=quiet)

    assert set(document["tasks"]) == {"HC", "fetal_femur"}
    assert set(document["held_out"]) == {"HC", "fetal_femur"}
    after = load_file(find_model(document["model"]["folder"]).weights)
    before = load_file(asked.model.weights)
    for task in ("HC", "fetal_femur"):
        name = f"heads.{task}.final_layer.weight"
        assert not torch.equal(before[name], after[name])


def test_new_model_is_whole_and_its_card_says_what_it_came_from(asked):
    old = {path.name: path.read_bytes() for path in asked.model.folder.iterdir()}

    document = finetune(asked, report=quiet)

    info = find_model(document["model"]["folder"])
    assert info.name == "tiny tuned"
    assert verify_model(info).ok
    assert f"Fine-tuned from tiny 0 (weights SHA-256 `{asked.model.hash}`)" in info.card_text
    assert "6 of HC" in info.card_text
    assert info.tasks["HC"].training_data == "then 6 frames corrected by a person"
    assert info.tasks["HC"].accuracy["n_test"] == document["tasks"]["HC"]["held_out"]
    assert {path.name: path.read_bytes() for path in asked.model.folder.iterdir()} == old
    assert not (user_data() / "fine-tunes" / "tiny tuned").exists()


def test_a_draft_stays_one_and_counts_the_real_frames_it_has_seen_now(asked):
    path = asked.model.folder / "config.json"
    config = json.loads(path.read_text())
    config["tasks"]["HC"] |= {"frames": {"real": 0, "phantoms": 2000}, "draft": True}
    path.write_text(json.dumps(config))
    document = finetune(replace(asked, tasks=("HC",)), report=quiet)
    head = find_model(document["model"]["folder"]).tasks["HC"]
    assert (head.real_frames, head.phantom_frames, head.is_draft) == (6, 2000, True)


def test_second_one_gets_a_name_of_its_own(asked):
    names = [
        finetune(replace(asked, steps=steps), report=quiet)["model"]["name"] for steps in (4, 5)
    ]

    assert names == ["tiny tuned", "tiny tuned 2"]


def test_name_that_is_taken_is_refused_before_anything_is_trained(asked):
    told = []

    with pytest.raises(ModelError, match="is there already"):
        finetune(replace(asked, name="tiny"), report=lambda _share, text: told.append(text))

    assert not told


def test_same_labels_again_tell_that_they_make_the_same_model(asked):
    finetune(replace(asked, name="one"), report=quiet)

    document = finetune(replace(asked, name="other"), report=quiet)

    assert document["model"]["name"] == find_model(document["model"]["folder"]).name == "one"
    assert "other would be one again, so that is kept alone" in document["warnings"]


def test_near_duplicate_is_told_in_words_for_whoever_has_the_frames_open(tmp_path):
    study = make_study(tmp_path / "alike", heads=14)

    rows = tuning_rows(study, tasks=(), status="accepted,edited", heads=("HC",), model="m")

    start = "head3.png, held out, shows nearly the same as head9.png, learned from:"
    assert any(told.startswith(start) for told in rows.warnings)


def test_whole_patients_are_held_out(asked):
    rows = tuning_rows(
        asked.store, tasks=(), status="accepted,edited", heads=asked.heads, model="m"
    )

    learn, held = ({row.subject_id for row in side} for side in (rows.learn, rows.held_out))
    assert held
    assert not learn & held


def test_frame_whose_file_is_gone_is_told_and_left_out(asked):
    (asked.store / "head0.png").unlink()

    plan = planned(asked)

    assert plan["tasks"]["HC"]["learn"] + plan["tasks"]["HC"]["held_out"] == 7
    assert any("head0.png" in line for line in plan["left_out"])


def test_plan_tells_the_frames_and_trains_nothing(asked):
    plan = planned(asked)

    assert plan["tasks"]["HC"] == {"learn": 6, "held_out": 2, "groups": 8}
    assert plan["name"] == "tiny tuned"
    assert plan["seconds"] >= 0
    assert not (user_data() / "fine-tunes").exists()


def test_expected_time_counts_phantoms_that_are_still_to_be_drawn(asked):
    with_drawing = planned(replace(asked, phantoms=200))["seconds"]
    assert with_drawing > planned(replace(asked, phantoms=0))["seconds"]
    rehearsal(["HC"], 2, report=quiet)
    rest(["HC"], 2, report=quiet)
    assert drawing_seconds(["HC"], ["HC"], 2) == 0
    assert drawing_seconds(["HC"], ["HC"], 3) > 0


@pytest.mark.parametrize(
    ("heads", "tasks", "message"),
    [
        (3, (), "3 labelled frames of 3 patients or clips in .* are too few"),
        (5, ("fetal_femur",), "no accepted frame of fetal_femur"),
        (5, ("IVC",), "no accepted frame of IVC"),
    ],
)
def test_too_little_to_learn_from_is_told(tmp_path, heads, tasks, message):
    install_tiny_model()
    study = make_study(tmp_path / "few", heads=heads)

    with pytest.raises(LabelError, match=message):
        finetune(Tuning(study, find_model("tiny"), tasks), report=quiet)


def test_task_without_a_trained_head_is_told(tmp_path):
    install_tiny_model(tasks=("fetal_femur",))
    study = make_study(tmp_path / "study", heads=6)

    with pytest.raises(LabelError, match="tiny has no trained head for HC"):
        finetune(Tuning(study, find_model("tiny")), report=quiet)


# ---- as a program ---------------------------------------------------------------------------


def start(asked, *arguments):
    command = [sys.executable, "-m", "sonichu_gui", "train", "finetune"]
    given = ["--store", str(asked.store), "--model", "tiny", "--task", "fetal_femur"]
    return subprocess.Popen(
        [*command, *given, "--json", "--attached", "--phantoms", "0", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )


def steps_until(program, wanted):
    """Reads progress until so many steps are done."""
    for line in program.stderr:
        told = json.loads(line)
        if told["done"] > 0 and int(told["text"].split()[1]) >= wanted:
            return
    pytest.fail("it ended before")


def finished(program):
    """Waits for it as for a program that nobody stops, and gives its document."""
    said = program.stderr.read()
    document = program.stdout.read()
    assert program.wait(30) == 0, said
    for stream in (program.stdin, program.stdout, program.stderr):
        stream.close()
    return json.loads(document)


def test_end_of_its_input_stops_it_and_it_goes_on_from_there(asked):
    program = start(asked, "--steps", "4000")
    steps_until(program, 20)
    program.stdin.close()
    program.stderr.read()
    assert program.wait(60) == 130
    program.stdout.close()
    program.stderr.close()

    again = start(asked, "--steps", "4000")
    first = next(line for line in again.stderr if "oing on at step" in line)
    again.kill()
    again.communicate()

    assert int(first.split("step ")[1].split()[0]) >= 20


def test_progress_for_a_window_is_steps_without_losses_to_the_last_one(asked):
    program = start(asked, "--steps", "5")
    told = [json.loads(line)["text"] for line in program.stderr]
    program.wait(30)
    program.communicate()

    assert [text for text in told if text.startswith("Step")] == ["Step 5 of 5"]
    assert not any("heatmap" in text for text in told)


def test_second_program_of_the_same_name_is_refused_and_the_first_one_goes_on(asked):
    first = start(asked, "--steps", "40000", "--name", "mine")
    steps_until(first, 5)

    second = start(asked, "--steps", "40000", "--name", "mine")
    said = second.stderr.read()

    assert second.wait(30) == 1
    second.communicate()
    assert "Another fine-tune is making mine." in said
    assert first.poll() is None
    first.kill()
    first.communicate()


def test_kill_leaves_no_model_and_the_next_run_makes_it(asked):
    program = start(asked, "--steps", "60")
    steps_until(program, 5)
    program.send_signal(signal.SIGKILL)
    program.communicate()
    with pytest.raises(ModelError):
        find_model("tiny tuned")

    document = finished(start(asked, "--steps", "60"))

    assert document["model"]["name"] == "tiny tuned"
    assert find_model("tiny tuned").has_trained_head("fetal_femur")


def test_better_weighs_tasks_by_frames_and_not_by_the_size_of_their_pictures():
    def scores(head, femur):
        return {
            "HC": {"n": 10, "mre_unordered_px": head},
            "fetal_femur": {"n": 10, "mre_unordered_px": femur},
        }

    assert Comparison(scores(100.0, 4.0), scores(101.0, 3.5)).is_better
    assert not Comparison(scores(100.0, 4.0), scores(99.0, 4.5)).is_better
    assert not Comparison(scores(3.0, 0.0), scores(3.0, 0.0)).is_better
    assert not Comparison({}, {}).is_better
