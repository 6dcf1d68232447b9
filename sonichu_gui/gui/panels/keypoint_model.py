"""The keypoints of the annotation as rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from sonichu_gui.domain.annotation import Annotation, Keypoint, Origin, PointState
from sonichu_gui.gui.panels.words import (
    candidates_text,
    confidence_text,
    origin_word,
    point_state_word,
    position_text,
    spread_text,
    tr,
)

if TYPE_CHECKING:
    from sonichu_gui.domain.task import KeypointSpec, Task
    from sonichu_gui.gui.document import Document

SPEC_ROLE = Qt.ItemDataRole.UserRole + 1
POINT_ROLE = Qt.ItemDataRole.UserRole + 2
SELECTED_ROLE = Qt.ItemDataRole.UserRole + 3
HOVERED_ROLE = Qt.ItemDataRole.UserRole + 4

Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()


class KeypointModel(QAbstractListModel):
    """One row a keypoint of the task; a drag changes the rows it moves and no others.

    Args:
        document: Whose annotation, selection and hover are shown.
    """

    def __init__(self, document: Document, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._task = document.task
        self._points: tuple[Keypoint | None, ...] = document.annotation.keypoints
        self._selected = document.selected
        self._hovered = document.hovered
        document.task_changed.connect(self._set_task)
        document.annotation_changed.connect(self._set_annotation)
        document.selection_changed.connect(self._set_selected)
        document.hover_changed.connect(self._set_hovered)

    @property
    def placed(self) -> int:
        """How many points are placed."""
        return sum(point is not None for point in self._points)

    def rowCount(self, parent: Index = _ROOT) -> int:
        """Number of keypoints of the task."""
        return 0 if parent.isValid() else len(self._points)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """What a row shows."""
        if not index.isValid():
            return None
        row = index.row()
        spec, point = self._task.keypoints[row], self._points[row]
        if role == Qt.ItemDataRole.DisplayRole:
            return spec.name
        if role == SPEC_ROLE:
            return spec
        if role == POINT_ROLE:
            return point
        if role == SELECTED_ROLE:
            return row == self._selected
        if role == HOVERED_ROLE:
            return row == self._hovered
        if role == Qt.ItemDataRole.ToolTipRole:
            parts = (spec.description, point_summary(point), *self._doubts(point))
            return "\n".join(part for part in parts if part)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return ", ".join(filter(None, (spec.name, point_summary(point), *self._doubts(point))))
        return None

    def _doubts(self, point: Keypoint | None) -> tuple[str, ...]:
        """How far off the model may be: its spread in the unit of the place, other candidates."""
        if point is None or not point.measurable:
            return ()
        scale = self._document.calibration.scale_for([point.xy])
        return spread_text(point, scale), candidates_text(point)

    def spec(self, row: int) -> KeypointSpec:
        """The keypoint of a row."""
        return self._task.keypoints[row]

    def point(self, row: int) -> Keypoint | None:
        """The placed point of a row, or None."""
        return self._points[row]

    def _set_task(self, task: Task) -> None:
        self.beginResetModel()
        self._task = task
        self._points = (None,) * len(task.keypoints)
        self._selected = self._hovered = None
        self.endResetModel()

    def _set_annotation(self, annotation: Annotation) -> None:
        before, self._points = self._points, annotation.keypoints
        for row, (old, new) in enumerate(zip(before, self._points, strict=True)):
            if old != new:
                self._row_changed(row)

    def _set_selected(self, row: int | None) -> None:
        before, self._selected = self._selected, row
        self._row_changed(before)
        self._row_changed(row)

    def _set_hovered(self, row: int | None) -> None:
        before, self._hovered = self._hovered, row
        self._row_changed(before)
        self._row_changed(row)

    def _row_changed(self, row: int | None) -> None:
        if row is not None and row < len(self._points):
            self.dataChanged.emit(self.index(row), self.index(row))


def point_summary(point: Keypoint | None) -> str:
    """Everything known about a point in words: place, state, who placed it, how sure."""
    if point is None:
        return tr("not placed")
    parts = [position_text(point)]
    if point.state is not PointState.VISIBLE:
        parts.append(point_state_word(point.state))
    if point.confidence is not None:
        parts.append(confidence_text(point.confidence))
    elif point.origin is not Origin.MODEL:
        parts.append(origin_word(point.origin))
    return ", ".join(parts)
