"""The measurements: the number first and large, then its parts as quiet rows.

The rows are painted, so that a drag costs one repaint of what changed and no layout.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QRect, Qt
from PySide6.QtGui import QAction, QColor, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from sonichu_gui.biometry.measure import measure
from sonichu_gui.gui import theme
from sonichu_gui.gui.panels.card import SectionHead, text_label
from sonichu_gui.gui.panels.controls import ActionButton, elided
from sonichu_gui.gui.panels.draft_line import DraftLine
from sonichu_gui.gui.panels.words import error_meaning, measurement_text, scale_origin

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sonichu_gui.domain.annotation import Annotation
    from sonichu_gui.domain.measurement import Measurement
    from sonichu_gui.domain.task import Task
    from sonichu_gui.gui.document import Document

ROW_HEIGHT = 30
_ERROR_WIDTH = 58
_NUMBER_HEIGHT, _SOURCE_HEIGHT = 46, 16
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class _Shown(QWidget):
    """A painted measurement; says itself to screen readers and in its tooltip."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._measurement: Measurement | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @property
    def text(self) -> str:
        """Name, number, unit and uncertainty as shown."""
        return measurement_text(self._measurement) if self._measurement else ""

    def show_measurement(self, measurement: Measurement) -> None:
        """Shows other figures; nothing happens when they are the same."""
        if measurement == self._measurement:
            return
        self._measurement = measurement
        self.setAccessibleName(self.text)
        parts = (
            measurement.title,
            scale_origin(measurement.scale) if measurement.scale_tag else "",
            measurement.reason,
            measurement.formula,
            error_meaning(measurement),
        )
        self.setToolTip("\n".join(part for part in parts if part))
        self.update()


class PrimaryNumber(_Shown):
    """The measure shown first and large."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(_NUMBER_HEIGHT)

    def show_measurement(self, measurement: Measurement) -> None:
        """Shows other figures, with room for whose millimetres they are."""
        self.setFixedHeight(_NUMBER_HEIGHT + (_SOURCE_HEIGHT if measurement.scale_tag else 0))
        super().show_measurement(measurement)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draws number, unit, uncertainty and name on one baseline, the scale's source below."""
        shown = self._measurement
        if shown is None:
            return
        palette = theme.current()
        painter = QPainter(self)
        large, small = theme.font(34, weight=600), theme.font(15)
        baseline = _NUMBER_HEIGHT - 12
        x = -1
        for text, font, role, gap in (
            (shown.number, large, _number_role(shown), 10),
            (shown.unit_text if shown.value is not None else "", small, "text_soft", 12),
            (shown.error_text, small, "accent", 0),
        ):
            if text:
                painter.setFont(font)
                painter.setPen(QColor(getattr(palette, role)))
                painter.drawText(x, baseline, text)
                x += QFontMetrics(font).horizontalAdvance(text) + gap
        painter.setFont(small)
        painter.setPen(QColor(palette.text_soft))
        room = QRect(x + 8, 0, self.width() - x - 8, self.height())
        name = elided(shown.name, metrics=QFontMetrics(small), rect=room)
        width = QFontMetrics(small).horizontalAdvance(name)
        painter.drawText(self.width() - width, baseline, name)
        if shown.scale_tag:
            painter.setFont(theme.font(11.5))
            painter.setPen(
                QColor(getattr(palette, "red" if shown.is_contradicted else "text_soft"))
            )
            words = QCoreApplication.translate("panels", "scale: {}").format(shown.scale_tag)
            painter.drawText(0, baseline + _SOURCE_HEIGHT, words)


