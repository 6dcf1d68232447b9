"""Labels and pictures in and out: import, export, screenshot, clipboard."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QObject, Signal
from PySide6.QtGui import QGuiApplication, QImage, QImageWriter

from sonichu_gui.errors import ExportError, LabelError, SonichuError
from sonichu_gui.gui.jobs import IsCancelled, JobRunner, Lane, Report, Work
from sonichu_gui.tasks import load_tasks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from sonichu_gui.domain.annotation import Status
    from sonichu_gui.domain.calibration import Calibration
    from sonichu_gui.domain.measurement import Measurement
    from sonichu_gui.export.registry import ExportReport
    from sonichu_gui.gui.document import Document
    from sonichu_gui.labels.importers.entry import LabelEntry
    from sonichu_gui.labels.importers.registry import ImportReport


_KINDS = {".png": b"PNG", ".jpg": b"JPEG", ".jpeg": b"JPEG"}
_QUALITY = 95


class LabelsController(QObject):
    """Reads and writes what leaves or enters the study.

    Args:
        document: Whose study.
        jobs: Who reads and writes label files, off the GUI thread.
    """

    written = Signal(str)  # what was written, for the banner
    imported = Signal(str)  # what came in, for the banner

    def __init__(self, document: Document, jobs: JobRunner) -> None:
        super().__init__(document)
        self._document = document
        self._jobs = jobs

    @property
    def folder(self) -> Path | None:
        """The study's folder: its labels, and those of the folders in it, are in and out."""
        document = self._document
        return document.study.folder or (document.path.parent if document.path else None)

    def export_labels(
        self, kind: str, out: Path, *, task_id: str | None, statuses: Sequence[Status] | None
    ) -> None:
        """Writes the labels of the study's folder.

        Args:
            kind: A format of `sonichu_gui.export.registry`.
            out: Target file.
            task_id: Only this task, or None for all.
            statuses: Only annotations with one of these; None takes the format's own choice.
        """
        folder = self._open_folder()
        if folder is None:
            return

        readings = self._document.scaling.readings()

        def calibration_of(path: Path, digest: str) -> Calibration:
            from sonichu_gui.export.registry import compared_calibration, file_calibration
            from sonichu_gui.imaging.ruler_check import ruler_verdicts

            if digest not in readings:  # not seen since the window was opened
                return compared_calibration(path, digest)
            stated = file_calibration(path, digest)
            return stated.with_verdicts(ruler_verdicts(stated, readings[digest]))

        def work(is_cancelled: IsCancelled, report: Report) -> ExportReport:
            from sonichu_gui.export.registry import write
            from sonichu_gui.labels.place import StoresBelow

            with closing(StoresBelow(folder)) as place:
                return write(
                    kind,
                    place,
                    out,
                    tasks=load_tasks(),
                    task_id=task_id,
                    statuses=statuses,
                    calibration_of=calibration_of,
                )

        def done(report: ExportReport) -> None:
            text = self.tr("Labels written to {}: {}").format(out.name, report.count)
            if report.skipped:
                left_out = self.tr("; left out: {}, first {}")
                text += left_out.format(len(report.skipped), report.skipped[0])
            if self._document.keeper.waiting:
                unsaved = self.tr("; edits not saved yet and not in it: {}")
                text += unsaved.format(self._document.keeper.waiting)
            self.written.emit(text)

        self._submit(work, done, self.tr("Writing {}").format(out.name))

    def import_labels(self, kind: str, file: Path) -> None:
        """Reads a label file into the stores of the study's folder."""
        document, folder = self._document, self._open_folder()
        if folder is None:
            return

        def work(is_cancelled: IsCancelled, report: Report) -> ImportReport:
            from sonichu_gui.imaging.sources import open_source
            from sonichu_gui.labels.importers.registry import read_labels
            from sonichu_gui.labels.place import StoresBelow

            def track(entries: list[LabelEntry]) -> Iterator[LabelEntry]:
                for number, entry in enumerate(entries):
                    if is_cancelled():
                        return
                    report(number / len(entries), "")
                    yield entry

            with closing(StoresBelow(folder)) as place:
                return read_labels(
                    kind, file, place, tasks=load_tasks(), open_source=open_source, track=track
                )

        def done(report: ImportReport) -> None:
            document.reload()
            self.imported.emit(self._tell_import(report, file))

        self._submit(work, done, self.tr("Reading {}").format(file.name))

    def _open_folder(self) -> Path | None:
        """The folder, with everything written that can be; says so when there is none."""
        self._document.keeper.flush()
        if self.folder is None:
            self._document.failed.emit(
                LabelError("Open the folder of the frames first.", "Labels belong to its files.")
            )
        return self.folder

    def _tell_import(self, report: ImportReport, file: Path) -> str:
        text = self.tr("Labels imported from {}: {}").format(file.name, report.imported)
        if report.skipped:
            first = report.skipped[0]
            text += self.tr("; rows left out: {}, first row {}: {}").format(
                len(report.skipped), first.row, first.reason
            )
        return text

    def _submit(self, work: Work, done: Callable[[Any], None], text: str) -> None:
        self._jobs.submit(
            Lane.READING, work, key="label file", done=done, failed=self._fail, text=text
        )

    def _fail(self, error: BaseException) -> None:
        if not isinstance(error, SonichuError):
            raise error
        self._document.failed.emit(error)

    def save_image(self, image: QImage, out: Path, *, look: str = "") -> bool:
        """Writes a picture as PNG or JPEG, whole or not at all.

        Args:
            image: The picture.
            out: The file; its ending says which.
            look: In what it differs from the frame as it was made.
        """
        try:
            _write_picture(image, out)
        except ExportError as error:
            self._document.failed.emit(error)
            return False
        self.written.emit(self._as_shown(self.tr("Screenshot written to {}"), look, out.name))
        return True

    def copy_image(self, image: QImage, *, look: str = "") -> None:
        """Puts a picture on the clipboard."""
        QGuiApplication.clipboard().setImage(image)
        self._document.noted.emit(self._as_shown(self.tr("Frame copied"), look))

    def _as_shown(self, text: str, look: str, *parts: str) -> str:
        """Says in what a picture differs from the frame, so that nobody takes it for that."""
        said = text.format(*parts)
        return said + self.tr(", as shown: {}").format(look) if look else said

    def copy_measures(self) -> None:
        """Puts the measurements on the clipboard, a tab between columns."""
        QGuiApplication.clipboard().setText(measures_as_text(self._document.measurements))
        self._document.noted.emit(self.tr("Measurements copied"))


