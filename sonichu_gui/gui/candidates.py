"""Where else the model sees the selected point, and which of those places is being looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from sonichu_gui.biometry.measure import measure
from sonichu_gui.gui.place import Tool

if TYPE_CHECKING:
    from sonichu_gui.domain.annotation import Alternative, Annotation
    from sonichu_gui.domain.measurement import Measurement
    from sonichu_gui.gui.document import Document


class Candidates(QObject):
    """The other candidates of the document's selected point.

    Args:
        document: Whose points.

    Attributes:
        chosen: Which of them is highlighted, or None.
    """

    chosen_changed = Signal(object)  # int | None

    def __init__(self, document: Document) -> None:
        super().__init__(document)
        self._document = document
        self.chosen: int | None = None

    @property
    def places(self) -> tuple[Alternative, ...]:
        """All of them, most confident first; none while another tool is in hand."""
        document = self._document
        if document.selected is None or document.tool is not Tool.EDIT:
            return ()
        point = document.annotation.keypoints[document.selected]
        return point.candidates if point is not None else ()

    @property
    def annotation(self) -> Annotation | None:
        """The annotation as it would be with the highlighted one."""
        document = self._document
        if document.selected is None or self.chosen is None:
            return None
        return document.annotation.with_point(document.selected, self.places[self.chosen].xy)

    @property
    def measurements(self) -> tuple[Measurement, ...]:
        """What the measures would become with the highlighted one."""
        document, annotation = self._document, self.annotation
        return measure(document.task, annotation, document.calibration) if annotation else ()

    def choose(self, number: int | None) -> None:
        """Highlights one, or none."""
        if number != self.chosen:
            self.chosen = number
            self.chosen_changed.emit(number)

    def take(self) -> None:
        """Moves the selected point to the highlighted one: a person's choice."""
        document, annotation = self._document, self.annotation
        if annotation is not None and document.selected is not None:
            name = document.task.keypoints[document.selected].name
            document.commit(annotation, self.tr("Take other candidate of {}").format(name))
