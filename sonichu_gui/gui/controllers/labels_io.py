"""Labels and pictures in and out: import, export, screenshot, clipboard."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QBuffer, QIODevice, QObject, Signal
from PySide6.QtGui import QGuiApplication, QImage

from sonichu_gui.errors import ExportError, LabelError, SonichuError
from sonichu_gui.tasks import load_tasks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sonichu_gui.domain.annotation import Status
    from sonichu_gui.domain.measurement import Measurement
    from sonichu_gui.gui.document import Document


class LabelsController(QObject):
    """Reads and writes what leaves or enters the study."""

    written = Signal(str)  # what was written, for the banner
    imported = Signal(str)  # what came in, for the banner

    def __init__(self, document: Document) -> None:
        super().__init__(document)
        self._document = document

    @property
    def folder(self) -> Path | None:
        """Folder whose labels are in and out: that of the shown file."""
        return self._document.path.parent if self._document.path else None

    def export_labels(
        self, kind: str, out: Path, *, task_id: str | None, statuses: Sequence[Status]
    ) -> bool:
        """Writes the labels of the shown file's folder.

        Args:
            kind: A format of `sonichu_gui.export.registry`.
            out: Target file.
            task_id: Only this task, or None for all.
            statuses: Only annotations with one of these.
        """
        from sonichu_gui.export.registry import write

        document, folder = self._document, self.folder
        try:
            store = document.keeper.store_of(folder) if folder else None
            if store is None:
                raise ExportError(
                    "There are no labels to export in this folder yet.",
                    "Place or predict points first.",
                )
            report = write(
                kind, store, out, tasks=load_tasks(), task_id=task_id, statuses=tuple(statuses)
            )
        except SonichuError as error:
            document.failed.emit(error)
            return False
        text = self.tr("{} labels written to {}").format(report.count, out.name)
        if report.skipped:
            text += self.tr("; {} left out: {}").format(len(report.skipped), report.skipped[0])
        self.written.emit(text)
        return True

    def import_labels(self, kind: str, file: Path) -> bool:
        """Reads a label file into the store of the shown file's folder."""
        from sonichu_gui.labels.importers.registry import read_labels

        document, folder = self._document, self.folder
        if folder is None:
            document.failed.emit(
                LabelError("Open the folder of the frames first.", "Labels belong to its files.")
            )
            return False
        try:
            store = document.keeper.store_of(folder, create=True)
            if store is None:
                return False
            report = read_labels(kind, file, store, tasks=load_tasks())
        except SonichuError as error:
            document.failed.emit(error)
            return False
        text = self.tr("{} labels imported from {}").format(report.imported, file.name)
        if report.skipped:
            first = report.skipped[0]
            text += self.tr("; {} rows left out, e.g. row {}: {}").format(
                len(report.skipped), first.row, first.reason
            )
        document.reload()
        self.imported.emit(text)
        return True

    def save_image(self, image: QImage, out: Path) -> bool:
        """Writes a picture as PNG, whole or not at all."""
        try:
            _write_png(image, out)
        except ExportError as error:
            self._document.failed.emit(error)
            return False
        self.written.emit(self.tr("Screenshot written to {}").format(out.name))
        return True

    def copy_image(self, image: QImage) -> None:
        """Puts a picture on the clipboard."""
        QGuiApplication.clipboard().setImage(image)
        self._document.noted.emit(self.tr("Frame copied"))

    def copy_measures(self) -> None:
        """Puts the measurements on the clipboard, a tab between columns."""
        QGuiApplication.clipboard().setText(measures_as_text(self._document.measurements))
        self._document.noted.emit(self.tr("Measurements copied"))


def measures_as_text(measurements: Sequence[Measurement]) -> str:
    """Gives measurements as a table for a spreadsheet: each number with unit and scale source."""
    rows = ["name\tvalue\tunit\tuncertainty\tscale"]
    for m in measurements:
        value = "" if m.value is None else m.number
        error = "" if m.uncertainty is None else f"{m.uncertainty:.2f}"
        unit = m.unit_text if m.value is not None else ""
        rows.append(f"{m.name}\t{value}\t{unit}\t{error}\t{m.scale.source.value}")
    return "\n".join(rows) + "\n"


def _write_png(image: QImage, out: Path) -> None:
    """Writes beside and renames: a failed save leaves an older picture intact."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    if not image.save(buffer, b"PNG"):
        raise ExportError(f"{out.name} could not be made.", "The picture may be too large.")
    temporary: Path | None = None
    try:
        handle, name = tempfile.mkstemp(dir=out.parent, prefix=".sonichu-", suffix=".png")
        temporary = Path(name)
        with os.fdopen(handle, "wb") as file:
            file.write(bytes(buffer.data().data()))
        temporary.replace(out)
    except OSError as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        raise ExportError(
            f"{out} could not be written: {error.strerror or error}.",
            "Choose another folder or free some space.",
        ) from error
