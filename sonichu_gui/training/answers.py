"""What models say of unlabelled frames, written down as it is said.

Every answer is a line of a file, so a run that is killed goes on where it was. Several processes
share the frames among them, and each writes a file of its own.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from sonichu_gui.export.out_file import write_whole
from sonichu_gui.training.config import TrainingError

if TYPE_CHECKING:
    from sonichu_gui.training.data.labels import FrameRow

Key: TypeAlias = tuple[str, str]
"""A question's task and image."""


@dataclass(frozen=True, slots=True)
class Question:
    """A frame and the task that is asked about it.

    Attributes:
        frame: the frame.
        task: its task.
        image: the frame's name in what is written.
    """

    frame: FrameRow
    task: str
    image: str

    @property
    def key(self) -> Key:
        """What no other question has."""
        return self.task, self.image


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why there is no answer on a frame."""

    task: str
    image: str
    refused: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found on one frame.

    Attributes:
        task: what was asked.
        image: the frame's name.
        size: width and height of the frame in pixels.
        points: x and y of each, in its pixels.
        confidence: of the least sure point; of several models the median.
        disagreement_px: how far the mirrored view lies away, at the worst point, of several models
            the median; or how far the models lie from their median, where that is more.
    """

    task: str
    image: str
    size: tuple[int, int]
    points: tuple[tuple[float, float], ...]
    confidence: float
    disagreement_px: float

    @property
    def key(self) -> Key:
        """That of its question."""
        return self.task, self.image

    @property
    def disagreement(self) -> float:
        """As a fraction of the frame's width."""
        return self.disagreement_px / self.size[0]


class AnswerBook:
    """The answers of one panel of models in one folder.

    Args:
        folder: where its files are.
        panel: who answers and how; another panel's book is refused.
        writer: number of the process, each of which writes its own file.
    """

    def __init__(self, folder: Path, panel: Mapping[str, object], *, writer: int = 0) -> None:
        self._folder, self._panel = folder, dict(panel)
        self._own = folder / f"answers-{writer}.jsonl"

    def start(self, *, resume: bool) -> None:
        """Joins what an earlier run left in one file, or removes it; done by one process alone.

        Raises:
            TrainingError: it is of another panel.
        """
        records = [asdict(answer) for answer in self.read()[0].values()] if resume else []
        self._folder.mkdir(parents=True, exist_ok=True)
        lines = [json.dumps(record) + "\n" for record in (self._panel, *records)]
        write_whole(self._own, "".join(lines))
        for path in self._files():
            if path != self._own:
                path.unlink()

    def add(self, told: Sequence[Answer | Refusal]) -> None:
        """Writes down for good what was said."""
        is_new = not self._own.exists()
        with self._own.open("a", encoding="utf-8") as stream:
            if is_new:
                stream.write(json.dumps(self._panel) + "\n")
            stream.writelines(json.dumps(asdict(one)) + "\n" for one in told)
            stream.flush()
            os.fsync(stream.fileno())

    def read(self) -> tuple[dict[Key, Answer], dict[Key, str]]:
        """Every answer by its question, and why others have none.

        Raises:
            TrainingError: it is of another panel.
        """
        answers: dict[Key, Answer] = {}
        refused: dict[Key, str] = {}
        for path in self._files():
            head, *records = _whole_lines(path) or [self._panel]
            if head != json.loads(json.dumps(self._panel)):
                raise TrainingError(
                    f"{path} holds the answers of other models.",
                    "Start without --resume to have all frames answered anew, or choose another "
                    "output folder.",
                )
            for record in records:
                key = record["task"], record["image"]
                if "refused" in record:
                    refused[key] = record["refused"]
                else:
                    answers[key] = _answer(record)
        return answers, {key: why for key, why in refused.items() if key not in answers}

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob("answers-*.jsonl"))


def _whole_lines(path: Path) -> list[dict[str, Any]]:
    """The records of a file; a last line that a kill cut short is left out."""
    records = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            records.append(json.loads(line))
        except ValueError:
            continue
    return records


def _answer(record: dict[str, Any]) -> Answer:
    points = tuple((float(x), float(y)) for x, y in record["points"])
    return Answer(**{**record, "size": tuple(record["size"]), "points": points})
