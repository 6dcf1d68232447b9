"""Asks for files and folders with the desktop's own dialogs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QFileDialog, QWidget

from sonichu_gui.imaging.sources import READERS

if TYPE_CHECKING:
    from collections.abc import Iterable

WEIGHTS = "*.safetensors *.pth *.pt *.bin"
_VIDEO = ("AVI", "MOV", "MP4", "MKV")
_MORE_DICOM = (".ima", "DICOMDIR")


def frame_kinds() -> str:
    """The filters of the dialog that opens frames, from the table of readers.

    A DICOM file often has no ending, or a bare number; a pattern cannot say that, so the last one
    shows all files. What is chosen is told by its content.
    """
    suffixes = {reader.name: reader.suffixes for reader in READERS}
    dicom = (*suffixes.pop("DICOM"), *_MORE_DICOM)
    video = tuple(suffix for name in _VIDEO for suffix in suffixes.pop(name))
    pictures = tuple(suffix for found in suffixes.values() for suffix in found)
    rows = (
        (_tr("Ultrasound frames ({})"), (*pictures, *video, *dicom)),
        (_tr("Pictures ({})"), pictures),
        (_tr("Videos ({})"), video),
        (_tr("DICOM files and DICOMDIR ({})"), dicom),
    )
    kinds = [words.format(_patterns(endings)) for words, endings in rows]
    return ";;".join((*kinds, _tr("All files, also DICOM without an ending (*)")))


def ask_for_frames(parent: QWidget, start: Path | None) -> list[Path]:
    """Asks for one or more frames; empty when the person changes their mind."""
    names, _ = QFileDialog.getOpenFileNames(parent, _tr("Open files"), _text(start), frame_kinds())
    return [Path(name) for name in names]


def ask_for_folder(parent: QWidget, title: str, start: Path | None) -> Path | None:
    """Asks for a folder."""
    name = QFileDialog.getExistingDirectory(parent, title, _text(start))
    return Path(name) if name else None


def ask_for_weights(parent: QWidget) -> Path | None:
    """Asks for a file of model weights."""
    kinds = ";;".join((_tr("Model weights ({})").format(WEIGHTS), _tr("All files (*)")))
    name, _ = QFileDialog.getOpenFileName(parent, _tr("Add model file"), "", kinds)
    return Path(name) if name else None


def ask_for_label_file(
    parent: QWidget, kinds: dict[str, str], start: Path | None
) -> tuple[Path, str] | None:
    """Asks for a label file and its format.

    Args:
        parent: Window of the dialog.
        kinds: Format -> words with a pattern, e.g. "Label CSV (*.csv)".
        start: Folder to begin in.

    Returns:
        File and format, or None.
    """
    name, chosen = QFileDialog.getOpenFileName(
        parent, _tr("Import labels"), _text(start), ";;".join(kinds.values())
    )
    kind = next((kind for kind, words in kinds.items() if words == chosen), "")
    return (Path(name), kind) if name and kind else None


def ask_where_to_write(parent: QWidget, title: str, start: Path, pattern: str) -> Path | None:
    """Asks for a file to be written; the dialog itself asks before replacing one."""
    name, _ = QFileDialog.getSaveFileName(parent, title, str(start), pattern)
    if not name:
        return None
    path = Path(name)
    return path if path.suffix else path.with_suffix(start.suffix)


def _patterns(endings: Iterable[str]) -> str:
    """In small letters and in capitals: discs and some desktops tell them apart."""
    patterns = (f"*{ending}" if ending.startswith(".") else ending for ending in endings)
    return " ".join(dict.fromkeys(each for p in patterns for each in (p, p.upper())))


def _text(path: Path | None) -> str:
    return str(path) if path is not None else ""


def _tr(text: str) -> str:
    return QCoreApplication.translate("file_choice", text)
