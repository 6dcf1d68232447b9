"""The proposal: a model's other points wait here while a person's own stay as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from sonichu_gui.biometry.measure import measure
from sonichu_gui.gui.panels.card import Card, Dot, text_label
from sonichu_gui.gui.panels.controls import PanelButton

if TYPE_CHECKING:
    from sonichu_gui.domain.annotation import Annotation
    from sonichu_gui.domain.measurement import Measurement
    from sonichu_gui.gui.document import Document


class ProposalCard(Card):
    """Shows what the model's points would change, and asks which to keep.

    Args:
        document: Whose proposal is shown, taken or put away.
    """

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__("accent", parent)
        self._document = document
        self._proposed: Measurement | None = None
        self._change = text_label(role="text_soft", wrap=True)
        self.take_button = PanelButton("accent", text=self.tr("Take them"))
        self.keep_button = PanelButton("plain", text=self.tr("Keep mine"))
        dot = Dot()
        dot.set_role("accent")
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addWidget(dot, 0, Qt.AlignmentFlag.AlignVCenter)
        head.addWidget(text_label(self.tr("The model suggests other points"), weight=600), 1)
        below = QVBoxLayout()
        below.setContentsMargins(20, 0, 0, 2)
        below.setSpacing(8)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.take_button)
        buttons.addWidget(self.keep_button)
        buttons.addStretch(1)
        below.addWidget(self._change)
        below.addLayout(buttons)
        self.body.addLayout(head)
        self.body.addLayout(below)

        self.take_button.clicked.connect(document.accept_proposal)
        self.keep_button.clicked.connect(document.dismiss_proposal)
        document.proposal_changed.connect(self._show)
        document.measurements_changed.connect(self._compare)
        self._show(document.proposal)

    @property
    def change_text(self) -> str:
        """How the primary number would change, as shown."""
        return self._change.text()

    def _show(self, proposal: Annotation | None) -> None:
        task = self._document.task
        self._proposed = None
        if proposal is not None and proposal.task_id == task.id:
            found = measure(task, proposal, self._document.calibration)
            first = task.primary_measure.name
            self._proposed = next((one for one in found if one.name == first), None)
        self._compare()
        self.setVisible(proposal is not None)

    def _compare(self, _measurements: object = None) -> None:
        """Sets the number of the model's points beside the one of the points as they are."""
        if self._proposed is None:
            return
        name = self._proposed.name
        mine = next((one for one in self._document.measurements if one.name == name), None)
        text = f"{name}  {mine.text if mine else '–'}  →  {self._proposed.full_sourced_text}"
        if text != self._change.text():
            self._change.setText(text)
            self.setAccessibleName(text)
