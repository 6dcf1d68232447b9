"""Opens what a person chose, dropped or named: files, folders, or several of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from sonichu_gui.errors import FrameError, SonichuError
from sonichu_gui.gui.jobs import IsCancelled, JobRunner, Lane, Report
from sonichu_gui.gui.place import Study
from sonichu_gui.imaging.folder_scan import scan_folder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sonichu_gui.gui.controllers.study import StudyController
    from sonichu_gui.gui.document import Document


class OpeningController(QObject):
    """Everything about which files are worked through.

    Args:
        document: Whose study it is.
        jobs: Looks into folders.
        study: Shows the first frame.
    """

    opened = Signal(object)  # list[Path] a person asked for

    def __init__(self, document: Document, jobs: JobRunner, study: StudyController) -> None:
        super().__init__(document)
        self._document = document
        self._jobs = jobs
        self._study = study

    def open_paths(self, paths: Sequence[Path], *, frame_index: int = 0) -> None:
        """Opens what a person chose or dropped: a folder, one file with its folder, or files."""
        paths = [path.absolute() for path in paths]
        if not paths:
            return
        self.opened.emit(paths)
        if len(paths) == 1:
            target = paths[0]
            folder = target if target.is_dir() else target.parent
            first = None if target.is_dir() else target
            self._open_folder(folder, first, frame_index)
        else:
            self._open_selection(paths, frame_index)

    def _open_folder(self, folder: Path, first: Path | None, frame_index: int) -> None:
        """Shows the asked file at once and lists its folder in the background."""
        shown = (first,) if first is not None else ()
        self._document.set_study(
            Study(folder.name or str(folder), shown, scanning=True, folder=folder)
        )
        if first is not None:
            self._study.show(first, frame_index)

        def work(is_cancelled: IsCancelled, report: Report) -> tuple[Path, ...]:
            found: list[Path] = []
            for path in scan_folder(folder, recursive=first is None):
                if is_cancelled():
                    break
                found.append(path)
            if first is not None and first not in found:
                found.insert(0, first)
            return tuple(found)

        def done(found: tuple[Path, ...]) -> None:
            self._document.grow_study(found, scanning=False)
            self._study.read_statuses()
            if first is None:
                self._begin(folder, found)

        self._jobs.submit(
            Lane.READING,
            work,
            key="scan",
            done=done,
            failed=self._tell,
            text=self.tr("Listing {}").format(folder.name),
        )

    def _begin(self, folder: Path, found: tuple[Path, ...]) -> None:
        if found:
            self._study.show(found[0])
            return
        self._document.clear_frame()
        self._document.failed.emit(
            FrameError(
                f"{folder.name} holds no frames this app can open.",
                "Choose a folder with pictures, videos or DICOM files.",
            )
        )

    def _open_selection(self, paths: Sequence[Path], frame_index: int) -> None:
        files: list[Path] = []
        for path in paths:
            files += list(scan_folder(path)) if path.is_dir() else [path]
        title = self.tr("{} files").format(len(files))
        self._document.set_study(Study(title, tuple(files), folder=_common_folder(files)))
        self._study.read_statuses()
        if files:
            self._study.show(files[0], frame_index)

    def _tell(self, error: BaseException) -> None:
        if isinstance(error, SonichuError):
            self._document.failed.emit(error)
        else:
            raise error


def _common_folder(files: Sequence[Path]) -> Path | None:
    """The folder of all files; None when they are from several, whose labels stay apart."""
    folders = {path.parent for path in files}
    return folders.pop() if len(folders) == 1 else None
