"""What helps a person to a scale: regions outlined, the ruler offered, what a drawn line means.

It belongs to the Document as the candidates do: card and canvas listen to it.
"""

from __future__ import annotations

from collections import OrderedDict
from enum import Enum
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from sonichu_gui.errors import CalibrationError
from sonichu_gui.gui.place import Tool
from sonichu_gui.gui.scale_commands import ChooseRegion, ReplaceScales
from sonichu_gui.imaging.ruler_check import ruler_verdicts
from sonichu_gui.imaging.ruler_scale import PLAUSIBLE_SPAN_MM, likely_distances, ruler_scale

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sonichu_gui.domain.calibration import Calibration, Point, Scale
    from sonichu_gui.domain.ruler import Ruler
    from sonichu_gui.gui.document import Document
    from sonichu_gui.gui.place import Place

READINGS_KEPT = 2000
"""Files whose rulers are remembered: some hundred numbers each."""

DISTANCES_MM = (5.0, 10.0, 20.0, 50.0)
"""Tick distances that a person may know of, whatever is likely."""

MOST_CHOICES = 6


class LineMeaning(Enum):
    """What the true length of the drawn line is."""

    LENGTH = "length"
    DEPTH = "depth"


class Scaling(QObject):
    """The aids to the document's scale.

    Args:
        document: Whose scale.

    Attributes:
        regions_shown: Whether the file's regions are outlined.
        meaning: What the line that is drawn stands for.
        line_was_found: The line was found in the picture, not drawn by the person.
        for_folder: Whether the scale to be set is meant for the whole folder.
        distance_mm: Tick distance that is chosen for the offered ruler.
    """

    changed = Signal()

    def __init__(self, document: Document) -> None:
        super().__init__(document)
        self._document = document
        self.regions_shown = False
        self.meaning = LineMeaning.LENGTH
        self.line_was_found = False
        self.for_folder = False
        self.distance_mm = DISTANCES_MM[1]
        self._readings: OrderedDict[str, tuple[Ruler, ...]] = OrderedDict()
        self._file = ""
        self._number = 0
        self._asked_for = ""
        self._put_away: set[str] = set()
        document.frame_changed.connect(self._take_up_file)
        document.tool_changed.connect(self._follow_tool)
        document.scale_line_changed.connect(self._forget_found)
        document.calibration_changed.connect(self._tell)

    # ---- what is drawn -------------------------------------------------------------------

    def show_regions(self, on: bool) -> None:
        """Outlines the file's regions, or not."""
        if on != self.regions_shown:
            self.regions_shown = on
            self.changed.emit()

    def mean(self, meaning: LineMeaning) -> None:
        """Says what the line stands for."""
        if meaning is not self.meaning:
            self.meaning = meaning
            self.line_was_found = False
            self.changed.emit()

    def show_found_line(self, line: tuple[Point, Point]) -> None:
        """Shows a line that was found in the picture, whole, to be asked about."""
        self._document.set_scale_line(line)
        self.line_was_found = True
        self._document.finish_scale_line()
        self.changed.emit()

    def want_for_folder(self, on: bool) -> None:
        """Says whether the scale to be set is meant for the whole folder."""
        self.for_folder = on

    # ---- the ruler -----------------------------------------------------------------------

    @property
    def digest(self) -> str:
        """The shown file's, or nothing."""
        frame = self._document.frame
        return "" if frame is None else frame.ref.digest

    @property
    def rulers(self) -> tuple[Ruler, ...]:
        """The rulers found in the shown file, the best one first."""
        return self._readings.get(self.digest, ())

    @property
    def is_read(self) -> bool:
        """Whether rulers were sought in the shown file."""
        return self.digest in self._readings

    @property
    def offer(self) -> Ruler | None:
        """The ruler to take a scale from: where none is trusted, it contradicts, or on request."""
        rulers, document = self.rulers, self._document
        if not rulers or self.digest in self._put_away or document.tool is Tool.SCALE:
            return None
        scale = document.calibration.scale_for()
        is_wanted = not scale.in_mm or bool(scale.contradicted_by)
        if self._asked_for != self.digest and not is_wanted:
            return None
        return rulers[self._number % len(rulers)]

    @property
    def place_of_offer(self) -> tuple[int, int]:
        """Which of the rulers is offered, from 1, and how many there are."""
        count = len(self.rulers)
        return self._number % count + 1 if count else 0, count

    @property
    def distances(self) -> tuple[float, ...]:
        """Tick distances to choose from for the offered ruler, the smallest first."""
        ruler = self.offer
        if ruler is None:
            return ()
        low, high = PLAUSIBLE_SPAN_MM
        usual = [mm for mm in DISTANCES_MM if low <= (ruler.ticks - 1) * mm <= high]
        likely = [one.mm for one in likely_distances(ruler)]
        return tuple(sorted([*dict.fromkeys([*likely[:3], *usual, *likely])][:MOST_CHOICES]))

    @property
    def scale_of_offer(self) -> Scale | None:
        """The scale that the offered ruler gives at the chosen distance; None where none can be."""
        ruler = self.offer
        if ruler is None:
            return None
        ends = ruler.at(0), ruler.at(ruler.ticks - 1)
        calibration = self._document.calibration
        try:
            scale = ruler_scale(
                ruler,
                distance_mm=self.distance_mm,
                author=self._document.rater,
                pixel_aspect=calibration.aspect_at(ends),
            )
        except CalibrationError:
            return None
        return calibration.taken_at(scale, ends)

    def take_reading(self, digest: str, rulers: tuple[Ruler, ...], *, asked: bool) -> None:
        """Takes up what was found in a file, and what it says of the file's own scale."""
        if rulers or digest not in self._readings:
            # A frame where none is seen takes nothing back of what another frame of it said.
            self._readings[digest] = rulers
        while len(self._readings) > READINGS_KEPT:
            self._readings.popitem(last=False)
        if asked and rulers:
            self._asked_for = digest
            self._put_away.discard(digest)
        if digest == self.digest:
            self._begin_offer()
            if rulers:
                self._document.renew_calibration()
            else:
                self.changed.emit()  # a reading of nothing changes no scale, and asks no store

    def next_ruler(self) -> None:
        """Offers another of the file's rulers."""
        self._number += 1
        self._suggest_distance()
        self.changed.emit()

    def choose_distance(self, millimetres: float) -> None:
        """Says how far the offered ruler's ticks are apart."""
        if millimetres != self.distance_mm:
            self.distance_mm = millimetres
            self.changed.emit()

    def take_ruler(self) -> None:
        """Takes the offered ruler's scale as the person's own."""
        scale = self.scale_of_offer
        if scale is not None:
            self._asked_for = ""
            self._document.set_scale(scale)

    def put_ruler_away(self) -> None:
        """Offers this file's ruler no more, unless asked for it."""
        self._asked_for = ""
        self._put_away.add(self.digest)
        self.changed.emit()

    def judged(self, digest: str, calibration: Calibration) -> Calibration:
        """Gives a calibration with what the file's ruler says, as far as it was read."""
        rulers = self._readings.get(digest)
        return (
            calibration.with_verdicts(ruler_verdicts(calibration, rulers))
            if rulers
            else calibration
        )

    def readings(self) -> Mapping[str, tuple[Ruler, ...]]:
        """Gives a copy of all that was read, by digest, for work on another thread."""
        return dict(self._readings)

    # ---- a person's decisions ------------------------------------------------------------

    def choose_region(self, key: str, region: int) -> None:
        """Takes a person's choice between regions that overlap with different scales."""
        document = self._document
        if document.place is not None:
            before = document.calibration.chosen.get(key)
            document.undo_stack.push(
                ChooseRegion(
                    document,
                    place=document.place,
                    key=key,
                    before=before[0] if before else None,
                    after=region,
                )
            )

    def set_for_folder(
        self, place: Place, before: Mapping[str, Scale | None], scale: Scale
    ) -> None:
        """Sets a person's scale for many files of a folder: one undo step.

        Args:
            place: Of the file that it was taken in.
            before: The own scales that the files have, by their digests.
            scale: What they get.
        """
        self._document.undo_stack.push(
            ReplaceScales(self._document, place=place, before=before, after=scale)
        )

    # ---- called by commands only ---------------------------------------------------------

    def put_choice(self, place: Place, key: str, region: int | None) -> None:
        """Stores which region a person chose and shows it."""
        self._document.keeper.save_choice(place, key, region, rater=self._document.rater)
        self._document.recalibrate(place)

    def put_scales(
        self, place: Place, scales: Mapping[str, Scale | None], *, goes_there: bool
    ) -> None:
        """Stores the scales of files of a place's folder and shows that of the shown one.

        Args:
            place: Of the file that the scale was taken in.
            scales: By the files' digests.
            goes_there: Whether the place is asked for where another folder's file is shown.
        """
        document = self._document
        document.keeper.save_scales(place.path, scales, rater=document.rater)
        here = document.place
        if here is not None and here.path.parent == place.path.parent:
            document.recalibrate(here)
        elif goes_there:
            document.recalibrate(place)

    # ---- inside --------------------------------------------------------------------------

    def _take_up_file(self, _frame: object) -> None:
        if self._file != self.digest:
            self._file, self._asked_for = self.digest, ""
            self._begin_offer()

    def _forget_found(self, _line: object) -> None:
        """Another line than the one that was found: the person's own."""
        if self.line_was_found:
            self.line_was_found = False
            self.changed.emit()

    def _follow_tool(self, tool: Tool) -> None:
        if tool is not Tool.SCALE:
            self.meaning, self.line_was_found = LineMeaning.LENGTH, False
            self.for_folder = False
        self.changed.emit()

    def _begin_offer(self) -> None:
        self._number = 0
        self._suggest_distance()

    def _suggest_distance(self) -> None:
        rulers = self.rulers
        likely = likely_distances(rulers[self._number % len(rulers)]) if rulers else ()
        self.distance_mm = likely[0].mm if likely else DISTANCES_MM[1]

    def _tell(self, _calibration: object) -> None:
        self.changed.emit()
