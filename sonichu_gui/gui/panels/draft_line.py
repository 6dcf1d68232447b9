"""The quiet word under the number that its points are a draft, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QWidget

from sonichu_gui.domain.annotation import Origin, Status
from sonichu_gui.gui.panels.card import Dot, text_label

if TYPE_CHECKING:
    from sonichu_gui.domain.annotation import Annotation
    from sonichu_gui.gui.document import Document


@dataclass(frozen=True, slots=True)
class Draft:
    """A head whose points are a first guess.

    Attributes:
        model: The model's name.
        reason: Why, in a few words.
    """

    model: str
    reason: str


class DraftLine(QWidget):
    """Shown while a point of a draft head stands there that no person has accepted.

    Args:
        document: Whose points are shown.
    """

    def __init__(self, document: Document, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document = document
        self._drafts: Mapping[str, Draft] = {}
        self._words = text_label(role="text_soft", wrap=True)
        dot = Dot()
        dot.set_role("amber")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 8)
        row.setSpacing(8)
        row.addWidget(dot, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self._words, 1)
        self.setToolTip(
            self.tr(
                "Phantoms are drawn frames: such a head has seen no patient.\n"
                "Its points are a first guess, to be put right by hand."
            )
        )
        document.annotation_changed.connect(self._show)
        document.proposal_changed.connect(self._show)
        document.task_changed.connect(self._show)
        self._show()

    @property
    def text(self) -> str:
        """What it says; empty while it is away."""
        return "" if self.isHidden() else self._words.text()

    def set_drafts(self, drafts: Mapping[str, Draft]) -> None:
        """Tells which heads of the models in use are drafts, by task id."""
        self._drafts = drafts
        self._show()

    def _show(self, _changed: object = None) -> None:
        draft = self._drafts.get(self._document.task.id)
        shown = draft is not None and any(
            _is_of(annotation, draft)
            for annotation in (self._document.annotation, self._document.proposal)
            if annotation is not None
        )
        if draft is not None:
            text = self.tr("Draft, {}: check every point").format(draft.reason)
            self._words.setText(text)
            self.setAccessibleName(text)
        self.setVisible(shown)


def _is_of(annotation: Annotation, draft: Draft) -> bool:
    """Whether a draft head's own points are among these, and nobody stands behind them yet."""
    return (
        annotation.status is not Status.ACCEPTED
        and annotation.model is not None
        and annotation.model.name == draft.model
        and any(
            point is not None and point.origin is Origin.MODEL for point in annotation.keypoints
        )
    )
