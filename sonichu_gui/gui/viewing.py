"""How frames are seen, and what of them may be: its parts, built once and connected here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, Signal

from sonichu_gui.errors import SettingsError
from sonichu_gui.gui.canvas.area_hand import AreaHand
from sonichu_gui.gui.canvas.look_drag import LookDrag
from sonichu_gui.gui.controllers.cropping import CropController
from sonichu_gui.gui.controllers.hiding import HideController
from sonichu_gui.gui.controllers.looking import LookController
from sonichu_gui.gui.controllers.pictures_out import PicturesOut
from sonichu_gui.gui.controllers.scan_areas import ScanAreaController
from sonichu_gui.gui.controllers.thumbnails import ThumbnailController
from sonichu_gui.gui.controllers.window_name import WindowName
from sonichu_gui.gui.panels.area_strip import AreaStrip
from sonichu_gui.gui.panels.canvas_signs import CanvasSigns
from sonichu_gui.gui.panels.look_panel import LookPanel
from sonichu_gui.gui.panels.picture_strip import PictureStrip
from sonichu_gui.gui.place import Tool
from sonichu_gui.gui.view_memory import ViewMemory
from sonichu_gui.settings import keys

if TYPE_CHECKING:
    from PySide6.QtGui import QAction
    from PySide6.QtWidgets import QWidget

    from sonichu_gui.gui.canvas.canvas import Canvas
    from sonichu_gui.gui.controllers.study import StudyController
    from sonichu_gui.gui.document import Document
    from sonichu_gui.gui.jobs import JobRunner
    from sonichu_gui.imaging.drawn_area import Outlines
    from sonichu_gui.settings.store import Settings

_CORNER = QPoint(18, 14)
_GAP = 8
_EDITS = (
    "predict", "return_to_prediction", "accept", "accept_next", "flag", "exclude",
    "take_proposal", "dismiss_proposal", "swap", "mark_absent", "clear_points",
)  # fmt: skip


class Viewing(QObject):
    """The look of the frame, its scan area, and what may leave the window.

    Args:
        document: What is seen.
        jobs: Who reads and looks for areas.
        settings: The person's settings.
        actions: The window's actions by id.
        canvas: Where it is seen; its other hands are on it already.
        study: Who reads frames for their thumbnails.
    """

    not_found = Signal(str, str, object)  # words and a hint for the banner, and a QAction

    def __init__(
        self,
        document: Document,
        jobs: JobRunner,
        settings: Settings,
        actions: dict[str, QAction],
        *,
        canvas: Canvas,
        study: StudyController,
    ) -> None:
        super().__init__(document)
        self._document = document
        self._settings = settings
        self._actions = actions
        self._canvas = canvas
        self.memory = ViewMemory(document, jobs)
        self.looking = LookController(document, self.memory)
        self.areas = ScanAreaController(document, jobs, self.memory)
        self.hiding = HideController(document, self.areas, self.memory)
        self.cropping = CropController(document, self.areas)
        self.thumbnails = ThumbnailController(study, jobs, self.memory, self.areas)
        self.pictures = PicturesOut(document, jobs, self.hiding, self.memory)
        self.name = WindowName(document, jobs, shows_patient=settings.get(keys.TITLE_SHOWS_PATIENT))
        self.area_hand = AreaHand(canvas, document)
        self.look_drag = LookDrag(canvas, document)
        self.look_panel = LookPanel(document, actions, canvas)
        self.signs = CanvasSigns(document, canvas)
        self.area_strip = AreaStrip(document)
        self.picture_strip = PictureStrip()
        self._connect()
        self.use_right_drag(settings.get(keys.RIGHT_DRAG_LOOK))
        actions["right_drag"].setChecked(settings.get(keys.RIGHT_DRAG_LOOK))
        actions["title_patient"].setChecked(settings.get(keys.TITLE_SHOWS_PATIENT))
        self._settle_corner()

    @property
    def strips(self) -> tuple[QWidget, ...]:
        """What stands above the frame when there is something to choose."""
        return self.area_strip, self.picture_strip

    def show_panel(self, on: bool) -> None:
        """Opens or closes the look panel."""
        self._actions["look"].setChecked(on)
        self.look_panel.setVisible(on)
        if on:
            self.look_panel.adjustSize()
            self._settle_corner()
            self.look_panel.raise_()
        elif not self._canvas.hasFocus():
            self._canvas.setFocus()

    def use_right_drag(self, on: bool) -> None:
        """Lets the right button change brightness and contrast, or not."""
        self._settings.set(keys.RIGHT_DRAG_LOOK, on)
        self.look_drag.set_on(on)

    def tell_patient(self, on: bool) -> None:
        """Tells the patient's name in the window's title, or not."""
        self._settings.set(keys.TITLE_SHOWS_PATIENT, on)
        self.name.show_patient(on)

    def close(self) -> None:
        """Writes what is remembered; the window closes."""
        try:
            self.memory.flush()
        except SettingsError as error:
            self._document.failed.emit(error)

    def _connect(self) -> None:
        panel, strip, looking = self.look_panel, self.picture_strip, self.looking
        panel.look_changed.connect(looking.set_look)
        panel.preset_chosen.connect(looking.choose_preset)
        panel.window_chosen.connect(looking.choose_window)
        panel.closed.connect(self._close_panel)
        self.look_drag.look_wanted.connect(looking.set_look)
        self._document.appearance.changed.connect(self._show_inverted)
        self.signs.look_wanted.connect(self._open_panel)
        self.signs.area_wanted.connect(self.hiding.correct)
        self.signs.changed.connect(self._settle_corner)
        self.cropping.box_wanted.connect(self._canvas.fit_box)
        self.cropping.box_wanted.connect(self._show_cropped)
        self._canvas.cropped_changed.connect(self._follow_crop)
        self.hiding.hides_changed.connect(self._actions["hide_outside"].setChecked)
        self.hiding.choosing.connect(self._choose_area)
        self.hiding.not_found.connect(self._tell_not_found)
        self._document.tool_changed.connect(self._let_edit)
        self.area_hand.changed.connect(self._follow_area)
        self.area_hand.taken.connect(self._take_area)
        self.area_strip.take_wanted.connect(self.area_hand.take)
        self.area_strip.find_wanted.connect(self.hiding.find_again)
        self.pictures.asked.connect(strip.ask)
        self.pictures.ended.connect(strip.hide)
        strip.answered.connect(self._answer)
        strip.dropped.connect(self.pictures.drop)

    # ---- small connections -----------------------------------------------------------------

    def _open_panel(self) -> None:
        self.show_panel(True)

    def _close_panel(self) -> None:
        self.show_panel(False)

    def _show_inverted(self) -> None:
        self._actions["invert"].setChecked(self._document.appearance.look.invert)

    def _settle_corner(self) -> None:
        """The panel lies under the signs, where there are some, until a person moves it."""
        self.signs.move(_CORNER)
        below = self.signs.height() + _GAP if self.signs.isVisibleTo(self._canvas) else 0
        if not self.look_panel.place.was_moved:
            self.look_panel.move(_CORNER + QPoint(0, below))

    def _show_cropped(self, _box: object) -> None:
        self._actions["crop"].setChecked(self._canvas.is_cropped)

    def _follow_crop(self, on: bool) -> None:
        self._actions["crop"].setChecked(on)
        if not on:
            self.cropping.leave()

    def _choose_area(self, outlines: Outlines) -> None:
        self.show_panel(False)  # it would lie over what is to be chosen
        self.area_hand.begin(outlines)
        self.area_strip.begin(found=bool(outlines))

    def _follow_area(self, outlines: Outlines) -> None:
        self.area_strip.set_takeable(bool(outlines))

    def _let_edit(self, tool: Tool) -> None:
        """Points that are not seen, since an area is chosen, are not edited."""
        is_seen, stack = tool is not Tool.AREA, self._document.undo_stack
        for name in _EDITS:
            self._actions[name].setEnabled(is_seen)
        self._actions["undo"].setEnabled(is_seen and stack.canUndo())
        self._actions["redo"].setEnabled(is_seen and stack.canRedo())

    def _take_area(self, outlines: Outlines) -> None:
        if outlines:
            self.hiding.take(outlines, for_all=self.area_strip.for_all)

    def _tell_not_found(self, name: str) -> None:
        self.not_found.emit(
            self.tr("No scan area found in {}: all of it is hidden").format(name),
            self.tr("Draw the area, or press Shift+H to show the whole frame."),
            self._actions["correct_area"],
        )

    def _answer(self, hide: bool) -> None:
        self.pictures.answer(hide=hide)
