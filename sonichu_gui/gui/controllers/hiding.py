"""Hides what stands outside the scan area: on the screen, and in every picture that leaves.

While hiding is on, nothing outside is ever shown: until the area is known, and where none can be
found, the whole frame is black.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from sonichu_gui.gui.appearance import Cover
from sonichu_gui.gui.place import Tool

if TYPE_CHECKING:
    from sonichu_gui.gui.controllers.scan_areas import ScanAreaController
    from sonichu_gui.gui.document import Document
    from sonichu_gui.gui.view_memory import ViewMemory
    from sonichu_gui.imaging.drawn_area import Outlines


class HideController(QObject):
    """Switches hiding, and has a person correct the area.

    Args:
        document: Whose frame.
        areas: Who knows where the echo is.
        memory: Who remembers.
    """

    hides_changed = Signal(bool)
    choosing = Signal(object)  # Outlines to be corrected; empty ones where none were found
    not_found = Signal(str)  # name of a file in which there is no area to be seen

    def __init__(self, document: Document, areas: ScanAreaController, memory: ViewMemory) -> None:
        super().__init__(document)
        self._document = document
        self._areas = areas
        self._memory = memory
        self._wants_choice = False
        self._wants_found = False
        self._is_asked = False
        self._is_between = False
        memory.taken_up.connect(self._take_up)
        document.frame_changed.connect(self._follow_frame)
        document.tool_changed.connect(self._follow_tool)
        areas.settled.connect(self._settle)

    @property
    def hides(self) -> bool:
        """Whether all outside the scan area is hidden."""
        return self._memory.view.hides

    @property
    def is_without_area(self) -> bool:
        """Whether the frame shown has no area that anybody knows of."""
        return self._areas.is_settled and self._areas.area is None

    @property
    def is_between(self) -> bool:
        """Whether another study is open while a frame of the one before is still shown."""
        return self._is_between and self._document.frame is not None

    def hide(self, on: bool) -> None:
        """Hides what is outside, or shows it again; what was said of exports is asked anew."""
        if self._document.frame is None:
            self.hides_changed.emit(self.hides)
            self._document.noted.emit(self.tr("Open a frame first"))
            return
        self._is_between = False
        self._memory.change(hides=on, leaves=False)
        self.hides_changed.emit(on)
        self._is_asked = on
        self._follow()

    def correct(self) -> None:
        """Has the person see and correct the area; it is looked for first."""
        if self._document.frame is None:
            self._document.noted.emit(self.tr("Open a frame first"))
            return
        self._wants_choice, self._wants_found = True, False
        self._areas.seek()

    def take(self, outlines: Outlines, *, for_all: bool) -> None:
        """Hides what is outside an area that the person stands for."""
        try:
            self._areas.draw(outlines, for_all=for_all)
        except ValueError:
            self._document.noted.emit(self.tr("Too small: draw a rectangle around the echo"))
            return
        self._document.set_tool(Tool.EDIT)
        self.hide(True)

    def find_again(self) -> None:
        """Offers what is found in the picture; what was drawn holds until it is taken."""
        self._wants_choice = self._wants_found = True
        self._areas.seek(in_picture=True)

    def _take_up(self, _view: object) -> None:
        """Another study: what it says of hiding holds from its first frame on, not for the last."""
        self._is_between = self._document.frame is not None
        self.hides_changed.emit(self.hides)
        self._cover()

    def _follow_frame(self, _: object) -> None:
        self._wants_choice = self._wants_found = self._is_between = False
        self._follow()

    def _follow(self) -> None:
        self._cover()
        if self.hides and self._document.frame is not None and not self._areas.is_settled:
            self._areas.seek()
        elif self._is_asked:
            self._settle()

    def _follow_tool(self, _: object) -> None:
        self._cover()

    def _settle(self) -> None:
        """The area of the frame shown is known, or known to be nowhere."""
        from sonichu_gui.imaging.drawn_area import few_corners

        area, is_asked = self._areas.area, self._is_asked
        is_missing, is_chosen = self.hides and area is None, self._document.tool is Tool.AREA
        self._is_asked = False
        if self._wants_choice or (is_asked and is_missing and not is_chosen):
            offered = self._areas.found if self._wants_found else area
            self._wants_choice = self._wants_found = False
            self.choosing.emit(() if offered is None else few_corners(offered))
        elif is_missing and not is_chosen and self._document.path is not None:
            self.not_found.emit(self._document.path.name)
        self._cover()

    def _cover(self) -> None:
        """Hides as much as is to be hidden now; all is seen while an area is chosen."""
        appearance = self._document.appearance
        area = self._areas.area
        if self.is_between:  # what was hidden of this frame stays hidden, and it is soon gone
            if self.hides and appearance.cover is Cover.NOTHING:
                appearance.hide_all()
        elif not self.hides or self._document.tool is Tool.AREA:
            appearance.uncover()
        elif area is None:
            appearance.hide_all()
        else:
            appearance.hide_outside(area)
