"""Judges an annotation: accept, flag, exclude, swap the ends of a pair, mark a point absent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from sonichu_gui.domain.annotation import PointState, Status

if TYPE_CHECKING:
    from sonichu_gui.gui.controllers.study import StudyController
    from sonichu_gui.gui.document import Document


class ReviewController(QObject):
    """What a reviewer says of the points shown.

    Args:
        document: Whose points.
        study: Goes on to the next file.
    """

    incomplete = Signal(str)  # an accepted label lacks points

    def __init__(self, document: Document, study: StudyController) -> None:
        super().__init__(document)
        self._document = document
        self._study = study

    def accept(self) -> bool:
        """Accepts the points as they are; a model's other opinion is put away, never taken."""
        document = self._document
        if document.awaits_frame:
            document.noted.emit(self.tr("The next frame is not shown yet"))
            return False
        annotation = document.annotation
        if annotation.is_empty:
            document.noted.emit(self.tr("No points to accept"))
            return False
        document.dismiss_proposal()
        document.set_status(Status.ACCEPTED)
        if not annotation.is_complete:
            missing = annotation.keypoints.count(None)
            text = self.tr("Accepted with {} of {} points")
            count = len(annotation.keypoints)
            self.incomplete.emit(text.format(count - missing, count))
        return True

    def take_proposal(self) -> None:
        """Takes the model's points in place of the person's; undo brings those back."""
        self._document.accept_proposal()

    def return_to_prediction(self) -> None:
        """Puts what the model said last in place of the points; undo brings those back."""
        document = self._document
        if document.awaits_frame:
            document.noted.emit(self.tr("The next frame is not shown yet"))
        elif document.frame is not None and not document.return_to_prediction():
            document.noted.emit(self.tr("No prediction of this frame and task yet: R predicts"))

    def accept_and_next(self) -> None:
        """Accepts and opens the next file."""
        if self.accept():
            self._study.step_file(1)

    def flag(self) -> None:
        """Marks the frame for another look; again: takes the mark back."""
        self._toggle(Status.FLAGGED)

    def exclude(self) -> None:
        """Marks the frame as not to be used; again: takes the mark back."""
        self._toggle(Status.EXCLUDED)

    def _toggle(self, status: Status) -> None:
        document = self._document
        if document.frame is None:
            return
        if document.annotation.status is not status:
            document.set_status(status)
        else:
            document.set_status(Status.TODO if document.annotation.is_empty else Status.EDITED)

    def swap_ends(self) -> None:
        """Exchanges the ends of the selected pair."""
        document, index = self._document, self._document.selected
        if index is None:
            document.noted.emit(self.tr("Select a point first"))
            return
        pair = document.task.keypoints[index].pair
        ends = [i for i, spec in enumerate(document.task.keypoints) if spec.pair == pair]
        if len(ends) == 2:
            document.commit(document.annotation.swapped(*ends), self.tr("Swap ends"))

    def mark_absent(self) -> None:
        """Marks the selected point absent, or visible again."""
        index = self._document.selected
        point = None if index is None else self._document.annotation.keypoints[index]
        if index is not None and point is not None:
            absent = point.state is PointState.ABSENT
            state = PointState.VISIBLE if absent else PointState.ABSENT
            self._document.set_point_state(index, state)

    def remove_all(self) -> None:
        """Takes all points of the task away."""
        self._document.commit(self._document.annotation.cleared(), self.tr("Remove all points"))
