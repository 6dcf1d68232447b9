"""The Document: what is being worked on now. Widgets listen to it and never to one another.

It holds the study (which files), the frame shown, the task, its annotation, a model's waiting
proposal, the scale and the selection. Every change a person makes goes through the undo stack and
is on disk before the call returns; a change that cannot be written is kept, said so, and tried
again.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal, SignalInstance
from PySide6.QtGui import QUndoStack

from sonichu_gui.biometry.measure import measure
from sonichu_gui.domain.annotation import (
    Annotation,
    PointState,
    Status,
    empty_annotation,
)
from sonichu_gui.domain.calibration import Calibration, Point, Scale, no_scale
from sonichu_gui.errors import SonichuError
from sonichu_gui.gui.appearance import Appearance
from sonichu_gui.gui.candidates import Candidates
from sonichu_gui.gui.commands import ConfirmScale, ReplaceAnnotation, ReplaceScale
from sonichu_gui.gui.place import Place, Study, Tool
from sonichu_gui.gui.presets import Presets
from sonichu_gui.gui.scaling import Scaling

if TYPE_CHECKING:
    from pathlib import Path

    from sonichu_gui.domain.frame import Frame
    from sonichu_gui.domain.measurement import Measurement
    from sonichu_gui.domain.task import Task
    from sonichu_gui.gui.label_keeper import LabelKeeper
    from sonichu_gui.gui.list_heads import ListHead
    from sonichu_gui.imaging.sources import FrameSource
    from sonichu_gui.prediction.api import Prediction


class Document(QObject):
    """The state of the work, with past-tense signals.

    Args:
        task: The task to begin with.
        keeper: Where labels are kept.
        rater: Pseudonym of the person at work.
    """

    study_changed = Signal(object)  # Study
    frame_changed = Signal(object)  # Frame | None
    task_changed = Signal(object)  # Task
    annotation_changed = Signal(object)  # Annotation, also while a drag previews
    measurements_changed = Signal(object)  # tuple[Measurement, ...]
    proposal_changed = Signal(object)  # Annotation | None
    calibration_changed = Signal(object)  # Calibration
    selection_changed = Signal(object)  # int | None
    hover_changed = Signal(object)  # int | None
    tool_changed = Signal(object)  # Tool
    scale_line_drawn = Signal(object)  # tuple[Point, Point], both ends set
    scale_line_changed = Signal(object)  # tuple[Point, Point] | None
    status_changed = Signal(object, object)  # Place, Status
    proposed = Signal(object)  # Place where a model's points now stand, unasked
    save_changed = Signal(int)  # number of edits that could not be written yet
    place_wanted = Signal(object)  # Place to be shown
    preset_changed = Signal(object)  # str | None, another way to look at the file's numbers
    rendering_changed = Signal(object)  # Frame, the same one drawn in another way
    failed = Signal(object)  # SonichuError
    noted = Signal(str)  # a quiet remark for the status bar

    def __init__(
        self, *, task: Task, keeper: LabelKeeper, rater: str, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.keeper = keeper
        self.rater = rater
        self.undo_stack = QUndoStack(self)
        self.study = Study()
        self.source: FrameSource | None = None
        self.path: Path | None = None
        self.frame: Frame | None = None
        self.task = task
        self.calibration = Calibration()
        self.proposal: Annotation | None = None
        self.selected: int | None = None
        self.hovered: int | None = None
        self.candidates = Candidates(self)
        self.presets = Presets(self)
        self.appearance = Appearance(self)
        self.tool = Tool.EDIT
        self.scale_line: tuple[Point, Point] | None = None
        self.scale_line_is_whole = False
        self.awaits_frame = False
        self._annotation = empty_annotation(task)
        self._preview: Annotation | None = None
        self._measurements: tuple[Measurement, ...] = ()
        self._work_began = time.monotonic()
        self.scaling = Scaling(self)
        keeper.failed.connect(self.failed)
        keeper.waiting_changed.connect(self.save_changed)
        # Later: it comes in the middle of an undo step, which it takes away.
        keeper.overtaken.connect(self._show_other_window, Qt.ConnectionType.QueuedConnection)

    # ---- what is shown -------------------------------------------------------------------

    @property
    def annotation(self) -> Annotation:
        """The annotation as shown, a drag's preview included."""
        return self._annotation if self._preview is None else self._preview

    @property
    def is_previewing(self) -> bool:
        """Whether an edit is still in the hand."""
        return self._preview is not None

    @property
    def measurements(self) -> tuple[Measurement, ...]:
        """Measures of the annotation as shown, in the task's order."""
        return self._measurements

    @property
    def place(self) -> Place | None:
        """Where an edit would go now."""
        if self.frame is None or self.path is None:
            return None
        return Place(self.path, self.frame.ref, self.task.id)

    @property
    def scaled_points(self) -> list[Point]:
        """The primary measure's points, or all that are placed while it lacks one."""
        first = self.annotation.points(self.task.primary_measure.points)
        placed = (p.xy for p in self.annotation.keypoints if p is not None and p.measurable)
        return first if first is not None else list(placed)

    @property
    def shown_scale(self) -> Scale:
        """The scale of those points; of the frame while none is placed."""
        return self.calibration.scale_for(self.scaled_points)

    @property
    def bar_scale(self) -> Scale:
        """The scale that a bar beside the frame may be drawn by; regions that differ have none."""
        calibration = self.calibration
        is_known = bool(self.scaled_points) or calibration.is_uniform
        return self.shown_scale if is_known else no_scale("the regions differ in scale")

    @property
    def frame_index(self) -> int:
        """Index of the shown frame in its file."""
        return self.frame.ref.index if self.frame else 0

    def set_study(self, study: Study) -> None:
        """Takes up another set of files; edits of the old one can no longer be undone."""
        if study.folder != self.study.folder:
            self.undo_stack.clear()
        self.keeper.look_again()
        self.study = study
        self.study_changed.emit(study)

    def grow_study(
        self, paths: tuple[Path, ...], *, scanning: bool, heads: tuple[ListHead, ...] = ()
    ) -> None:
        """Tells that files have come or gone, that their order is another, or the scan is done."""
        self.study = replace(self.study, paths=paths, scanning=scanning, heads=heads)
        self.study_changed.emit(self.study)

    @property
    def preset(self) -> str | None:
        """Which of the file's windows it is looked at by; None for the file's own first one."""
        return self.presets.name

    def set_frame(
        self, path: Path, source: FrameSource, frame: Frame, rendering: Frame | None = None
    ) -> None:
        """Shows a frame with its stored labels; `rendering` is how it is looked at, if not so."""
        self.path, self.source, self.frame = path, source, frame
        self.presets.rendering = rendering
        self.awaits_frame = False
        self.keeper.remember_file(path, source)
        self.calibration = self._calibrated(path, frame)
        self._take_up_place(self.frame_changed, frame)

    @property
    def place_target(self) -> int | None:
        """The slot that the next click fills: the selected one when empty, else the first empty."""
        keypoints = self.annotation.keypoints
        if self.selected is not None and keypoints[self.selected] is None:
            return self.selected
        return self.annotation.next_unplaced

    def reload(self) -> None:
        """Takes up what was written to the store by other means, e.g. an import."""
        self.undo_stack.clear()
        if self.path is not None and self.frame is not None:
            self.calibration = self._calibrated(self.path, self.frame)
        self._take_up_place(self.frame_changed, self.frame)

    def clear_frame(self) -> None:
        """Shows no frame."""
        self.path = self.source = self.frame = self.presets.rendering = None
        self.calibration = Calibration()
        self._take_up_place(self.frame_changed, None)

    def set_task(self, task: Task) -> None:
        """Works on another task of the same frame."""
        if task.id != self.task.id:
            self.task = task
            self._take_up_place(self.task_changed, task)

    def select(self, index: int | None) -> None:
        """Selects a keypoint, or none."""
        if index != self.selected:
            self.candidates.choose(None)
            self.selected = index
            self.selection_changed.emit(index)

    def hover(self, index: int | None) -> None:
        """Points at a keypoint, on the canvas or in the panel."""
        if index != self.hovered:
            self.hovered = index
            self.hover_changed.emit(index)

    def set_tool(self, tool: Tool) -> None:
        """Takes another tool in hand."""
        if tool is not self.tool:
            self.candidates.choose(None)
            self.tool = tool
            self.tool_changed.emit(tool)
        if tool is not Tool.SCALE:
            self.set_scale_line(None)

    def finish_scale_line(self) -> None:
        """The line has both its ends: now its length is asked for."""
        if self.scale_line is not None:
            self.scale_line_is_whole = True
            self.scale_line_drawn.emit(self.scale_line)

    def set_scale_line(self, line: tuple[Point, Point] | None) -> None:
        """Shows the line of known length that a person is drawing."""
        if line != self.scale_line:
            self.scale_line, self.scale_line_is_whole = line, False
            self.scale_line_changed.emit(line)

    # ---- edits ---------------------------------------------------------------------------

    def preview(self, annotation: Annotation) -> None:
        """Shows an edit that is still in the hand; nothing is stored."""
        self._preview = annotation
        self._announce_annotation()

    def cancel_preview(self) -> None:
        """Drops the edit in the hand without a trace."""
        if self._preview is not None:
            self._preview = None
            self._announce_annotation()

    def commit(self, annotation: Annotation, text: str, *, merge_key: str = "") -> None:
        """Makes an edit: one undo step, on disk when this returns.

        Args:
            annotation: The annotation as it shall be.
            text: What the undo menu calls the edit.
            merge_key: Edits of one key in quick succession become one undo step.
        """
        self._preview = None
        place = self.place
        if place is None or annotation == self._annotation:
            self._announce_annotation()
            return
        self.undo_stack.push(
            ReplaceAnnotation(
                self,
                place=place,
                before=self._annotation,
                after=annotation,
                text=text,
                merge_key=merge_key,
            )
        )

    def move_point(self, index: int, xy: Point, *, merge_key: str = "") -> None:
        """Places or moves a keypoint by hand."""
        name = self.task.keypoints[index].name
        verb = (
            self.tr("Place {}") if self._annotation.keypoints[index] is None else self.tr("Move {}")
        )
        self.commit(self.annotation.with_point(index, xy), verb.format(name), merge_key=merge_key)

    def set_point_state(self, index: int, state: PointState) -> None:
        """Marks how well a keypoint can be seen."""
        name = self.task.keypoints[index].name
        text = self.tr("Mark {} {}").format(name, state.value)
        self.commit(self._annotation.with_state(index, state).with_status(Status.EDITED), text)

    def set_status(self, status: Status) -> None:
        """Accepts, flags or excludes the annotation."""
        texts = {
            Status.ACCEPTED: self.tr("Accept"),
            Status.FLAGGED: self.tr("Flag"),
            Status.EXCLUDED: self.tr("Exclude"),
        }
        self.commit(
            self._annotation.with_status(status), texts.get(status, self.tr("Change status"))
        )

    def receive(self, prediction: Prediction, annotation: Annotation) -> bool:
        """Takes up a model's points for the place shown.

        A person's points are never replaced: the model's become a proposal beside them.

        Returns:
            False when the prediction is for another frame or task and was only stored.
        """
        place = self.place
        if place is None or (prediction.frame, prediction.task_id) != (place.frame, place.task_id):
            return False
        self.keeper.save_prediction(place, annotation, rater=self.rater)
        if self._annotation.is_human:
            self.proposal = annotation
            self.proposal_changed.emit(annotation)
        else:
            self.commit(annotation, self.tr("Predict {}").format(self.task.title))
        return True

    def take_up(self, prediction: Prediction, annotation: Annotation) -> bool:
        """Shows a model's points that nobody asked for.

        They are stored as a prediction and are no edit: there is nothing to undo, and undo still
        means what the person did last.

        Returns:
            False when the place shown is another one, or the person is at work there.
        """
        place = self.place
        if place is None or (prediction.frame, prediction.task_id) != (place.frame, place.task_id):
            return False
        if not self._awaits_points:
            return False
        self.keeper.save_prediction(place, annotation, rater=self.rater)
        self._annotation = annotation
        self._announce_annotation()
        self.proposed.emit(place)
        return True

    def take_stored(self) -> None:
        """Shows what a model has said meanwhile of the place shown, as the store has it."""
        if self.place is not None and self._awaits_points:
            stored = self.keeper.current(self.place)
            if stored is not None and len(stored.keypoints) == len(self.task.keypoints):
                self._annotation = stored
                self._announce_annotation()

    @property
    def _awaits_points(self) -> bool:
        """Whether a model's points may come by themselves: nobody has begun to place any."""
        is_at_work = self.is_previewing or self.tool is Tool.PLACE
        return not is_at_work and not self._annotation.is_human

    def accept_proposal(self) -> None:
        """Puts the model's proposal in place of the person's points; undo brings them back."""
        if self.proposal is not None:
            annotation = self.proposal.with_status(Status.ACCEPTED)
            self.dismiss_proposal()
            self.commit(annotation, self.tr("Take the model's points"))

    def dismiss_proposal(self) -> None:
        """Keeps the person's points."""
        if self.proposal is not None:
            self.proposal = None
            self.proposal_changed.emit(None)

    def return_to_prediction(self) -> bool:
        """Puts what the model said last in place of the points; undo brings those back.

        Returns:
            False when the model has said nothing of this frame and task.
        """
        said = self.keeper.latest_prediction(self.place) if self.place else None
        if said is None or len(said.keypoints) != len(self.task.keypoints):
            return False
        self.dismiss_proposal()
        self.commit(self._annotation.with_prediction(said), self.tr("Return to prediction"))
        return True

    def set_scale(self, scale: Scale | None) -> None:
        """Sets or takes back a person's own scale of the file."""
        place = self.place
        if place is not None:
            text = self.tr("Set scale") if scale else self.tr("Remove own scale")
            before = self.calibration.override
            self.undo_stack.push(
                ReplaceScale(self, place=place, before=before, after=scale, text=text)
            )

    def confirm_scale(self, key: str, *, confirmed: bool = True) -> None:
        """Takes the person's word for a doubtful scale of the file, or takes it back."""
        place = self.place
        if place is not None:
            self.undo_stack.push(ConfirmScale(self, place=place, key=key, confirmed=confirmed))

    # ---- called by commands only ---------------------------------------------------------

    def put_annotation(self, place: Place, annotation: Annotation) -> None:
        """Stores an annotation at its place and shows it; asks for the place when elsewhere."""
        seconds = time.monotonic() - self._work_began
        self._work_began = time.monotonic()
        self.keeper.save(place, annotation, rater=self.rater, seconds=seconds)
        self.status_changed.emit(place, annotation.status)
        if place == self.place:
            self._preview = None
            self._annotation = annotation
            self._announce_annotation()
        else:
            self.place_wanted.emit(place)

    def put_scale(self, place: Place, scale: Scale | None) -> None:
        """Stores a person's scale of a file and shows it."""
        self.keeper.save_scale(place, scale, rater=self.rater)
        self.recalibrate(place)

    def put_confirmation(self, place: Place, key: str, *, confirmed: bool) -> None:
        """Stores that a doubtful scale is trusted, or no longer."""
        self.keeper.save_confirmation(place, key, rater=self.rater, confirmed=confirmed)
        self.recalibrate(place)

    def recalibrate(self, place: Place) -> None:
        """Shows what was stored about a file's scale; asks for the place when elsewhere."""
        if self.frame is None or self.path != place.path:
            self.place_wanted.emit(place)
            return
        self.calibration = self._calibrated(place.path, self.frame)
        self.calibration_changed.emit(self.calibration)
        self._announce_annotation()

    def renew_calibration(self) -> None:
        """Takes up what has become known of the shown file's scale without a person's doing."""
        if self.frame is not None and self.path is not None:
            self.calibration = self._calibrated(self.path, self.frame)
            self._measurements = measure(self.task, self.annotation, self.calibration)
            self.calibration_changed.emit(self.calibration)
            self.measurements_changed.emit(self._measurements)

    # ---- inside --------------------------------------------------------------------------

    def _calibrated(self, path: Path, frame: Frame) -> Calibration:
        """A frame's calibration with what people and the ruler in the picture say of it."""
        known = self.keeper.calibration_for(path, frame.ref, frame.calibration)
        return self.scaling.judged(frame.ref.digest, known)

    def _take_up_place(self, changed: SignalInstance, what: Frame | Task | None) -> None:
        """Makes the whole state fit the place before the first listener hears of it."""
        stored = self.keeper.current(self.place) if self.place else None
        fits = stored is not None and len(stored.keypoints) == len(self.task.keypoints)
        self._preview = self.proposal = self.selected = self.hovered = self.scale_line = None
        self.candidates.chosen = None
        self.scale_line_is_whole = False
        self._annotation = stored if stored and fits else empty_annotation(self.task)
        self._measurements = measure(self.task, self._annotation, self.calibration)
        self._work_began = time.monotonic()
        changed.emit(what)
        self.calibration_changed.emit(self.calibration)
        self.proposal_changed.emit(None)
        self.selection_changed.emit(None)
        self.hover_changed.emit(None)
        self.candidates.chosen_changed.emit(None)
        self.scale_line_changed.emit(None)
        self.set_tool(Tool.EDIT)
        self._announce_annotation()
        if stored is not None and not fits and self.place is not None:
            self.failed.emit(_wrong_count(self.place, stored, self.task))

    def _show_other_window(self, place: Place) -> None:
        """Somebody else changed the label meanwhile: theirs is shown, ours is not forced on it."""
        if place == self.place:
            self.reload()
        self.failed.emit(
            SonichuError(
                f"{place.path.name}: this label was changed in another window meanwhile.",
                "Its newest points are shown; make the edit again if it is still wanted.",
            )
        )

    def _announce_annotation(self) -> None:
        annotation = self.annotation
        self.candidates.choose(None)  # it was one of the points as they were
        self._measurements = measure(self.task, annotation, self.calibration)
        self.annotation_changed.emit(annotation)
        self.measurements_changed.emit(self._measurements)


def _wrong_count(place: Place, stored: Annotation, task: Task) -> SonichuError:
    return SonichuError(
        f"{place.path.name}: the stored {task.id} label has {len(stored.keypoints)} points, "
        f"the task has {len(task.keypoints)}.",
        "The label stays stored; restore the task definition it was made with to see it.",
    )
