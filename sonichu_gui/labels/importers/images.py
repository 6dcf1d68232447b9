"""Finds the image that a label file speaks of.

A path counts from the label file's folder, then from the folder of images that was given, then from
the place of the labels. Last, the only file of that name anywhere in the latter two is taken, if
the label file has no second path of that name: `a/001.png` and `b/001.png` must not become one.
The challenge's raw folder of PSAX is spelt PSAK, in paths or on the disk: either is found.
"""

from __future__ import annotations

import os
from collections import defaultdict
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from sonichu_gui.labels.frame_name import split_frame_name
from sonichu_gui.labels.importers.entry import RowError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["ImageFinder"]

_SPELLINGS = {"psak": "PSAX", "psax": "PSAK"}


class ImageFinder:
    """The images of one label file.

    Args:
        label_folder: Folder of the label file.
        image_folders: Folders that may hold the images themselves.
        names: Everything that the label file calls a frame.
    """

    def __init__(
        self, *, label_folder: Path, image_folders: Iterable[Path], names: Iterable[str]
    ) -> None:
        self._image_folders = tuple(dict.fromkeys(image_folders))
        self._folders = (label_folder, *self._image_folders)
        self._paths_of_name: dict[str, set[str]] = defaultdict(set)
        for name in names:
            path = split_frame_name(_slashed(name))[0]
            self._paths_of_name[PurePosixPath(path).name].add(path)

    def find(self, name: str) -> tuple[Path, int | None]:
        """Gives the file of a frame's name and the frame's index, None where it names none.

        Raises:
            RowError: There is no such file, or several may be meant.
        """
        if not name:
            raise RowError("it names no image")
        whole = _slashed(name)
        path, index = split_frame_name(whole)
        # A file may be called "scan#2.png", or, ending so, "scan#2".
        named = (whole, None), (path, index)
        for text, frame in (*named, *((_respelt(text), frame) for text, frame in named)):
            for folder in self._folders:
                if _is_file(folder / text):
                    return folder / text, frame
        return self._by_name(path), index

    def _by_name(self, path: str) -> Path:
        name = PurePosixPath(path).name
        found = self._below.get(name, [])
        if not found:
            raise RowError(f"the image {path} is not there")
        if len(self._paths_of_name[name]) > 1:
            raise RowError(f"the image {path} is not there, and several paths end in {name}")
        if any(not found[0].samefile(other) for other in found[1:]):
            raise RowError(f"the image {path} is not there, and there are several called {name}")
        return found[0]

    @cached_property
    def _below(self) -> dict[str, list[Path]]:
        """Every file in the image folders and the folders in them, by name."""
        below: dict[str, list[Path]] = defaultdict(list)
        for folder in self._image_folders:
            for place, _, names in os.walk(folder):
                for name in names:
                    below[name].append(Path(place, name))
        return below


def _respelt(path: str) -> str:
    """Gives the path with the folder of one spelling under the other."""
    return "/".join(_SPELLINGS.get(part.casefold(), part) for part in path.split("/"))


def _slashed(name: str) -> str:
    return name.strip().replace("\\", "/")


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # too long, not allowed, or with a zero byte
        return False
