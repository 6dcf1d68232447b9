"""How large a dialog opens: as it was designed, or as the screen has room."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QWidget

TITLE_BAR = 40


def size_on_screen(width: int, height: int, parent: QWidget) -> QSize:
    """Gives the size wished for, less where the parent's screen is smaller.

    At a large interface scale a screen has few units, and the buttons stand at the foot.
    """
    return QSize(width, height).boundedTo(parent.screen().availableSize() - QSize(0, TITLE_BAR))
