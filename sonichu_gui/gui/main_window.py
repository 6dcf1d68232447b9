"""The main window: arranges the rooms and decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import QMainWindow, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from sonichu_gui.gui.handed_over import can_be_opened

if TYPE_CHECKING:
    from sonichu_gui.gui.canvas.canvas import Canvas
    from sonichu_gui.gui.canvas.hint import CanvasHint
    from sonichu_gui.gui.panels.banner import Banner
    from sonichu_gui.gui.panels.cine_bar import CineBar
    from sonichu_gui.gui.panels.drop_hint import DropHint
    from sonichu_gui.gui.panels.empty_state import EmptyState
    from sonichu_gui.gui.panels.frame_list import FrameList
    from sonichu_gui.gui.panels.measure_panel import MeasurePanel
    from sonichu_gui.gui.panels.status_bar import StatusBar
    from sonichu_gui.gui.panels.top_bar import TopBar

LEFT_WIDTH = 264
RIGHT_WIDTH = 332
TITLE_BAR = 40


class MainWindow(QMainWindow):
    """Left: which frame next. Middle: the frame. Right: the number. Top: what now. Bottom: where.

    Args:
        The rooms, ready made.
    """

    dropped = Signal(object)  # QMimeData
    closing = Signal(QCloseEvent)

    def __init__(
        self,
        *,
        top_bar: TopBar,
        frame_list: FrameList,
        canvas: Canvas,
        hint: CanvasHint,
        drop_hint: DropHint,
        empty_state: EmptyState,
        banner: Banner,
        cine_bar: CineBar,
        measure_panel: MeasurePanel,
        status_bar: StatusBar,
    ) -> None:
        super().__init__()
        self.setWindowTitle("Sonichu")
        self.setAcceptDrops(True)
        self.setMinimumSize(900, 560)
        self.resize(1440, 900)
        self._stage = QStackedWidget()
        self._stage.addWidget(empty_state)
        self._stage.addWidget(canvas)
        self._canvas = canvas
        hint.setParent(canvas)
        drop_hint.lie_over(self._stage)
        self._drop_hint = drop_hint
        middle = _column(banner, self._stage, cine_bar, stretch=1)
        self._splitter = QSplitter(Qt.Orientation.Horizontal)
        for room in (frame_list, middle, measure_panel):
            self._splitter.addWidget(room)
        self._splitter.setStretchFactor(1, 1)
        self._splitter.setSizes([LEFT_WIDTH, 1440 - LEFT_WIDTH - RIGHT_WIDTH, RIGHT_WIDTH])
        self._splitter.setHandleWidth(1)
        self._splitter.setCollapsible(1, False)
        self.setCentralWidget(_column(top_bar, self._splitter, status_bar, stretch=1))

    def take_room(self) -> None:
        """Takes the size of the design, or the whole screen where that leaves no room for it."""
        room = self.screen().availableSize()
        if room.width() <= self.width() or room.height() <= self.height() + TITLE_BAR:
            self.resize(self.size().boundedTo(room - QSize(0, TITLE_BAR)))  # when let go again
            self.setWindowState(self.windowState() | Qt.WindowState.WindowMaximized)

    def show_canvas(self, frame: object) -> None:
        """Shows the canvas while there is a frame, the invitation otherwise."""
        self._stage.setCurrentIndex(0 if frame is None else 1)

    def focus_canvas(self) -> None:
        """Gives the canvas the keys."""
        self._canvas.setFocus(Qt.FocusReason.OtherFocusReason)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Takes what can be opened, and shows where it would go."""
        if can_be_opened(event.mimeData()):
            self._drop_hint.show_for(event.mimeData())
            event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """It went elsewhere."""
        self._drop_hint.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        """Passes on what was dropped."""
        self._drop_hint.hide()
        event.acceptProposedAction()
        self.dropped.emit(event.mimeData())

    def closeEvent(self, event: QCloseEvent) -> None:
        """Lets the application finish or refuse."""
        self.closing.emit(event)


def _column(*widgets: QWidget, stretch: int) -> QWidget:
    """Widgets above one another; the one at `stretch` takes the room."""
    column = QWidget()
    layout = QVBoxLayout(column)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(0)
    for number, widget in enumerate(widgets):
        layout.addWidget(widget, 1 if number == stretch else 0)
    return column
