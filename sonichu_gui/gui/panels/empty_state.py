"""What a person sees before a frame is open: one sentence, the ways to begin, and to go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from sonichu_gui.gui import theme
from sonichu_gui.gui.panels.recent_list import RecentList

if TYPE_CHECKING:
    from PySide6.QtGui import QAction, QResizeEvent

_ROOM_FOR_WORDS = 230


class EmptyState(QWidget):
    """An invitation.

    Args:
        actions: With `open_files` and `open_folder`.
        open_demo: Opens the demo study.
    """

    def __init__(self, actions: dict[str, QAction], open_demo: QAction) -> None:
        super().__init__()
        self.recent = RecentList()
        self.setObjectName("emptyState")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        title = QLabel(self.tr("Open ultrasound frames"))
        title.setFont(theme.font(15, weight=600))
        title.setObjectName("emptyTitle")
        words = QLabel(self.tr("Drop files or folders here, or paste: pictures, videos and DICOM."))
        words.setObjectName("soft")
        words.setWordWrap(True)
        words.setAlignment(Qt.AlignmentFlag.AlignHCenter)
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
        column.addWidget(title, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(words)
        column.addSpacing(8)
        column.addLayout(row)
        column.addSpacing(12)
        column.addWidget(self.recent, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(limit, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(6)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lists as many recent studies as there is room for."""
        super().resizeEvent(event)
        self.recent.set_room(self.height() - _ROOM_FOR_WORDS)


def _button(action: QAction, *, accent: bool) -> QPushButton:
    button = QPushButton(action.text().rstrip("…"))
    button.setProperty("accent", accent)
    button.setToolTip(action.toolTip())
    button.setAccessibleName(action.text())
    button.setFixedHeight(32)
    button.clicked.connect(action.trigger)
    return button
