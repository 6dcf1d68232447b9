"""Which files of a folder a person's scale can hold for. Knows no Qt: run it as a job."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sonichu_gui.errors import FrameError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from sonichu_gui.gui.place import Place


@dataclass(frozen=True, slots=True)
class FolderFiles:
    """The files of a folder, sorted by whether they are given a scale.

    Attributes:
        digests: Of those that are; the shown file's first.
        other_size: How many have frames of another size: a pixel of theirs is another one.
        own_scale: How many state a trusted scale themselves; a better one may only be theirs.
        unreadable: How many could not be opened.
    """

    digests: tuple[str, ...]
    other_size: int = 0
    own_scale: int = 0
    unreadable: int = 0


def files_alike(
    place: Place,
    size: tuple[int, int],
    is_interrupted: Callable[[], bool],
    report: Callable[[float, str], None],
) -> Generator[None, None, FolderFiles]:
    """Gives the files that a scale of the shown one may be given; makes room between two files.

    Args:
        place: Of the shown file, which is given it in any case; its folder is meant.
        size: Width and height of its frames.
        is_interrupted: Whether more urgent work waits.
        report: Told how far it is.
    """
    from sonichu_gui.imaging.folder_scan import scan_folder
    from sonichu_gui.imaging.sources import open_source

    paths = list(scan_folder(place.path.parent, recursive=False))
    digests = {place.frame.digest: None}
    other_size = own_scale = unreadable = 0
    for number, path in enumerate(paths):
        if is_interrupted():
            yield None
        if number % 16 == 0:
            report(number / len(paths), "")
        if path == place.path:
            continue
        try:
            source = open_source(path)
        except FrameError:
            unreadable += 1
            continue
        try:
            if (source.width, source.height) != size:
                other_size += 1
            elif source.calibration.scale_for().in_mm:
                own_scale += 1
            else:
                digests[source.digest] = None
        finally:
            source.close()
    return FolderFiles(tuple(digests), other_size, own_scale, unreadable)
