"""Declared settings: defaults are allowed, names are unique, wrong values are refused."""

from __future__ import annotations

import pytest

from sonichu_gui.settings import keys


@pytest.mark.parametrize("setting", keys.SETTINGS, ids=lambda setting: setting.name)
def test_every_default_is_an_allowed_value(setting: keys.Setting[object]) -> None:
    assert setting.parsed(setting.default) == setting.default


def test_every_declared_setting_is_listed_once() -> None:
    declared = [value for value in vars(keys).values() if isinstance(value, keys.Setting)]
    assert sorted(s.name for s in keys.SETTINGS) == sorted({s.name for s in declared})


@pytest.mark.parametrize(
    ("setting", "value", "told"),
    [
        (keys.THEME, "purple", "dark, light, system"),
        (keys.TTA, 1, "true or false"),
        (keys.PREDICT_AHEAD, True, "a whole number"),
        (keys.PREDICT_AHEAD, -1, "between 0 and"),
        (keys.HANDLE_SIZE, 6.0, "a whole number"),
        (keys.INTERFACE_SCALE, float("nan"), "between 0.75 and 3"),
        (keys.INTERFACE_SCALE, "big", "a number"),
        (keys.MODEL_FOLDERS, "one", "a list of texts"),
        (keys.MODEL_FOLDERS, [1], "a list of texts"),
        (keys.RATER, None, "text"),
        (keys.TASK_MODELS, ["HC"], "HC=/models/heads"),
        (keys.TASK_MODELS, ["=/models/heads"], "HC=/models/heads"),
    ],
)
def test_a_wrong_value_is_refused_with_what_is_allowed(
    setting: keys.Setting[object], value: object, told: str
) -> None:
    with pytest.raises(ValueError, match=told):
        setting.parsed(value)


def test_a_whole_number_is_a_number_too() -> None:
    assert keys.INTERFACE_SCALE.parsed(2) == 2.0


def test_a_model_of_a_task_may_lie_anywhere_or_be_the_apps_own() -> None:
    rows = ["HC=/models/a = b", "FA="]
    assert keys.TASK_MODELS.parsed(rows) == rows
