"""What the desktop hands over, dropped or pasted: files and folders, or a picture."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from PySide6.QtCore import QUrl
from PySide6.QtGui import QImage

if TYPE_CHECKING:
    from PySide6.QtCore import QMimeData


def can_be_opened(data: QMimeData) -> bool:
    """Whether there is anything to open; nothing is read."""
    return bool(paths_in(data)) or data.hasImage()


def paths_in(data: QMimeData) -> list[Path]:
    """Gives the files and folders on this machine, in the order handed over."""
    urls = data.urls() if data.hasUrls() else []
    found = (_path_of(url) for url in urls if url.isLocalFile() and url.toLocalFile())
    return [*dict.fromkeys(found)]


def picture_in(data: QMimeData) -> QImage | None:
    """Gives the picture, None where there is none."""
    image = data.imageData() if data.hasImage() else None
    return image if isinstance(image, QImage) and not image.isNull() else None


def _path_of(url: QUrl) -> Path:
    """The file of an address; Qt would put a sign for unknown into names that are no text."""
    if os.name != "posix":
        return Path(url.toLocalFile())
    encoded = url.path(QUrl.ComponentFormattingOption.FullyEncoded)
    return Path(os.fsdecode(unquote_to_bytes(encoded)))
