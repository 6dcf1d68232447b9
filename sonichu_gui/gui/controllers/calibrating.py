"""A person's own scale: a line of known length, or a picture of known depth."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from sonichu_gui.domain.calibration import ScaleSource, depth_scale, manual_scale
from sonichu_gui.errors import CalibrationError
from sonichu_gui.gui.folder_scale import FolderFiles, files_alike
from sonichu_gui.gui.jobs import IsCancelled, JobRunner, Lane, Report, Urgency
from sonichu_gui.gui.place import Place, Tool
from sonichu_gui.gui.scaling import LineMeaning

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    from sonichu_gui.domain.calibration import Point, Scale
    from sonichu_gui.domain.frame import Frame
    from sonichu_gui.gui.document import Document

_DEPTH_KEY, _FOLDER_KEY = "depth", "folder scale"
_FRAMES_LOOKED_AT = 5
"""Of a cine: the echo of them all shows how far down the picture goes."""


class CalibrateController(QObject):
    """Takes the drawn line and what it is long as the scale of the file, or of its folder.

    Args:
        document: Whose scale.
        jobs: Who looks for the scan area and reads the files of a folder.
        read_frame: Gives a frame of a file; slow, for worker threads.
    """

    told = Signal(str)  # what a folder's files were given, for the banner

    def __init__(
        self, document: Document, jobs: JobRunner, read_frame: Callable[[Path, int], Frame]
    ) -> None:
        super().__init__(document)
        self._document = document
        self._jobs = jobs
        self._read_frame = read_frame
        document.tool_changed.connect(self._give_up_looking)

    def begin(self) -> None:
        """Takes the line of known length in hand."""
        if self._has_frame():
            self._document.scaling.mean(LineMeaning.LENGTH)
            self._document.set_tool(Tool.SCALE)

    def begin_depth(self) -> None:
        """Looks for the picture's top and bottom, whose distance is then asked for."""
        document = self._document
        frame, path, source = document.frame, document.path, document.source
        if not self._has_frame() or frame is None or path is None or source is None:
            return
        document.set_tool(Tool.SCALE)
        document.set_scale_line(None)
        document.scaling.mean(LineMeaning.DEPTH)
        stated, count, read = frame.calibration, source.frame_count, self._read_frame

        def work(is_cancelled: IsCancelled, report: Report) -> tuple[Point, Point] | None:
            from sonichu_gui.imaging.depth_line import find_depth_line

            pixels = [frame.pixels]
            for number in range(0, count, max(1, count // _FRAMES_LOOKED_AT)):
                if is_cancelled():
                    return None
                if number != frame.ref.index:
                    pixels.append(read(path, number).pixels)
            return find_depth_line(pixels, stated)

        def done(line: tuple[Point, Point] | None) -> None:
            here = document.frame is not None and document.frame.ref.digest == frame.ref.digest
            is_waiting = document.tool is Tool.SCALE and document.scale_line is None
            if not (here and is_waiting and document.scaling.meaning is LineMeaning.DEPTH):
                return
            if line is None or abs(line[1][1] - line[0][1]) < 1.0:
                document.noted.emit(self.tr("No scan area found: click its top, then its bottom"))
                return
            document.scaling.show_found_line(line)

        self._jobs.submit(
            Lane.LOOKING,
            work,
            key=_DEPTH_KEY,
            done=done,
            failed=self._tell,
            text=self.tr("Looking for the scan area"),
        )

    def set_length(self, length_mm: float) -> None:
        """Sets the scale from the line on the canvas and its true length or depth."""
        document = self._document
        line, place = document.scale_line, document.place
        if line is None or place is None:
            return
        aspect = document.calibration.aspect_at(line)
        try:
            drawn = self._scale_of(line, length_mm, aspect)
            scale = document.calibration.taken_at(drawn, line)
        except ValueError as error:
            document.failed.emit(
                CalibrationError(
                    f"No scale set: {error}.", "Draw the line along a ruler and give its length."
                )
            )
            return
        for_folder = document.scaling.for_folder
        document.set_tool(Tool.EDIT)
        if for_folder:
            self._give(place, scale)
        else:
            document.set_scale(scale)

    def give_to_folder(self) -> None:
        """Gives the shown file's own scale to the files of its folder."""
        place, own = self._document.place, self._document.calibration.override
        if place is not None and own is not None:
            self._give(place, own)
        elif self._has_frame():
            self._document.noted.emit(self.tr("This file has no scale of its own to give"))

    # ---- inside --------------------------------------------------------------------------

    def _has_frame(self) -> bool:
        if self._document.frame is None:
            self._document.noted.emit(self.tr("Open a frame first"))
        return self._document.frame is not None

    def _scale_of(self, line: tuple[Point, Point], length_mm: float, aspect: float) -> Scale:
        rater = self._document.rater
        if self._document.scaling.meaning is LineMeaning.DEPTH:
            return depth_scale(
                top=line[0],
                bottom=line[1],
                depth_mm=length_mm,
                author=rater,
                pixel_aspect=aspect,
            )
        return manual_scale(
            start=line[0], end=line[1], length_mm=length_mm, author=rater, pixel_aspect=aspect
        )

    def _give(self, place: Place, scale: Scale) -> None:
        """Sets the scale for the shown file and all of its folder that are like it."""
        source = self._document.source
        if source is None:
            return
        size = source.width, source.height

        def work(is_cancelled: IsCancelled, report: Report) -> Generator[None, None, FolderFiles]:
            return (yield from files_alike(place, size, is_cancelled, report))

        def done(found: FolderFiles) -> None:
            self._set_for(place, found, scale)

        self._jobs.submit_steps(
            Lane.READING,
            work,
            key=_FOLDER_KEY,
            stepped=lambda _: None,
            done=done,
            failed=self._tell,
            urgency=Urgency.BATCH,
            text=self.tr("Setting the scale of {}").format(place.path.parent.name),
        )

    def _set_for(self, place: Place, found: FolderFiles, scale: Scale) -> None:
        document = self._document
        known = document.keeper.own_scales(place.path.parent, found.digests)
        if known is None:
            document.failed.emit(
                CalibrationError(
                    f"No scale set for {place.path.parent.name}: its labels cannot be read.",
                    "Its files may have scales of their own; open the folder anew and try again.",
                )
            )
            return
        # A label file states the scale of each picture; a person's older one gives way.
        stated = {
            digest
            for digest, own in known.items()
            if own and own.source is ScaleSource.LABEL_FILE and digest != place.frame.digest
        }
        before = {digest: own for digest, own in known.items() if digest not in stated}
        others = (own for digest, own in before.items() if digest != place.frame.digest)
        replaced = sum(own is not None and own != scale for own in others)
        if place.path in document.study.paths:
            document.scaling.set_for_folder(place, before, scale)
        else:  # another study was opened meanwhile: what its undo takes back is its own
            scales = dict.fromkeys(before, scale)
            document.keeper.save_scales(place.path, scales, rater=document.rater)
        found = replace(found, digests=tuple(before), own_scale=found.own_scale + len(stated))
        self.told.emit(self._words(found, replaced))

    def _words(self, found: FolderFiles, replaced: int) -> str:
        text = self.tr("Scale set for {} files of the folder").format(len(found.digests))
        if replaced:
            text += self.tr("; in place of another one set by hand: {}").format(replaced)
        left_out = [
            words.format(count)
            for count, words in (
                (found.other_size, self.tr("{} of another size")),
                (found.own_scale, self.tr("{} that state a scale of their own")),
                (found.unreadable, self.tr("{} that cannot be read")),
            )
            if count
        ]
        return text + (self.tr("; left out: {}").format(", ".join(left_out)) if left_out else "")

    def _give_up_looking(self, tool: Tool) -> None:
        if tool is not Tool.SCALE:
            self._jobs.cancel(_DEPTH_KEY)

    def _tell(self, error: BaseException) -> None:
        from sonichu_gui.errors import SonichuError

        if not isinstance(error, SonichuError):
            raise error
        self._document.failed.emit(error)
