"""Before a picture leaves the window: may a name stand in it?

Only a file that says so (BurnedInAnnotation = NO) is free of names. Of every other the person is
asked once a study whether what is outside the scan area shall be hidden; nothing leaves before.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal

from sonichu_gui.errors import SonichuError
from sonichu_gui.gui.appearance import Cover
from sonichu_gui.gui.jobs import IsCancelled, JobRunner, Lane, Report
from sonichu_gui.gui.place import Tool

if TYPE_CHECKING:
    from pathlib import Path

    from sonichu_gui.gui.controllers.hiding import HideController
    from sonichu_gui.gui.document import Document
    from sonichu_gui.gui.view_memory import ViewMemory

Deed = Callable[[], object]


class PicturesOut(QObject):
    """Lets pictures leave, after a question where one is due.

    Args:
        document: Whose frame.
        jobs: Who reads what a file says of itself.
        hiding: Who hides what is outside.
        memory: Who remembers the answer.
    """

    asked = Signal(str)  # name of the file; an answer is due
    ended = Signal()  # no answer is due any more

    def __init__(
        self, document: Document, jobs: JobRunner, hiding: HideController, memory: ViewMemory
    ) -> None:
        super().__init__(document)
        self._document = document
        self._jobs = jobs
        self._hiding = hiding
        self._memory = memory
        self._clean: set[str] = set()
        self._deed: Deed | None = None
        self._is_hiding = False
        self._path: Path | None = None
        document.frame_changed.connect(self._follow)
        document.tool_changed.connect(self._follow_tool)
        # Later: a file dialog must not open in the middle of a change of what is shown.
        document.appearance.changed.connect(self._go_on, Qt.ConnectionType.QueuedConnection)

    def leave(self, deed: Deed) -> None:
        """Does what takes a picture out, now or after the answer."""
        document = self._document
        if document.frame is None or document.path is None or self._hiding.is_between:
            document.noted.emit(self.tr("Open a frame first"))
            return
        self._deed, self._path = deed, document.path
        if self._hiding.hides:
            self._is_hiding = True
            if self._hiding.is_without_area:
                self._hiding.correct()
            self._go_on()
        elif self._memory.view.leaves or document.frame.ref.digest in self._clean:
            self._do()
        else:
            self._look_up()

    def answer(self, *, hide: bool) -> None:
        """Hides what is outside, or leaves it; then the picture leaves, here and from now on."""
        self.ended.emit()
        if self._deed is None:
            return
        if hide:
            self._is_hiding = True
            self._hiding.hide(True)
        else:
            self._memory.change(leaves=True)
            self._do()

    def drop(self) -> None:
        """Nothing leaves: the person thought better of it, or went on to another file."""
        self._jobs.cancel("burned in")
        if self._deed is not None:
            self._deed, self._is_hiding = None, False
            self.ended.emit()

    def _follow(self, _: object) -> None:
        if self._document.path != self._path:
            self.drop()

    def _follow_tool(self, tool: Tool) -> None:
        """An area that was asked for and not given: nothing is hidden, and nothing leaves."""
        if tool is Tool.EDIT and self._is_hiding and self._hiding.is_without_area:
            self.drop()

    def _look_up(self) -> None:
        path, frame = self._document.path, self._document.frame
        if path is None or frame is None:
            return

        def work(is_cancelled: IsCancelled, report: Report) -> bool:
            from sonichu_gui.imaging.burned_in import may_hold_names

            return may_hold_names(path)

        def done(may: bool) -> None:
            if may:
                self.asked.emit(path.name)
            else:
                self._clean.add(frame.ref.digest)
                self._do()

        def failed(error: BaseException) -> None:
            if not isinstance(error, SonichuError):
                raise error
            self.asked.emit(path.name)  # a file that cannot be asked has not said NO

        self._jobs.submit(Lane.READING, work, key="burned in", done=done, failed=failed)

    def _go_on(self) -> None:
        """Lets the picture leave that has waited until what is outside was hidden."""
        if self._is_hiding and self._document.appearance.cover is Cover.OUTSIDE:
            self._is_hiding = False
            self._do()

    def _do(self) -> None:
        deed, self._deed = self._deed, None
        if deed is not None:
            deed()
