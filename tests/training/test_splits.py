from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonichu_gui.errors import LabelError
from sonichu_gui.training.data.labels import LabelRow
from sonichu_gui.training.data.splits import SplitRule, split_rows
from sonichu_gui.training.data.subjects import clip_of

IMAGES = Path("/study")


def row(name, subject="", *, task="HC", split="", origin="label"):
    extra = {"subject_id": subject, "split": split}
    return LabelRow(name, task, np.zeros((4, 2)), 2, extra=extra, images=IMAGES, origin=origin)


def study(subjects=40, frames=3, **options):
    return [row(f"{s}_{f}.png", str(s), **options) for s in range(subjects) for f in range(frames)]


def subjects_of(rows):
    return {one.subject_id for one in rows}


# ---- what belongs together -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("loop.dcm#3", "loop.dcm#12"),
        ("x/DCM_IM_0012_frame3.png", "x/DCM_IM_0012_frame34.png"),
        ("x/PNG_IM_0012-0003.png", "x/PNG_IM_0012-0034.png"),
        ("clip7_003.png", "clip7_034.jpg"),
        ("video_frame1.png", "video_frame2.png"),
        ("Patient00757_Plane5_1_of_2.png", "Patient00757_Plane3_2_of_2.png"),
        ("images/010_HC.png", "images/010_2HC.png"),
    ],
)
def test_frames_of_one_clip_patient_or_exam_belong_together(first, second):
    assert clip_of(first) == clip_of(second)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("img_001.png", "img_002.png"),
        ("001.png", "002.png"),
        ("a/001.png", "b/001.png"),
        ("DCM_IM_0012_frame3.png", "DCM_IM_0013_frame3.png"),
        ("Patient00757_Plane5_1_of_2.png", "Patient00758_Plane5_1_of_2.png"),
        ("010_HC.png", "011_HC.png"),
    ],
)
def test_frames_of_two_do_not(first, second):
    assert clip_of(first) != clip_of(second)


def test_equal_names_in_two_studies_are_two_clips():
    assert clip_of("7_1.png", Path("/a")) != clip_of("7_1.png", Path("/b"))


# ---- by subject ------------------------------------------------------------------------------


@given(
    st.lists(st.integers(0, 30), min_size=8, max_size=120).filter(lambda own: len(set(own)) > 3),
    st.integers(0, 99),
)
def test_no_subject_is_on_both_sides_and_nothing_is_lost(owners, seed):
    rows = [row(f"{n}.png", str(owner)) for n, owner in enumerate(owners)]
    split = split_rows(rows, SplitRule(seed=seed))
    assert not subjects_of(split.learn) & subjects_of(split.held_out)
    assert len(split.learn) + len(split.held_out) == len(rows)


def test_every_task_has_its_share():
    rows = [*study(60), *(row(f"v{n}", f"v{n // 2}", task="IVC") for n in range(40))]
    held = split_rows(rows, SplitRule()).held_out
    assert 27 <= sum(one.task_id == "HC" for one in held) <= 29
    assert 6 <= sum(one.task_id == "IVC" for one in held) <= 7


def test_the_same_seed_holds_out_the_same_whatever_the_order_of_rows():
    rows = study()
    other = random.Random(1).sample(rows, len(rows))
    held = subjects_of(split_rows(rows, SplitRule()).held_out)
    assert subjects_of(split_rows(other, SplitRule()).held_out) == held
    assert subjects_of(split_rows(rows, SplitRule(seed=43)).held_out) != held


def test_clips_are_told_apart_by_their_names_where_no_column_does():
    rows = [row(f"IM_{clip:04}-{frame:04}.png") for clip in range(20) for frame in range(5)]
    split = split_rows(rows, SplitRule())
    assert len(split.held_out) == 15
    assert not subjects_of(split.learn) & subjects_of(split.held_out)


def test_a_single_subject_cannot_be_split_and_the_message_says_by_what_it_was_grouped():
    with pytest.raises(LabelError, match="6 frames of 1 subjects") as refusal:
        split_rows(study(1, 6), SplitRule())
    assert "subject_id" in refusal.value.hint


