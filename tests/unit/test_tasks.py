"""The catalogue of tasks: the app's nine, the person's own, and what is wrong with those."""

from __future__ import annotations

from pathlib import Path

import pytest

from sonichu_gui import paths
from sonichu_gui.errors import TaskError
from sonichu_gui.tasks import load_tasks, task_named, task_problems

OWN = """
id = "NT"
title = "Nuchal translucency"
[[keypoints]]
name = "upper"
[[keypoints]]
name = "lower"
[[measures]]
name = "NT"
kind = "length"
points = [1, 2]
"""


def test_the_nine_tasks_come_in_the_order_of_their_files(tmp_path: Path) -> None:
    expected = ["HC", "FA", "fetal_femur", "AOP", "FUGC", "IVC", "PLAX", "PSAX", "A4C"]
    assert list(load_tasks(tmp_path)) == expected


def test_the_nine_tasks_have_sixty_keypoints(tmp_path: Path) -> None:
    assert sum(len(task.keypoints) for task in load_tasks(tmp_path).values()) == 60


def test_own_tasks_follow_the_nine(tmp_path: Path) -> None:
    (tmp_path / "nt.toml").write_text(OWN, encoding="utf-8")
    assert list(load_tasks(tmp_path))[-1] == "NT"


def test_own_tasks_are_found_in_the_settings_folder() -> None:
    paths.user_tasks().mkdir(parents=True)
    (paths.user_tasks() / "nt.toml").write_text(OWN, encoding="utf-8")
    assert task_named("NT").title == "Nuchal translucency"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"id = ", "not valid TOML"),
        (b'id = "NT"', "no task definition: 'keypoints' is missing"),
        (b"\xff\xfe", "cannot be read"),
        (OWN.replace("NT", "HC", 1).encode(), "exists already"),
    ],
    ids=["no toml", "no task", "no text", "taken id"],
)
def test_a_broken_own_task_is_told_and_the_others_stay(
    tmp_path: Path, content: bytes, told: str
) -> None:
    (tmp_path / "a-broken.toml").write_bytes(content)
    (tmp_path / "b-good.toml").write_text(OWN, encoding="utf-8")
    (problem,) = task_problems(tmp_path)
    assert list(load_tasks(tmp_path))[-1] == "NT"
    assert load_tasks(tmp_path)["HC"].title == "Head circumference"
    assert "a-broken.toml" in problem.message
    assert told in problem.message


def test_an_own_folder_out_of_reach_is_told_and_the_others_stay(tmp_path: Path) -> None:
    out_of_reach = tmp_path / ("n" * 300)
    (problem,) = task_problems(out_of_reach)
    assert len(load_tasks(out_of_reach)) == 9
    assert "cannot be read" in problem.message


def test_an_unknown_task_names_the_known_ones() -> None:
    with pytest.raises(TaskError, match="HC, FA, fetal_femur, AOP") as caught:
        task_named("NIX")
    assert "'NIX'" in caught.value.message


def test_an_unknown_task_names_the_broken_file_that_may_hold_it() -> None:
    paths.user_tasks().mkdir(parents=True)
    (paths.user_tasks() / "nt.toml").write_text("id = ", encoding="utf-8")
    with pytest.raises(TaskError, match=r"Not usable: .*nt\.toml"):
        task_named("NT")


def test_a_changed_result_does_not_change_the_next(tmp_path: Path) -> None:
    load_tasks(tmp_path).clear()
    assert load_tasks(tmp_path)
