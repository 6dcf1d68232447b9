"""Points that models found before, so that a table of many models is quickly made again.

What is known is kept for a model by everything that shapes its points: its weights, configuration
and preprocessor, the code that runs them, and whether the mirrored view is averaged. A frame is
known by its file's content. So nothing that is stale can be taken for an answer.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from sonichu_gui.errors import FrameError
from sonichu_gui.model import inference, modeling_sonichu
from sonichu_gui.model.modeling_sonichu import SonichuModel, SonichuPreprocessor
from sonichu_gui.prediction.folder_files import CARD_FILE
from sonichu_gui.prediction.model_source import sha256_of
from sonichu_gui.training.data.frame_files import frame_file
from sonichu_gui.training.data.frames import read_frame
from sonichu_gui.training.evaluate import predict_rows
from sonichu_gui.training.scores import Points

if TYPE_CHECKING:
    from sonichu_gui.training.data.labels import LabelRow

Loaded: TypeAlias = tuple[SonichuModel, SonichuPreprocessor]
Answer: TypeAlias = Points | FrameError
"""(K, 2) pixels of the original frame, or why the frame cannot be used."""

_CODE = (modeling_sonichu.__file__, inference.__file__)


class KnownPoints:
    """Points by model and frame, kept in a folder.

    Args:
        folder: made when something is to be kept.
        load: gives the network and preprocessor of a model folder.
        report: is told what has to be predicted.
    """

    def __init__(
        self,
        folder: Path,
        *,
        load: Callable[[Path], Loaded],
        report: Callable[[str], None] = lambda _line: None,
    ) -> None:
        self._folder, self._load, self._report = folder, load, report
        self._digests: dict[Path, str] = {}
        self._readable: set[str] = set()

    def of(self, model: Path, rows: Sequence[LabelRow], *, tta: bool) -> list[Answer]:
        """What the model finds on the frame of every row, whatever the head's training.

        Raises:
            SonichuError: the model cannot be used.
        """
        path = self._folder / f"{_model_key(model, tta=tta)}.json"
        known = _read(path)
        keys = [self._row_key(row) for row in rows]
        wanted = [
            number
            for number, key in enumerate(keys)
            if not isinstance(key, FrameError) and key not in known
        ]
        failed: dict[int, FrameError] = {}
        if wanted:
            self._report(f"{model}: {len(wanted)} frames to predict, {len(rows)} in all")
            network, preprocessor = self._load(model)
            found = predict_rows(
                network,
                [rows[number] for number in wanted],
                Path(),
                preprocessor=preprocessor,
                tta=tta,
                report=lambda line: self._report(f"{model}: {line}"),
            )
            for number, one in zip(wanted, found, strict=True):
                if isinstance(one, FrameError):
                    failed[number] = one
                else:
                    known[str(keys[number])] = one.points.tolist()
            _write(path, known)
        return [
            key
            if isinstance(key, FrameError)
            else failed[number]
            if number in failed
            else np.array(known[key], np.float64)
            for number, key in enumerate(keys)
        ]

    def require_frame(self, row: LabelRow) -> None:
        """Makes sure that a row's frame can be read; asked of every file once.

        Raises:
            FrameError: it cannot.
        """
        if isinstance(key := self._row_key(row), FrameError):
            raise key
        if key not in self._readable:
            read_frame(row)
            self._readable.add(key)

    def _row_key(self, row: LabelRow) -> str | FrameError:
        try:
            path, index = frame_file(row)
            if path not in self._digests:
                self._digests[path] = sha256_of(path)
        except FrameError as error:
            return error
        except OSError as error:
            return FrameError(f"{row.image_path} cannot be read: {error.strerror or error}.")
        return f"{row.task_id} {self._digests[path]} {index or 0}"


def _model_key(folder: Path, *, tta: bool) -> str:
    files = sorted(path for path in folder.iterdir() if path.is_file() and path.name != CARD_FILE)
    parts = [sha256_of(path) for path in (*files, *map(Path, _CODE))]
    return hashlib.sha256(json.dumps([parts, tta]).encode()).hexdigest()[:32]


def _read(path: Path) -> dict[str, list[list[float]]]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):  # what a kill left half is made again
        return {}
    return dict(found) if isinstance(found, dict) else {}


def _write(path: Path, known: Mapping[str, object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps(known), encoding="utf-8")
    part.replace(path)
