"""Which file a row's frame is in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sonichu_gui.errors import FrameError
from sonichu_gui.labels.importers.entry import RowError
from sonichu_gui.labels.importers.images import ImageFinder

if TYPE_CHECKING:
    from sonichu_gui.training.data.labels import FrameRow, LabelRow

__all__ = ["frame_file"]


def frame_file(row: LabelRow | FrameRow, images: Path | None = None) -> tuple[Path, int | None]:
    """Gives the file of a row's frame and the frame's index, None where the row names none.

    Args:
        row: Names it as label files do, see `labels.frame_name`.
        images: Folder that its path starts from, where the row itself does not know.

    Raises:
        FrameError: There is no such file.
    """
    folder = row.images or images
    if folder is None:
        raise FrameError(
            f"Nothing says which folder {row.image_path} starts from.", "Name the images' folder."
        )
    finder = ImageFinder(label_folder=folder, image_folders=(), names=())
    try:
        return finder.find(row.image_path)
    except RowError as error:
        raise FrameError(f"{folder}: {error}.", "Check where the images are.") from error
