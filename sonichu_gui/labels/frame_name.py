"""How label files name a frame: the path of its file, and `#index` where the file is a cine.

Indices count from 0, as everywhere in the program. A still picture is named by its path alone.
"""

from __future__ import annotations

__all__ = ["frame_name", "split_frame_name"]


def frame_name(path: str, index: int, frame_count: int) -> str:
    """Gives e.g. `loops/plax.dcm#12`, or the path alone for a file of one frame."""
    return f"{path}#{index}" if frame_count > 1 else path


def split_frame_name(text: str) -> tuple[str, int | None]:
    """Gives path and index of a name; None where it names no frame."""
    path, mark, index = text.rpartition("#")
    if mark and path and index.isascii() and index.isdecimal():
        return path, int(index)
    return text, None
