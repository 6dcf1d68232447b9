"""Many frames by a model: what is kept, what is left out, and going on after any kind of end."""

from __future__ import annotations

import os
import resource
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
import time

import pytest
from PIL import Image

from sonichu_gui.domain.annotation import ModelId, Status, empty_annotation
from sonichu_gui.domain.frame import FrameRef
from sonichu_gui.errors import ModelError, StoreError
from sonichu_gui.imaging.sources import digest_of, open_source
from sonichu_gui.labels.store import LabelStore, RevisionKind
from sonichu_gui.prediction.batch import BatchPlan, Done, predict_frames
from sonichu_gui.prediction.tally import Tally
from sonichu_gui.tasks import load_tasks
from tests.unit.prediction.models import MODEL, KnownPredictor

HC, FEMUR = load_tasks()["HC"], load_tasks()["fetal_femur"]


@pytest.fixture
def study(tmp_path):
    """Two folders: three pictures and a cine of four frames."""
    folder = tmp_path / "study"
    (folder / "deeper").mkdir(parents=True)
    for number in range(3):
        Image.new("L", (64, 48), 40 + number).save(folder / f"{number}.png")
    pages = [Image.new("L", (64, 48), 90 + page) for page in range(4)]
    pages[0].save(folder / "deeper" / "loop.tif", save_all=True, append_images=pages[1:])
    return folder


def plan(paths, *, tasks=(HC,), frame=0, tta=False):
    return BatchPlan(tuple(paths), tasks, frame, tta, "r1")


def pictures(study):
    return [study / f"{number}.png" for number in range(3)]


def run(batch, predictor, **options):
    tally = Tally(batch)
    for outcome in predict_frames(
        batch, lambda task: predictor, open_source=open_source, **options
    ):
        if outcome is not None:
            tally.add(outcome)
    return tally


def person_labels(path, status=Status.ACCEPTED):
    store = LabelStore.open_for(path.parent)
    annotation = empty_annotation(HC).with_point(0, (5.0, 6.0)).with_status(status)
    revision = store.append(FrameRef(digest_of(path), 0), annotation, rater="r2")
    store.close()
    return revision


def history(path, index=0, task="HC"):
    store = LabelStore.open_for(path.parent, create=False)
    try:
        return store.history(FrameRef(digest_of(path), index), task) if store else []
    finally:
        store.close()


def test_predictions_stand_in_where_nobody_has_annotated(study):
    tally = run(plan(pictures(study)), KnownPredictor())
    assert tally.count(Done.PREDICTED) == 3
    store = LabelStore.open_for(study, create=False)
    for path in pictures(study):
        standing = store.standing(FrameRef(digest_of(path), 0), "HC")
        assert standing.annotation is None
        assert standing.holds.annotation.status is Status.PROPOSED
        assert standing.holds.annotation.model == MODEL
        assert standing.holds.rater == "r1"
    assert set(store.statuses_by_path()) == set(pictures(study))
    store.close()


def test_every_frame_of_a_cine_and_several_tasks_are_predicted_in_the_folder_of_each(study):
    paths = [study / "0.png", study / "deeper" / "loop.tif"]
    tally = run(plan(paths, tasks=(HC, FEMUR), frame=None), KnownPredictor())
    assert (tally.frames, tally.count(Done.PREDICTED)) == (5, 10)
    assert [len(history(paths[1], index)) for index in range(4)] == [1, 1, 1, 1]
    assert len(history(paths[0], 0, "fetal_femur")) == 1


def test_frames_that_a_person_has_labelled_are_not_even_looked_at(study):
    mine = person_labels(study / "1.png")
    excluded = person_labels(study / "2.png", Status.EXCLUDED)
    predictor = KnownPredictor()
    tally = run(plan(pictures(study)), predictor)
    assert (tally.count(Done.PREDICTED), tally.count(Done.LABELLED)) == (1, 2)
    assert [frame.digest for frame, _ in predictor.calls] == [digest_of(study / "0.png")]
    assert history(study / "1.png") == [mine]
    assert history(study / "2.png") == [excluded]


