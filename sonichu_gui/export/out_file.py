"""Writes an output file whole or not at all."""

from __future__ import annotations

import errno
import os
import uuid
from contextlib import suppress
from pathlib import Path

from sonichu_gui.errors import ExportError

__all__ = ["write_whole"]

_HINTS = {
    errno.ENOENT: "Make its folder first, or choose another one.",
    errno.ENOSPC: "Free some space, or choose another disk.",
    errno.EISDIR: "Give the name of a file in it.",
}
_OTHERWISE = "Close it in other programs, or choose another name or folder."


def write_whole(out: Path, content: str | bytes) -> None:
    """Writes beside the target and renames it: a failure leaves an older file intact.

    Args:
        out: The target.
        content: Bytes, or text that becomes UTF-8.

    Raises:
        ExportError: The target cannot be written; names it and says why.
    """
    target = Path(os.path.realpath(out))  # a link stays a link
    draft = target.with_name(f".{target.name}-{uuid.uuid4().hex[:8]}.tmp")
    try:
        if target.is_dir():
            raise IsADirectoryError(errno.EISDIR, "it is a folder")
        with draft.open("xb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(target)
    except OSError as error:
        raise ExportError(
            f"{out} cannot be written: {error.strerror or error}.",
            _HINTS.get(error.errno or 0, _OTHERWISE),
        ) from error
    finally:
        with suppress(OSError):  # gone already when all went well
            draft.unlink()
