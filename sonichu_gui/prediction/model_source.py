"""Where an installed model came from: `source.json` in its folder.

Written once, when the model is installed. Its digests are what a later check holds the files
against: whoever changes a file has to change the record as well, so it tells damage and accident,
not malice.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, cast, get_args

from sonichu_gui.errors import ModelError
from sonichu_gui.prediction.work import IsCancelled, never, stop_if

SOURCE_FILE = "source.json"

SourceKind = Literal["folder", "file", "hub"]

_BLOCK = 4 << 20
"""Bytes between two looks at whether to stop: milliseconds even on a slow disk."""


@dataclass(frozen=True, slots=True)
class Source:
    """The provenance of an installed model.

    Attributes:
        kind: What it was taken from.
        origin: The path, or the name on the hub.
        revision: The hub's commit; empty for a path.
        added: When, ISO 8601 in UTC.
        naming: How the tensors were named there; "Sonichu" for the app's own names.
        original_sha256: Of the weights as they were there, lower-case hex; of an index and its
            shards one after the other where they were in several files.
        files: SHA-256 of every installed file by name, this record excepted.
        notes: What was changed, resampled or left out on the way.
    """

    kind: SourceKind
    origin: str
    revision: str
    added: str
    naming: str
    original_sha256: str
    files: Mapping[str, str]
    notes: tuple[str, ...] = ()


def read_source(folder: Path) -> Source | None:
    """Gives the record of a model folder; None where there is none.

    Raises:
        ModelError: There is one and it cannot be read.
    """
    path = folder / SOURCE_FILE
    try:
        return _parsed(json.loads(path.read_bytes()))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, LookupError, TypeError, RecursionError) as error:
        raise ModelError(
            f"{path} is not a record of where a model came from: {error}.",
            "Remove the model and add it again.",
        ) from error


def write_source(folder: Path, source: Source) -> None:
    """Writes the record into a folder that is being made."""
    text = json.dumps({**asdict(source), "files": dict(source.files)}, indent=2)
    (folder / SOURCE_FILE).write_text(text + "\n", encoding="utf-8")


def sha256_of(*paths: Path, is_cancelled: IsCancelled = never) -> str:
    """Gives the SHA-256 of a file, or of several as if they were one; lower-case hex.

    Raises:
        WorkCancelled: It was stopped half-way.
        OSError: A file cannot be read.
    """
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                stop_if(is_cancelled)
                digest.update(block)
    return digest.hexdigest()


def _parsed(raw: Any) -> Source:  # noqa: ANN401 - JSON is anything
    kind, files, notes = raw["kind"], raw["files"], raw.get("notes", [])
    if not isinstance(files, dict) or not isinstance(notes, list):
        raise TypeError("files must be an object and notes a list")
    if kind not in get_args(SourceKind):
        raise ValueError(f"kind {kind!r} is none of {', '.join(get_args(SourceKind))}")
    for name in files:
        # Each is opened by this name when the model is checked.
        if not name or Path(name).name != name:
            raise ValueError(f"{name!r} is no name of a file")
    texts = {
        name: raw.get(name, "")
        for name in ("origin", "revision", "added", "naming", "original_sha256")
    }
    if not all(isinstance(text, str) for text in (*texts.values(), *files.values(), *notes)):
        raise TypeError("texts are expected")
    return Source(kind=cast("SourceKind", kind), files=dict(files), notes=tuple(notes), **texts)
