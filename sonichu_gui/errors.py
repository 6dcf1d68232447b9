"""Every failure a user can act on, as one tree.

    SonichuError                 message says what and why, hint says what to do
    ├── FrameError               a file that cannot be opened or decoded
    │   └── UnsupportedFrame     readable, but no decoder for it here
    ├── CalibrationError         a scale that cannot be taken
    ├── LabelError               label files and the label store
    │   ├── StoreError           a store that cannot be opened or written
    │   └── ImportRejected       a label file that is not what it claims to be
    ├── ModelError               a model folder or a prediction that failed
    │   └── UntrainedHead        the model has no trained head for this task
    ├── ExportError              an output that cannot be written
    ├── MeasureError             inputs outside what a formula is defined for
    ├── TaskError                a task definition that is wrong
    └── SettingsError            a settings file that cannot be read

Anything else that escapes is a bug: it is logged and shown as one.
"""

from __future__ import annotations


class SonichuError(Exception):
    """A failure with a remedy.

    Args:
        message: What failed and why, naming the file, frame or value.
        hint: What the person can do about it; may be empty.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        """Gives message and hint as one sentence pair."""
        return f"{self.message} {self.hint}".strip()


class FrameError(SonichuError):
    """A file that cannot be opened or decoded."""


class UnsupportedFrame(FrameError):
    """A readable file for which no decoder is installed."""


class CalibrationError(SonichuError):
    """A scale that cannot be taken."""


class LabelError(SonichuError):
    """A failure of label files or of the label store."""


class StoreError(LabelError):
    """A label store that cannot be opened or written."""


class ImportRejected(LabelError):
    """A label file that is not what it claims to be."""


class ModelError(SonichuError):
    """A model folder or a prediction that failed."""


class UntrainedHead(ModelError):
    """The model has no trained head for the task."""


class ExportError(SonichuError):
    """An output that cannot be written."""


class MeasureError(SonichuError):
    """Inputs outside what a formula is defined for."""


class TaskError(SonichuError):
    """A task definition that is wrong."""


class SettingsError(SonichuError):
    """A settings file that cannot be read."""
