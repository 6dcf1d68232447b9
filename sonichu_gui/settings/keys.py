"""Every setting there is: its name in the file, default, allowed values, and what it does.

A setting exists by standing here; nothing else lists them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Setting(Generic[_Value]):
    """One setting.

    Attributes:
        name: Its key in the file.
        default: Its value as long as the person has not changed it; also gives its type.
        help: What it does, for the person.
        choices: The only values it may have; empty when any will do.
        minimum: Least number, where it is one.
        maximum: Greatest number, where it is one.
        form: What each text of a list looks like, as a regular expression; empty for any.
        example: A text of that form.
    """

    name: str
    default: _Value
    help: str
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    form: str = ""
    example: str = ""

    def parsed(self, value: object) -> _Value:
        """Gives a value of the setting's type.

        Raises:
            ValueError: It is of another type, or not allowed; the text says what is.
        """
        kind = type(self.default)
        if kind is float and type(value) is int:
            value = float(value)
        # Exactly: True is an int to isinstance, and a frame number to nobody.
        if type(value) is not kind or not _holds_text(value):
            raise ValueError(f"must be {_KINDS[kind]}")
        if self.form and not self._is_in_form(value):
            raise ValueError(f"must be a list of texts like {self.example}")
        if self.choices and value not in self.choices:
            raise ValueError(f"must be one of {', '.join(self.choices)}")
        if isinstance(value, int | float) and not self._in_range(value):
            raise ValueError(f"must lie between {self.minimum:g} and {self.maximum:g}")
        return value

    def _is_in_form(self, value: object) -> bool:
        return isinstance(value, list) and all(re.fullmatch(self.form, text) for text in value)

    def _in_range(self, value: float) -> bool:
        low = self.minimum is None or value >= self.minimum
        return low and (self.maximum is None or value <= self.maximum)


_KINDS = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    list: "a list of texts",
}


def _holds_text(value: object) -> bool:
    return not isinstance(value, list) or all(isinstance(entry, str) for entry in value)


THEME = Setting(
    "theme",
    "dark",
    "Colours of the window; system follows the desktop.",
    ("dark", "light", "system"),
)
INTERFACE_SCALE = Setting(
    "interface_scale",
    1.0,
    "Size of text and controls; takes effect at the next start.",
    minimum=0.75,
    maximum=3.0,
)
DEVICE = Setting(
    "device",
    "auto",
    "Where the model runs; auto takes a CUDA device where there is one.",
    ("auto", "cpu", "cuda"),
)
ENGINE = Setting(
    "engine",
    "auto",
    "What runs the model on the CPU; auto takes OpenVINO where it is installed and faster.",
    ("auto", "torch", "openvino"),
)
TTA = Setting("tta", True, "Predict on several views of a frame and average: slower, steadier.")
AUTO_PREDICT = Setting(
    "auto_predict",
    True,
    "Predict frames that nobody has labelled as you come to them, once the model has been used.",
)
PREDICT_AHEAD = Setting(
    "predict_ahead",
    3,
    "How many frames to predict before you come to them; 0 waits until a frame is shown.",
    minimum=0,
    maximum=20,
)
MODEL = Setting("model", "", "Folder of the model; empty takes the one that comes with the app.")
TASK_MODELS: Setting[list[str]] = Setting(
    "task_models",
    [],
    "Models of single tasks, each as TASK=FOLDER; no folder takes the one that comes with the app.",
    form=r"(?s)[^=]+=.*",
    example="HC=/models/heads",
)
MODEL_FOLDERS: Setting[list[str]] = Setting(
    "model_folders", [], "Model folders that are used where they are."
)
RATER = Setting(
    "rater", "rater-1", "Who places the points, as stored with every label. A pseudonym, no name."
)
TASK = Setting("task", "HC", "The task chosen last.")
HANDLE_SIZE = Setting(
    "handle_size", 6, "Radius of a keypoint's ring in screen pixels.", minimum=3, maximum=24
)
SHOW_LABELS = Setting("show_labels", True, "Write the names of keypoints beside them.")
WINDOW_GEOMETRY = Setting("window_geometry", "", "Place and size of the window, base64.")

SETTINGS: tuple[Setting[Any], ...] = (
    THEME,
    INTERFACE_SCALE,
    DEVICE,
    ENGINE,
    TTA,
    AUTO_PREDICT,
    PREDICT_AHEAD,
    MODEL,
    TASK_MODELS,
    MODEL_FOLDERS,
    RATER,
    TASK,
    HANDLE_SIZE,
    SHOW_LABELS,
    WINDOW_GEOMETRY,
)
"""All of them, in the order in which they are shown."""