def measures_as_text(measurements: Sequence[Measurement]) -> str:
    """Gives measurements as a table for a spreadsheet: each number with unit and scale source."""
    rows = ["name\tvalue\tunit\tuncertainty\tscale\tmm per px\tscale reason"]
    for m in measurements:
        value = "" if m.value is None else m.number
        error = "" if m.uncertainty is None else f"{m.uncertainty:.2f}"
        unit = m.unit_text if m.value is not None else ""
        size = f"{m.scale.dx_mm:g} x {m.scale.dy_mm:g}" if m.scale.in_mm else ""
        reason = m.scale.contradicted_by or m.scale.reason
        rows.append(f"{m.name}\t{value}\t{unit}\t{error}\t{m.scale.source.value}\t{size}\t{reason}")
    return "\n".join(rows) + "\n"


def _write_picture(image: QImage, out: Path) -> None:
    """Writes the whole picture or nothing: a failed save leaves an older one intact.

    Only pixels: what a QImage says of itself in words would become a part of the file.
    """
    from sonichu_gui.export.out_file import write_whole

    kind = _KINDS.get(out.suffix.lower())
    if kind is None:
        raise ExportError(
            f"{out.name} could not be made: a picture ends in .png or .jpg.", "Name it so."
        )
    bare = QImage(
        image.constBits(), image.width(), image.height(), image.bytesPerLine(), image.format()
    )
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QImageWriter(buffer, QByteArray(kind))
    if kind != b"PNG":  # there it would mean how little is squeezed
        writer.setQuality(_QUALITY)
    if not writer.write(bare):
        raise ExportError(f"{out.name} could not be made: {writer.errorString()}.")
    write_whole(out, bytes(buffer.data().data()))
