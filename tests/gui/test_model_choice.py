"""Which model for which task: a value, and how it stands in the settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from sonichu_gui.gui.model_choice import ModelChoice, Serving

A, B = Path("/models/a"), Path("/models/b = new")


@pytest.mark.parametrize(
    "choice",
    [
        ModelChoice(),
        ModelChoice(A),
        ModelChoice(None, {"HC": A}),
        ModelChoice(A, {"HC": B, "FA": None}),
    ],
)
def test_a_choice_is_read_back_as_it_was_written(choice):
    assert ModelChoice.parsed(choice.active_text, choice.rows) == choice


def test_a_task_without_a_model_of_its_own_takes_the_active_one():
    choice = ModelChoice(A, {"HC": B, "FA": None})
    assert [choice.folder_for(task) for task in ("HC", "FA", "IVC")] == [B, None, A]


def test_one_model_for_all_tasks_leaves_no_task_with_another():
    assert ModelChoice(A, {"HC": B}).for_all(B) == ModelChoice(B)


def test_a_task_given_the_active_model_follows_it_from_then_on():
    choice = ModelChoice(A, {"HC": B}).for_task("HC", A)
    assert choice == ModelChoice(A)


def test_the_tasks_of_a_removed_model_go_back_to_the_active_one():
    assert ModelChoice(A, {"HC": B, "FA": A}).without(B).folder_for("HC") == A


def test_a_removed_active_model_leaves_the_one_that_comes_with_the_app():
    choice = ModelChoice(A, {"HC": B, "FA": None}).without(A)
    assert choice == ModelChoice(None, {"HC": B})


def test_serving_tells_the_tasks_that_a_model_has_by_itself():
    serving = Serving(A, {"HC": B, "FA": B})
    assert serving.own_tasks(B) == ["HC", "FA"]
    assert serving.own_tasks(A) == []
    assert serving.folder_for("IVC") == A
