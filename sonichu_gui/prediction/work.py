"""What long work on models takes: a way to tell how far it is, and a way to be stopped."""

from __future__ import annotations

from collections.abc import Callable

Report = Callable[[float, str], None]
"""Called with the fraction that is done (0 to 1, or -1 while unknown) and what is being done."""

IsCancelled = Callable[[], bool]


class WorkCancelled(Exception):
    """The work was asked to stop and has left nothing behind."""


def tell_nobody(_fraction: float, _text: str) -> None:
    """The report of work that nobody watches."""


def never() -> bool:
    """The `is_cancelled` of work that nobody stops."""
    return False


def stop_if(is_cancelled: IsCancelled) -> None:
    """Ends the work when it was asked to stop.

    Raises:
        WorkCancelled: It was.
    """
    if is_cancelled():
        raise WorkCancelled