def test_what_this_model_has_predicted_is_not_predicted_again(study):
    run(plan(pictures(study)), KnownPredictor())
    again = KnownPredictor()
    opened = []

    def open_and_note(path):
        opened.append(path)
        return open_source(path)

    batch = plan(pictures(study))
    outcomes = list(predict_frames(batch, lambda task: again, open_source=open_and_note))
    assert [outcome.tasks for outcome in outcomes] == [{"HC": Done.KNOWN}] * 3
    assert not again.calls
    assert not opened  # what the store remembers of a file needs no reading


@pytest.mark.parametrize(
    ("model", "tta"), [(MODEL, True), (ModelId("other", "cd" * 32), False)], ids=["tta", "model"]
)
def test_another_model_and_another_view_are_predicted_and_hold(study, model, tta):
    run(plan(pictures(study)), KnownPredictor())
    tally = run(plan(pictures(study), tta=tta), KnownPredictor(model))
    assert tally.count(Done.PREDICTED) == 3
    again = run(plan(pictures(study), tta=tta), KnownPredictor(model))
    assert again.count(Done.KNOWN) == 3
    store = LabelStore.open_for(study, create=False)
    standing = store.standing(FrameRef(digest_of(study / "0.png"), 0), "HC")
    assert standing.holds.annotation.model == model
    store.close()


def test_a_model_that_speaks_after_another_models_points_holds(study):
    path = study / "0.png"
    run(plan([path]), KnownPredictor())
    store = LabelStore.open_for(study)
    ref = FrameRef(digest_of(path), 0)
    taken = store.standing(ref, "HC").holds.annotation
    store.append(ref, taken, rater="r2")  # shown, and not yet judged
    store.close()
    other = ModelId("other", "cd" * 32)
    run(plan([path]), KnownPredictor(other))
    store = LabelStore.open_for(study)
    assert store.standing(ref, "HC").holds.annotation.model == other
    assert [row.revision.annotation.model for row in store.rows()] == [other]
    store.close()


def test_a_broken_file_and_a_missing_one_are_told_and_passed_over(study):
    (study / "1.png").write_bytes((study / "1.png").read_bytes()[:40])
    gone = study / "gone.png"
    tally = run(plan([*pictures(study), gone]), KnownPredictor())
    assert tally.count(Done.PREDICTED) == 2
    assert [failure.path for failure in tally.failures] == [study / "1.png", gone]
    assert all(failure.reason for failure in tally.failures)


def test_a_frame_that_is_not_there_is_told(study):
    tally = run(plan([study / "0.png"], frame=3), KnownPredictor())
    assert tally.count(Done.FAILED) == 1
    assert "frame" in tally.failures[0].reason.lower()


def test_a_model_that_fails_once_is_passed_over_and_one_that_only_fails_ends_the_run(study):
    loop = study / "deeper" / "loop.tif"
    twice = [*pictures(study), loop]
    tally = run(plan(twice, frame=None), KnownPredictor(fails_from=3))
    assert (tally.count(Done.PREDICTED), len(tally.failures)) == (3, 4)
    with pytest.raises(ModelError, match="broken"):
        run(plan([*twice, study / "gone.png", loop], frame=None), KnownPredictor(fails_from=0))


def test_a_locked_store_ends_the_run_and_what_was_done_stays(study):
    predictor = KnownPredictor()
    steps = predict_frames(plan(pictures(study)), lambda task: predictor, open_source=open_source)
    assert next(steps).was_work
    other = sqlite3.connect(study / "sonichu-labels.sqlite")
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="another program is writing"):
        next(steps)
    other.rollback()
    other.close()
    tally = run(plan(pictures(study)), predictor)
    assert (tally.count(Done.KNOWN), tally.count(Done.PREDICTED)) == (1, 2)


def test_a_read_only_folder_keeps_its_predictions_with_the_user(study, home):
    if os.geteuid() == 0:
        pytest.skip("nothing is protected from root")
    study.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        tally = run(plan(pictures(study)), KnownPredictor())
        again = run(plan(pictures(study)), KnownPredictor())
    finally:
        study.chmod(stat.S_IRWXU)
    assert (tally.count(Done.PREDICTED), again.count(Done.KNOWN)) == (3, 3)
    assert not (study / "sonichu-labels.sqlite").exists()
    assert list((home / ".local/share/sonichu/stores").glob("*.sqlite"))


