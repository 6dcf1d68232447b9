"""What a person sees before a frame is open: one sentence, and the ways to begin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from sonichu_gui.gui import theme

if TYPE_CHECKING:
    from PySide6.QtGui import QAction


class EmptyState(QWidget):
    """An invitation.

    Args:
        actions: With `open_files` and `open_folder`.
        open_demo: Opens the demo study.
    """

    def __init__(self, actions: dict[str, QAction], open_demo: QAction) -> None:
        super().__init__()
        self.setObjectName("emptyState")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        title = QLabel(self.tr("Open ultrasound frames"))
        title.setFont(theme.font(15, weight=600))
        title.setObjectName("emptyTitle")
        words = QLabel(
            self.tr("Drop files or a folder here: pictures, videos and DICOM, single or cine.")
        )
        words.setObjectName("soft")
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addStretch(1)
        for action, accent in (
            (actions["open_folder"], True),
            (actions["open_files"], False),
            (open_demo, False),
        ):
            row.addWidget(_button(action, accent=accent))
        row.addStretch(1)
        limit = QLabel(self.tr("For research and labelling. Not for clinical use."))
        limit.setObjectName("notClinical")
        column = QVBoxLayout(self)
        column.setSpacing(12)
        column.addStretch(5)
        for label in (title, words):
            column.addWidget(label, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addSpacing(8)
        column.addLayout(row)
        column.addSpacing(12)
        column.addWidget(limit, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(6)


def _button(action: QAction, *, accent: bool) -> QPushButton:
    button = QPushButton(action.text().rstrip("…"))
    button.setProperty("accent", accent)
    button.setToolTip(action.toolTip())
    button.setAccessibleName(action.text())
    button.setFixedHeight(32)
    button.clicked.connect(action.trigger)
    return button
