"""Opens what was dropped or pasted; a picture without a file is given one first."""

from __future__ import annotations

import os
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QObject, Qt, Signal
from PySide6.QtGui import QImageWriter

from sonichu_gui import paths
from sonichu_gui.errors import FrameError, SonichuError
from sonichu_gui.gui.handed_over import paths_in, picture_in
from sonichu_gui.gui.jobs import IsCancelled, JobRunner, Lane, Report

if TYPE_CHECKING:
    from PySide6.QtCore import QMimeData
    from PySide6.QtGui import QImage

    from sonichu_gui.gui.controllers.opening import OpeningController
    from sonichu_gui.gui.document import Document


class PastingController(QObject):
    """Takes what other programs hand over.

    Args:
        document: Hears what cannot be opened.
        jobs: Writes pictures.
        opening: Opens files.
    """

    saved = Signal(str, str)  # a picture now has a file: what happened, and where it is

    def __init__(self, document: Document, jobs: JobRunner, opening: OpeningController) -> None:
        super().__init__(document)
        self._document = document
        self._jobs = jobs
        self._opening = opening
        self._numbers = count()
        self._untold: set[Path] = set()
        # Later: another study takes what was said before off the banner.
        opening.begun.connect(self._tell, Qt.ConnectionType.QueuedConnection)

    def open(self, data: QMimeData) -> None:
        """Opens files and folders, or a picture that has no file yet."""
        files, picture = paths_in(data), picture_in(data)
        if files:
            self._opening.open_paths(files)
        elif picture is not None:
            self._save(picture)
        else:
            self._document.noted.emit(self.tr("No picture or file to open there"))

    def _save(self, picture: QImage) -> None:
        def work(is_cancelled: IsCancelled, report: Report) -> Path:
            return save_picture(picture, paths.user_data() / "pasted")

        def done(path: Path) -> None:
            self._untold.add(path)
            self._opening.open_paths([path])

        # A key of its own each time: one that is pasted meanwhile takes the place of none.
        self._jobs.submit(
            Lane.READING,
            work,
            key=f"paste {next(self._numbers)}",
            done=done,
            failed=self._fail,
            text=self.tr("Saving the picture"),
        )

    def _tell(self, opened: tuple[Path, ...]) -> None:
        for path in self._untold.intersection(opened):
            self._untold.discard(path)
            text = self.tr("The picture was saved as {}").format(path.name)
            self.saved.emit(text, str(path.parent))

    def _fail(self, error: BaseException) -> None:
        if not isinstance(error, SonichuError):
            raise error
        self._document.failed.emit(error)


def save_picture(picture: QImage, folder: Path) -> Path:
    """Writes a picture as PNG under the time of day, never over another file.

    Args:
        picture: Its pixels alone are kept: what a program wrote into its texts may name a patient.
        folder: Made where it is not there.

    Raises:
        FrameError: It cannot be written.
    """
    plain = picture.copy()
    for key in plain.textKeys():
        plain.setText(key, "")
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    if not QImageWriter(buffer, QByteArray(b"png")).write(plain):
        raise FrameError(
            "The picture cannot be written as PNG.", "Save it to a file and open that."
        )
    name = datetime.now().astimezone().strftime("%Y-%m-%d %H.%M.%S")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for number in count(1):
            path = folder / (f"{name}.png" if number == 1 else f"{name} {number}.png")
            try:
                handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            except FileExistsError:
                continue
            with os.fdopen(handle, "wb") as file:
                file.write(buffer.data().data())
            break
    except OSError as error:
        raise FrameError(
            f"The picture cannot be saved in {folder}: {error.strerror or error}.",
            "Make room, or save it to a file and open that. It is still in the clipboard.",
        ) from error
    return path
