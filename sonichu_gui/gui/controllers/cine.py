"""Plays a cine: a timer that asks the clock which frame is due, and waits for each to be shown.

Only one frame is asked for at a time. One that comes late is shown, the clock then names the one
that is due by now, and what lay between is left out: time is kept, and what is on the screen is
always the frame that the bar names. Whoever takes a frame in hand, by an edit, a step or a jump,
stops the cine.
"""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from PySide6.QtCore import QElapsedTimer, QObject, Qt, QTimer, Signal

from sonichu_gui.gui.place import Tool
from sonichu_gui.imaging.cine_clock import FASTEST, SLOWEST, CineClock, Repeat
from sonichu_gui.imaging.cine_rate import PlayedRate

if TYPE_CHECKING:
    from sonichu_gui.domain.frame import Frame
    from sonichu_gui.gui.controllers.study import StudyController
    from sonichu_gui.gui.document import Document
    from sonichu_gui.imaging.sources import FrameSource

FRAMES_AHEAD = 12


class CineController(QObject):
    """Play, pause, speed, range, and steps by hand.

    Args:
        document: Whose cine.
        study: Shows its frames.
    """

    playing_changed = Signal(bool)
    range_changed = Signal(object)  # range | None, of the file shown
    lag_changed = Signal(object)  # Rate | None, while fewer frames are seen than are due

    def __init__(self, document: Document, study: StudyController) -> None:
        super().__init__(document)
        self._document = document
        self._study = study
        self._speed = 1.0
        self._repeat = Repeat.LOOP
        self._ranges: dict[str, range] = {}
        self._clock: CineClock | None = None
        self._played = self._shown = ""  # digests
        self._rate = PlayedRate()
        self._time = QElapsedTimer()
        self._time.start()
        self._timer = QTimer(self, singleShot=True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        document.frame_changed.connect(self._note_shown)
        document.undo_stack.indexChanged.connect(self.stop)
        document.annotation_changed.connect(self._stop_for_preview)
        document.selection_changed.connect(self._stop_for_selection)
        document.tool_changed.connect(self._stop_for_tool)
        study.gave_up.connect(self.stop)

    # ---- playing ---------------------------------------------------------------------------

    @property
    def is_playing(self) -> bool:
        """Whether the cine runs."""
        return self._clock is not None

    def play(self, on: bool) -> None:
        """Starts or stops playing."""
        source = self._document.source
        on = on and source is not None and source.frame_count > 1
        if on and source is not None and self._clock is None:
            self._begin(source)
        elif not on and self._clock is not None:
            self._timer.stop()
            self._clock = None
            self._study.stop_playing()
            self.lag_changed.emit(None)
        self.playing_changed.emit(on)

    def set_speed(self, factor: float) -> None:
        """Plays at a multiple of the file's own speed, 0.1 to 4, from now on."""
        self._speed = min(FASTEST, max(SLOWEST, factor))
        if self._clock is not None:
            self._clock.set_speed(self._now(), self._speed)
            self._take_up()

    def set_repeat(self, repeat: Repeat) -> None:
        """Chooses what follows the last frame."""
        self._repeat = repeat
        if self._clock is not None:
            self._clock.set_repeat(self._now(), repeat)
            self._take_up()

    # ---- a range ---------------------------------------------------------------------------

    def begin_range(self) -> None:
        """Plays from the frame shown on, to the end of the range or else of the cine."""
        frames, here = self._frames(), self._document.frame_index
        if frames is not None:
            last = frames.stop if here + 1 < frames.stop else self._frame_count()
            self._set_range(range(here, last))

    def end_range(self) -> None:
        """Plays up to the frame shown, from the begin of the range or else of the cine."""
        frames, here = self._frames(), self._document.frame_index
        if frames is not None:
            self._set_range(range(frames.start if frames.start < here else 0, here + 1))

    def clear_range(self) -> None:
        """Plays all frames."""
        self._set_range(range(self._frame_count()))

    def _set_range(self, frames: range) -> None:
        source = self._document.source
        if source is None or source.frame_count < 2:
            return
        if len(frames) < 2:
            self._document.noted.emit(self.tr("A range has two frames or more"))
            return
        self._ranges.pop(source.digest, None)
        if len(frames) < source.frame_count:
            self._ranges[source.digest] = frames
        if self._clock is not None:
            self._clock.set_frames(self._now(), frames)
            self._take_up()
        self.range_changed.emit(self._ranges.get(source.digest))

    def _frames(self) -> range | None:
        """What is played of the file shown; None when that is no cine."""
        source = self._document.source
        if source is None or source.frame_count < 2:
            return None
        return self._ranges.get(source.digest, range(source.frame_count))

    def _frame_count(self) -> int:
        source = self._document.source
        return source.frame_count if source else 0

    # ---- by hand ---------------------------------------------------------------------------

    def step(self, frames: int) -> None:
        """Goes on or back by hand, from the frame that was asked for last."""
        self.stop()
        self._study.step_frame(frames)

    def go_to(self, index: int) -> None:
        """Goes to a frame by hand, the nearest one when out of range."""
        self.stop()
        self._study.show_frame(index)

    # ---- inside ----------------------------------------------------------------------------

    def _begin(self, source: FrameSource) -> None:
        now, frames = self._now(), self._frames() or range(source.frame_count)
        clock = CineClock(frames, source.frame_time_ms, source.times_ms)
        clock.set_speed(now, self._speed)
        clock.set_repeat(now, self._repeat)
        here = self._document.frame_index
        is_over = self._repeat is Repeat.ONCE and here == frames[-1]
        clock.start(now, -1 if is_over else here)  # -1: from the first one
        self._clock, self._played = clock, source.digest
        self._rate.start(now)
        self._go_on()

    def _go_on(self) -> None:
        """Wakes up for the next frame, if one follows."""
        clock = self._clock
        if clock is not None and clock.is_over:
            self.stop()
        elif clock is not None:
            self._timer.start(max(1, ceil(clock.wait_ms(self._now()))))

    def _take_up(self) -> None:
        """Speed, repeat or range are others: what was counted and waited for no longer holds."""
        if self._clock is not None:
            self._clock.dropped = 0
            self._rate.start(self._now())
            self.lag_changed.emit(None)
            self._go_on()

    def _tick(self) -> None:
        """Asks for the frame that is due; while one is awaited, its arrival goes on from here."""
        path, clock = self._document.path, self._clock
        if clock is None or path is None or self._document.awaits_frame:
            return
        index = clock.due(self._now())
        if index is None or index == self._document.frame_index:
            self._go_on()
        else:
            self._study.show(path, index, following=clock.following(FRAMES_AHEAD))

    def _note_shown(self, frame: Frame | None) -> None:
        """A frame is on the screen, of the cine that plays or of another file."""
        source, clock = self._document.source, self._clock
        digest = source.digest if source else ""
        if digest != self._shown:
            self._shown = digest
            self.range_changed.emit(self._ranges.get(digest))
        if clock is None:
            return
        if frame is None or digest != self._played:
            self.stop()
            return
        now = self._now()
        if self._rate.note_shown(now, clock.dropped):
            self.lag_changed.emit(self._rate.lag)
        self._go_on()

    def _now(self) -> float:
        return self._time.nsecsElapsed() / 1e6

    # ---- what stops it ---------------------------------------------------------------------

    def stop(self, *_: object) -> None:
        """Stops at the frame that is seen."""
        if self._clock is not None:
            self.play(False)

    def _stop_for_preview(self, _: object) -> None:
        if self._document.is_previewing:
            self.stop()

    def _stop_for_selection(self, index: int | None) -> None:
        if index is not None:
            self.stop()

    def _stop_for_tool(self, tool: Tool) -> None:
        if tool is not Tool.EDIT:
            self.stop()