def test_another_tasks_frames_beside_it_change_no_tasks_fold():
    heads = study()
    others = [row(f"v{n}", f"v{n}", task="IVC", origin="phantom") for n in range(50)]
    rule = SplitRule(rule="fold", folds=5, fold=1)
    alone = subjects_of(split_rows(heads, rule).held_out)
    beside = [one for one in split_rows([*others, *heads], rule).held_out if one.task_id == "HC"]
    assert subjects_of(beside) == alone


# ---- by image, column and fold ---------------------------------------------------------------


def test_the_cards_rule_draws_single_frames_and_says_what_that_means():
    rows = study()
    split = split_rows(rows, SplitRule(rule="image"))
    assert len(split.held_out) == 18
    assert subjects_of(split.learn) & subjects_of(split.held_out)
    assert "by image, 15% of the frames, seed 42" in split.described
    assert "too good" in split.described
    assert split.parts_subjects


def test_a_column_decides_and_other_values_are_learned_from():
    rows = [row("a", "1", split="train"), row("b", "2", split="test"), row("c", "3")]
    split = split_rows(rows, SplitRule(rule="column", column_value="test"))
    assert [one.image_path for one in split.held_out] == ["b"]
    assert [one.image_path for one in split.learn] == ["a", "c"]


def test_a_value_that_no_row_has_is_refused_with_those_there_are():
    with pytest.raises(LabelError, match="train"):
        split_rows(study(split="train"), SplitRule(rule="column", column_value="val"))


def test_folds_hold_out_every_subject_once():
    rows = study(23, 2)
    held = [
        subjects_of(split_rows(rows, SplitRule(rule="fold", folds=4, fold=fold)).held_out)
        for fold in range(4)
    ]
    assert set().union(*held) == subjects_of(rows)
    assert sum(map(len, held)) == 23
    shuffled = sorted(subjects_of(rows))
    random.Random(42).shuffle(shuffled)
    assert held[1] == set(shuffled[1::4])


# ---- what may be held out --------------------------------------------------------------------


def test_a_repeated_row_is_learned_as_often_and_measured_once():
    rows = [one for one in study() for _ in range(3)]
    for rule in ("group", "image"):
        split = split_rows(rows, SplitRule(rule=rule))
        names = [one.image_path for one in split.held_out]
        assert len(names) == len(set(names)) == 18
        assert len(split.learn) == 3 * (120 - 18)
        assert not set(names) & {one.image_path for one in split.learn}


def test_a_models_own_labels_are_neither_measured_on_nor_learned_for_a_held_out_subject():
    rows = study() + [row(f"pseudo{s}.png", str(s), origin="pseudo") for s in range(40)]
    split = split_rows(rows, SplitRule())
    assert {one.origin for one in split.held_out} == {"label"}
    assert not subjects_of(split.learn) & subjects_of(split.held_out)


def test_phantoms_are_measured_on_only_where_a_task_has_nothing_else():
    drawn = [row(f"p{n}", f"p{n}", origin="phantom") for n in range(50)]
    femora = [row(f"f{n}", f"f{n}", task="fetal_femur", origin="phantom") for n in range(50)]
    split = split_rows([*study(), *drawn, *femora], SplitRule())
    held = {(one.task_id, one.origin) for one in split.held_out}
    assert held == {("HC", "label"), ("fetal_femur", "phantom")}
    assert "of fetal_femur only phantoms" in split.described


def test_what_was_held_out_of_what_is_described():
    words = split_rows(study(), SplitRule()).described
    assert words == (
        "by subject, 15% of each task's frames, seed 42; 18 of 120 frames and 6 of 40 subjects"
        " held out"
    )


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"rule": "luck"}, "luck"),
        ({"share": 0.0}, "share"),
        ({"rule": "fold", "fold": 5}, "fold 5 of 5"),
        ({"rule": "column"}, "which value"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(options, words):
    with pytest.raises(LabelError, match=words):
        SplitRule(**options)