class MeasureRow(_Shown):
    """One measure: name, how the callipers are set, number and unit, uncertainty."""

    def __init__(self, name_width: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name_width = name_width
        self._told_tag = ""
        self.setFixedHeight(ROW_HEIGHT)

    @property
    def source(self) -> str:
        """Whose millimetres they are where that is not what stands under the first number."""
        tag = self._measurement.scale_tag if self._measurement else ""
        return tag if tag != self._told_tag else ""

    def show_beside(self, measurement: Measurement, told_tag: str) -> None:
        """Shows other figures.

        Args:
            measurement: What to show.
            told_tag: The scale's source under the first number, which need not be said again.
        """
        if told_tag != self._told_tag:
            self._told_tag = told_tag
            self.update()
        self.show_measurement(measurement)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draws the line above and the four columns."""
        shown = self._measurement
        if shown is None:
            return
        palette = theme.current()
        painter = QPainter(self)
        painter.fillRect(0, 0, self.width(), 1, QColor(palette.line))
        large, small = theme.font(13), theme.font(10.5)
        row = self.rect().adjusted(0, 1, 0, 0)

        painter.setFont(large)
        painter.setPen(QColor(palette.text_soft))
        painter.drawText(row, _LEFT, shown.name)
        painter.setFont(theme.font(11.5))
        painter.drawText(row, _RIGHT, shown.error_text)

        number = row.adjusted(0, 0, -_ERROR_WIDTH, 0)
        painter.setFont(large)
        unit = f" {shown.unit_text}" if shown.value is not None and shown.unit_text else ""
        painter.drawText(number, _RIGHT, unit)
        number.setRight(number.right() - QFontMetrics(large).horizontalAdvance(unit))
        painter.setPen(QColor(getattr(palette, _number_role(shown))))
        painter.drawText(number, _RIGHT, shown.number)

        number_width = QFontMetrics(large).horizontalAdvance(shown.number)
        middle = row.adjusted(self._name_width, 0, 0, 0)
        middle.setRight(number.right() - number_width - 10)
        words = (
            self.source
            or shown.convention.replace("-", "–")
            or (shown.title if shown.title != shown.name else "")
        )
        painter.setFont(small)
        painter.setPen(QColor(palette.text_soft if self.source else palette.text_faint))
        painter.drawText(middle, _LEFT, elided(words, metrics=QFontMetrics(small), rect=middle))


class MeasureCard(QWidget):
    """The measurements of the annotation as shown, live during a drag.

    Args:
        document: Whose measurements are shown.
        copy_action: Copies them as a table.
    """

    def __init__(
        self, document: Document, copy_action: QAction, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._document = document
        self.primary = PrimaryNumber()
        self.draft = DraftLine(document)
        self.rows: list[MeasureRow] = []
        self.copy_button = ActionButton(copy_action, "link", label=self.tr("Copy"))
        self._reason = text_label(role="text_soft", wrap=True)
        self._reason.setContentsMargins(0, 6, 0, 0)
        self._rows_box = QVBoxLayout()
        self._rows_box.setSpacing(0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(SectionHead(self.tr("Measurements"), self.copy_button))
        layout.addWidget(self.primary)
        layout.addWidget(self.draft)
        layout.addLayout(self._rows_box)
        layout.addWidget(self._reason)
        self._make_rows(document.task)
        document.task_changed.connect(self._make_rows)
        document.measurements_changed.connect(self._show)
        # Before the first frame nothing was measured: the rows still say what will be.
        nothing = measure(document.task, document.annotation, document.calibration)
        self._show(document.measurements or nothing)

    @property
    def reason(self) -> str:
        """The quiet line that says why no number can be given."""
        return self._reason.text()

    def _make_rows(self, task: Task) -> None:
        for row in self.rows:
            self._rows_box.removeWidget(row)
            row.hide()  # a picture taken before it is gone would show both
            row.deleteLater()
        names = [spec.name for spec in task.measures if spec is not task.primary_measure]
        metrics = QFontMetrics(theme.font(13))
        widest = max((metrics.horizontalAdvance(name) for name in names), default=0)
        self.rows = [MeasureRow(max(widest + 14, 52)) for _ in names]
        for row in self.rows:
            self._rows_box.addWidget(row)

    def _show(self, measurements: Sequence[Measurement]) -> None:
        first = self._document.task.primary_measure.name
        rest = [found for found in measurements if found.name != first]
        if len(rest) != len(self.rows):
            return  # the task has changed and its annotation is still to come
        tag = ""
        for found in measurements:
            if found.name == first:
                tag = found.scale_tag
                self.primary.show_measurement(found)
        for row, found in zip(self.rows, rest, strict=True):
            row.show_beside(found, tag)
        self._explain(measurements, self._document.annotation)

    def _explain(self, measurements: Sequence[Measurement], annotation: Annotation) -> None:
        """One line where there is no number at all; single gaps have their tooltip."""
        reason = ""
        if measurements and all(found.value is None for found in measurements):
            reason = (
                self.tr("No points placed yet.")
                if annotation.is_empty
                else _first_reason(measurements)
            )
        if reason != self._reason.text():
            self._reason.setText(reason)
        self._reason.setVisible(bool(reason))


def _number_role(shown: Measurement) -> str:
    """Red where the ruler contradicts the scale; the words beside it say so too."""
    if shown.value is None:
        return "text_soft"
    return "red" if shown.is_contradicted else "text"


def _first_reason(measurements: Sequence[Measurement]) -> str:
    """The first measure's reason as a sentence."""
    reason = next((found.reason for found in measurements if found.reason), "")
    return f"{reason[:1].upper()}{reason[1:].removesuffix('.')}." if reason else ""
