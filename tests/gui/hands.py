"""What a person's hand does, in real Qt events, with places given in image pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

if TYPE_CHECKING:
    from pathlib import Path

    from PySide6.QtWidgets import QWidget

    from sonichu_gui.gui.canvas.canvas import Canvas

LEFT = Qt.MouseButton.LeftButton
MIDDLE = Qt.MouseButton.MiddleButton


def at(canvas: Canvas, point: tuple[float, float]) -> QPoint:
    """The widget place of an image point, on whole units as a mouse has them."""
    x, y = canvas.view.to_widget(point)
    return QPoint(round(x), round(y))


def press(canvas: Canvas, point: tuple[float, float], button: Qt.MouseButton = LEFT) -> QPoint:
    place = at(canvas, point)
    QTest.mouseMove(canvas, place)
    QTest.mousePress(canvas, button, Qt.KeyboardModifier.NoModifier, place)
    return place


def move(canvas: Canvas, place: QPoint) -> None:
    QTest.mouseMove(canvas, place)


def release(canvas: Canvas, place: QPoint, button: Qt.MouseButton = LEFT) -> None:
    QTest.mouseRelease(canvas, button, Qt.KeyboardModifier.NoModifier, place)


def drag(canvas: Canvas, start: tuple[float, float], by: QPoint, steps: int = 5) -> None:
    """Presses on an image point, moves by widget units, lets go."""
    place = press(canvas, start)
    for step in range(1, steps + 1):
        move(canvas, place + QPoint(by.x() * step // steps, by.y() * step // steps))
    release(canvas, place + by)


def click(canvas: Canvas, point: tuple[float, float]) -> None:
    place = press(canvas, point)
    release(canvas, place)


# ---- from other programs: what is dragged belongs to the caller, as it does in Qt ---------------


def files_in_hand(*paths: Path) -> QMimeData:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return data


def drag_over(window: QWidget, data: QMimeData) -> bool:
    """Drags something over the window; gives whether it would take it."""
    held = (Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    event = QDragEnterEvent(QPoint(300, 300), Qt.DropAction.CopyAction, data, *held)
    event.ignore()
    QApplication.sendEvent(window, event)
    return event.isAccepted()


def drag_away(window: QWidget) -> None:
    QApplication.sendEvent(window, QDragLeaveEvent())


def drop(window: QWidget, data: QMimeData) -> None:
    assert drag_over(window, data)
    held = (Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    event = QDropEvent(QPointF(300, 300), Qt.DropAction.CopyAction, data, *held)
    QApplication.sendEvent(window, event)
