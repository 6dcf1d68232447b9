"""What a run leaves to be read: a line a record in ``log.jsonl``, and TensorBoard's files.

``tensorboard --logdir runs`` shows the curves while the run goes on. A resumed run forgets what was
logged after the checkpoint that it starts from, so no step is told twice.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from torch.utils.tensorboard import SummaryWriter

from sonichu_gui.export.out_file import write_whole

LOG_FILE = "log.jsonl"


class RunLog:
    """Both logs of one run; a context manager that ends them."""

    def __init__(self, folder: Path, *, start: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / LOG_FILE
        kept = [record for record in read_log(folder) if record["step"] <= start]
        write_whole(self._path, "".join(json.dumps(record) + "\n" for record in kept))
        self._board = SummaryWriter(folder / "tensorboard", purge_step=start + 1)

    def add(self, step: int, values: Mapping[str, float], *, held_out: bool = False) -> None:
        """Notes numbers of the run after ``step`` steps, or those of the held-out frames."""
        record: dict[str, object] = {"step": step}
        record |= {"held_out": dict(values)} if held_out else values
        with self._path.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(record) + "\n")
        room = "held out" if held_out else "training"
        for name, value in values.items():
            self._board.add_scalar(f"{room}/{name}", value, step)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._board.close()


def read_log(folder: Path) -> list[dict[str, Any]]:
    """The records of a run's ``log.jsonl``; a last line that a kill cut short is left out."""
    path = folder / LOG_FILE
    if not path.exists():
        return []
    records = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            records.append(json.loads(line))
        except ValueError:
            continue
    return records
