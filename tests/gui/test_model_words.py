"""The words of the Models dialog: sizes, tasks, accuracy and origin as a person reads them."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from sonichu_gui.gui.dialogs.model_words import (
    accuracy_text,
    doubt_text,
    obstacle,
    origin_rows,
    size_text,
    tasks_text,
    use_text,
)
from sonichu_gui.gui.model_choice import Serving
from sonichu_gui.prediction.model_source import Source
from sonichu_gui.prediction.zoo import HeadInfo, ModelInfo
from sonichu_gui.tasks import load_tasks

HERE = Path("/models/heads")


def head(points: int = 4, *, trained: bool = True, is_draft: bool = False) -> HeadInfo:
    names = tuple(f"point_{number}" for number in range(points))
    return HeadInfo(names, trained=trained, training_data="", accuracy={}, is_draft=is_draft)


def model(*tasks: str, source: Source | None = None, embedded: bool = False) -> ModelInfo:
    heads = {task: head() for task in tasks}
    return ModelInfo("heads", HERE, heads, source=source, embedded=embedded)


@pytest.mark.parametrize(
    ("size", "text"),
    [(17, "17 B"), (7_150_000, "7.2 MB"), (511_000_000, "511.0 MB"), (2_040_000_000, "2.0 GB")],
)
def test_sizes_are_told_as_file_managers_tell_them(size, text):
    assert size_text(size) == text


@pytest.mark.parametrize(
    ("tasks", "text"),
    [
        ((), "no trained head"),
        (("HC",), "HC"),
        (("HC", "FA", "IVC", "A4C"), "HC, FA, IVC, A4C"),
        (("HC", "FA", "IVC", "A4C", "PLAX"), "HC, FA, IVC and 2 more"),
    ],
)
def test_a_row_names_the_tasks_that_fit(tasks, text):
    assert tasks_text(model(*tasks)) == text


@pytest.mark.parametrize(
    ("good", "drafts", "text"),
    [
        (("HC",), ("FA", "IVC"), "HC · 2 drafts"),
        (("HC",), ("FA",), "HC · draft of FA"),
        ((), ("FA", "IVC", "A4C"), "3 drafts"),
    ],
)
def test_a_row_counts_drafts_apart(good, drafts, text):
    heads = {task: head() for task in good} | {task: head(is_draft=True) for task in drafts}
    assert tasks_text(dataclasses.replace(model(), tasks=heads)) == text


def test_what_a_model_is_used_for_is_told_in_its_row():
    elsewhere = Path("/models/other")
    assert use_text(model("HC"), Serving(HERE, {"FA": elsewhere})) == "in use"
    assert (
        use_text(model("HC"), Serving(elsewhere, {"HC": HERE, "FA": HERE})) == "in use for HC, FA"
    )
    assert not use_text(model("HC"), Serving(elsewhere))


def test_numbers_of_a_card_are_kept_whatever_they_are_called():
    accuracy = {"mae_mm": 1.952, "within_68": 0.625, "n_test": 144, "dice_of_skull": "0.9"}
    assert accuracy_text(accuracy) == (
        "mean error 1.952 mm · 68 % interval holds 62.5 % · 144 test frames · dice of skull 0.9"
    )


@pytest.mark.parametrize(
    ("row", "task", "why"),
    [
        (head(), "HC", ""),
        (head(trained=False), "HC", "not trained"),
        (head(), "", "no such task here"),
        (head(3), "HC", "the task has 4 points"),
    ],
)
def test_a_head_that_cannot_serve_says_why(row, task, why):
    assert obstacle(row, load_tasks().get(task)) == why


def test_the_record_of_a_model_is_told_whole():
    source = Source(
        kind="hub",
        origin="someone/heads",
        revision="1f" * 20,
        added="2026-11-25T12:03:11+00:00",
        naming="ViTPose",
        original_sha256="ab" * 32,
        files={},
    )
    values = [value for _, value, _ in origin_rows(model(source=source), in_place=False)]
    assert values == [
        "from the Hugging Face hub",
        "someone/heads",
        "1f" * 20,
        "2026-11-25 12:03:11 UTC",
        "ViTPose",
        "ab" * 32,
    ]


@pytest.mark.parametrize(
    ("embedded", "in_place", "told"),
    [
        (True, False, "comes with the app"),
        (False, True, "used where it is, not copied"),
        (False, False, "put there by hand; no record of where it came from"),
    ],
)
def test_a_model_without_a_record_says_so(embedded, in_place, told):
    rows = origin_rows(model(embedded=embedded), in_place=in_place)
    assert rows == [("Origin", told, False)]


def test_doubt_that_was_not_fitted_is_said_so_and_fitted_doubt_needs_no_word():
    assert "not fitted" in doubt_text(head())
    assert doubt_text(dataclasses.replace(head(), is_calibrated=True)) == ""