def test_an_interrupted_frame_begins_anew_and_nothing_is_kept_of_its_half(study):
    predictor = KnownPredictor(seconds=0.2)
    wanted_elsewhere = threading.Event()
    steps = predict_frames(
        plan(pictures(study)),
        lambda task: predictor,
        open_source=open_source,
        is_interrupted=wanted_elsewhere.is_set,
    )
    threading.Timer(0.05, wanted_elsewhere.set).start()
    began = time.monotonic()
    assert next(steps) is None
    assert time.monotonic() - began < 0.15
    assert not (study / "sonichu-labels.sqlite").exists()
    assert next(steps) is None  # still wanted elsewhere
    assert len(predictor.calls) == 1
    wanted_elsewhere.clear()
    assert next(steps).tasks == {"HC": Done.PREDICTED}
    assert len(predictor.calls) == 2
    steps.close()


KILLED = """
import sys
from pathlib import Path
from sonichu_gui.imaging.sources import open_source
from sonichu_gui.prediction.batch import BatchPlan, predict_frames
from sonichu_gui.tasks import load_tasks
from tests.unit.prediction.models import KnownPredictor

paths = sorted(Path(sys.argv[1]).glob("*.png"))
plan = BatchPlan(paths, (load_tasks()["HC"],), 0, False, "r1")
predictor = KnownPredictor(seconds=0.02)
for outcome in predict_frames(plan, lambda task: predictor, open_source=open_source):
    print(outcome.path.name, flush=True)
"""


def test_a_killed_run_goes_on_where_it_was(study):
    for number in range(3, 60):
        Image.new("L", (64, 48), number).save(study / f"{number}.png")
    command = [sys.executable, "-c", KILLED, str(study)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        told = [process.stdout.readline().strip() for _ in range(5)]
        process.send_signal(signal.SIGKILL)
    paths = sorted(study.glob("*.png"))
    predictor = KnownPredictor()
    tally = run(plan(paths), predictor)
    assert tally.count(Done.PREDICTED) + tally.count(Done.KNOWN) == 60
    assert 5 <= tally.count(Done.KNOWN) < 60
    done_again = {frame.digest for frame, _ in predictor.calls}
    assert not done_again & {digest_of(study / name) for name in told}
    assert all(len(history(path)) == 1 for path in paths)


def test_memory_stays_flat_over_many_frames(tmp_path):
    """Growth over the last 300 of 400 frames, each of 0.75 MB when decoded."""
    Image.new("L", (1024, 768), 0).save(tmp_path / "0.png")
    paths = [tmp_path / "0.png"]
    for number in range(1, 400):
        path = tmp_path / f"{number}.png"
        # Bytes after the end of a PNG change its digest, not its picture.
        path.write_bytes(paths[0].read_bytes() + number.to_bytes(4, "little"))
        paths.append(path)
    predictor = KnownPredictor()
    steps = predict_frames(plan(paths), lambda task: predictor, open_source=open_source)
    for _ in range(100):
        next(steps)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in steps:
        pass
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 16 * 1024


def test_progress_counts_what_the_model_has_to_do_and_not_what_is_left_out(study):
    person_labels(study / "0.png")
    batch = plan(pictures(study))
    tally = Tally(batch)
    progress = []
    for outcome in predict_frames(batch, lambda task: KnownPredictor(), open_source=open_source):
        tally.add(outcome)
        progress.append(tally.progress)
    assert progress == pytest.approx([0.0, 0.5, 1.0])
    assert tally.place == "3 of 3 frames"
    assert tally.rate > 0


def test_the_place_in_many_cines_is_told_by_file(study):
    batch = plan([study / "0.png", study / "deeper" / "loop.tif"], frame=None)
    tally = Tally(batch)
    steps = predict_frames(batch, lambda task: KnownPredictor(), open_source=open_source)
    tally.add(next(steps))
    tally.add(next(steps))
    assert tally.place == "2 frames, file 2 of 2"
    assert tally.progress == pytest.approx(0.5 + 0.5 / 4)
    steps.close()


def test_predictions_are_kept_beside_annotations_as_predictions(study):
    run(plan(pictures(study)), KnownPredictor())
    assert [revision.kind for revision in history(study / "0.png")] == [RevisionKind.PREDICTION]
