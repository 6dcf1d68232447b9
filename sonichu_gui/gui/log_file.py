"""The log: what went wrong, told without a word of whom it was about.

Names of files and folders may be names of patients, and so may any value that a message quotes. So
an error is logged by its kind and by the lines of code it came through, never by its words.
"""

from __future__ import annotations

import logging
import traceback
from logging.handlers import RotatingFileHandler
from typing import TYPE_CHECKING

from sonichu_gui.paths import user_log

if TYPE_CHECKING:
    from types import TracebackType

    ExceptionInfo = (
        tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
    )

__all__ = ["start_log", "trace_without_words"]


def start_log() -> None:
    """Writes the program's log from now on; to stderr where no file can be written."""
    folder = user_log()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handler: logging.Handler = RotatingFileHandler(
            folder / "sonichu.log", maxBytes=1_000_000, backupCount=2, encoding="utf-8"
        )
    except OSError:
        handler = logging.StreamHandler()
    handler.setFormatter(_Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    log = logging.getLogger("sonichu_gui")
    log.addHandler(handler)
    log.setLevel(logging.INFO)


def trace_without_words(error: BaseException) -> str:
    """Gives the lines of code that an error came through, and its kind; so for what led to it."""
    before = error.__cause__
    if before is None and not error.__suppress_context__:
        before = error.__context__
    earlier = "" if before is None else f"{trace_without_words(before)}which led to\n"
    lines = "".join(traceback.format_tb(error.__traceback__))
    return f"{earlier}{lines}{type(error).__module__}.{type(error).__qualname__}\n"


class _Formatter(logging.Formatter):
    """Tells errors without their words."""

    def formatException(self, ei: ExceptionInfo) -> str:
        """Gives an error's way through the code."""
        return "" if ei[1] is None else trace_without_words(ei[1]).rstrip()
