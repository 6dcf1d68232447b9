"""Makes the folder of a new model: copied where it is of the app's own form, converted where not.

It grows in a hidden folder beside the installed ones and is renamed when it is whole, so that
neither a stop nor a crash leaves half a model. Code that lies beside weights is neither run nor
copied: the app's own code files are written in its place.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sonichu_gui import model
from sonichu_gui.errors import ModelError
from sonichu_gui.model.config_hints import is_own_form
from sonichu_gui.model.weights_names import WEIGHTS_FILE
from sonichu_gui.prediction.folder_files import (
    CARD_FILE,
    CODE_FILES,
    CONFIG_FILE,
    PREPROCESSOR_FILE,
    legal_files,
    read_config,
)
from sonichu_gui.prediction.model_info import (
    OWN_NAMING,
    UNKNOWN_LICENSE,
    card_license,
    unstated_heads,
)
from sonichu_gui.prediction.model_source import Source, SourceKind, sha256_of
from sonichu_gui.prediction.work import IsCancelled, Report, stop_if

if TYPE_CHECKING:
    from sonichu_gui.model.checkpoints import Opened

UNFINISHED, REMOVED = ".adding-", ".removed-"
"""How hidden folders begin that are no models: not yet, or no more."""

_BLOCK = 4 << 20  # bytes
_A_DAY = 86_400  # seconds


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a model is taken from, for its record.

    Attributes:
        kind: A path or the hub.
        text: The path, or the name on the hub.
        revision: The hub's commit.
    """

    kind: SourceKind
    text: str
    revision: str = ""


@dataclass(frozen=True, slots=True)
class NewModel:
    """One model on its way in.

    Attributes:
        path: The folder or the file that is added.
        weights: The file of its tensors, or an index and its shards.
        name: What the model is to be called.
        renamed: Whether the person chose that name.
        origin: For the record.
        report: Told the progress.
        is_cancelled: Asked between blocks and steps.
    """

    path: Path
    weights: tuple[Path, ...]
    name: str
    renamed: bool
    origin: Origin
    report: Report
    is_cancelled: IsCancelled

    @property
    def file_name(self) -> str:
        """What its weights are called."""
        return self.weights[0].name


@contextmanager
def unfinished_folder(home: Path) -> Iterator[Path]:
    """Makes a hidden folder that is gone afterwards, unless it was renamed."""
    home.mkdir(parents=True, exist_ok=True)
    _clear_away(home)
    folder = home / f"{UNFINISHED}{os.getpid()}-{time.time_ns()}"
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _clear_away(home: Path) -> None:
    """Deletes what a program left that was killed while it added or removed a model."""
    for pattern in (f"{UNFINISHED}*", f"{REMOVED}*"):
        for left in home.glob(pattern):
            with suppress(OSError):
                if time.time() - left.stat().st_mtime > _A_DAY:
                    shutil.rmtree(left)


def copied(new: NewModel, _loaded: Opened, folder: Path) -> dict[str, str]:
    """Copies a folder of the app's own form; gives the digest of each file."""
    names = [CONFIG_FILE, PREPROCESSOR_FILE, WEIGHTS_FILE]
    if (new.path / CARD_FILE).is_file():
        names.append(CARD_FILE)
    sources = [new.path / name for name in names] + legal_files(new.path)
    total = sum(path.stat().st_size for path in sources)
    _require_room(folder, total)
    digests, done = {}, 0
    for source in sources:
        digest = hashlib.sha256()
        with source.open("rb") as read, (folder / source.name).open("wb") as written:
            while block := read.read(_BLOCK):
                stop_if(new.is_cancelled)
                written.write(block)
                digest.update(block)
                done += len(block)
                new.report(0.3 + 0.7 * done / total, f"Copying {source.name}")
        digests[source.name] = digest.hexdigest()
    if new.renamed:
        path = folder / CONFIG_FILE
        config = {**json.loads(path.read_bytes()), "name": new.name}
        path.write_text(json.dumps(config, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        digests[CONFIG_FILE] = sha256_of(path)
    return {**digests, **_code_written(folder)}


def _code_written(folder: Path) -> dict[str, str]:
    for name in CODE_FILES:
        shutil.copyfile(Path(model.__path__[0]) / name, folder / name)
    return {name: sha256_of(folder / name) for name in CODE_FILES}


def converted(new: NewModel, loaded: Opened, folder: Path) -> dict[str, str]:
    """Writes weights of another naming as a folder of the app's own; gives the digests."""
    new.report(0.4, f"Converting {new.file_name}")
    _require_room(folder, sum(tensor.nbytes for tensor in loaded.model.state_dict().values()))
    card = _card_beside(new)
    config = loaded.model.config
    stated = config.license if config.license != UNKNOWN_LICENSE else card_license(card)
    loaded.model.config = replace(
        config,
        name=new.name,
        version=new.origin.revision[:12] or config.version,
        license=stated or UNKNOWN_LICENSE,
    )
    loaded.model.save_pretrained(folder, readme=card or None, preprocessor=loaded.preprocessor)
    if not card:
        with (folder / CARD_FILE).open("a", encoding="utf-8") as file:
            file.write(_where_from(new, loaded))
    for source in legal_files(new.path) if new.path.is_dir() else ():
        shutil.copyfile(source, folder / source.name)
    stop_if(new.is_cancelled)
    new.report(0.9, "Checking what was written")
    return {
        path.name: sha256_of(path, is_cancelled=new.is_cancelled)
        for path in sorted(folder.iterdir())
    }


def _card_beside(new: NewModel) -> str:
    path = new.path / CARD_FILE
    # A lone file may lie anywhere: neither card nor licence of that place are its own.
    if path.is_file():
        return path.read_text(encoding="utf-8", errors="replace")
    return ""


def _where_from(new: NewModel, loaded: Opened) -> str:
    notes = "".join(f"- {note}\n" for note in _notes(new, loaded))
    return (
        f"\n## Where it comes from\n\nConverted from `{new.file_name}` "
        f"({_naming(loaded)}); the weights are the same.\n\n{notes}"
    ).rstrip("\n") + "\n"


def _naming(loaded: Opened) -> str:
    return OWN_NAMING if loaded.layout is None else loaded.layout.naming


def _notes(new: NewModel, loaded: Opened) -> tuple[str, ...]:
    if loaded.layout is None:
        return ()
    with suppress(ModelError):
        if is_own_form(read_config(new.weights[0].parent)):
            return loaded.layout.notes
    return (*loaded.layout.notes, *unstated_heads(loaded.layout.heads))


def record(new: NewModel, loaded: Opened, digest: str, files: dict[str, str]) -> Source:
    """Gives the record of a model that has been made.

    Args:
        new: The model.
        loaded: As it was loaded from where it comes from.
        digest: Of its weights as they were there.
        files: The digests of what was written.
    """
    return Source(
        kind=new.origin.kind,
        origin=new.origin.text,
        revision=new.origin.revision,
        added=datetime.now(UTC).isoformat(timespec="seconds"),
        naming=_naming(loaded),
        original_sha256=digest,
        files=files,
        notes=_notes(new, loaded),
    )


def _require_room(folder: Path, size: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < size:
        raise ModelError(
            f"The model needs {size / 1e6:.1f} MB, and {free / 1e6:.1f} MB are free in "
            f"{folder.parent}.",
            "Make room on that disk.",
        )
