"""The files of a pseudo-labelling: a label file like any other, and what became of every answer.

Beside the columns of `export.csv_file` a row has `confidence` (of its least sure point),
`disagreement_px`, `label_origin`, and name and SHA-256 of the models that gave it. Image paths
start from the data root.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sonichu_gui.training.data.subjects import clip_of

if TYPE_CHECKING:
    from sonichu_gui.training.answers import Answer, Key
    from sonichu_gui.training.data.labels import FrameRow
    from sonichu_gui.training.panel import Member
    from sonichu_gui.training.selection import TaskTally

LABELS_FILE = "labels.csv"
_TOLD = 20  # frames that could not be used, told one by one


def label_row(answer: Answer, frame: FrameRow, voters: Sequence[Member]) -> dict[str, str]:
    """The answer as a row of a label file."""
    width, height = answer.size
    row = {
        "image_path": answer.image,
        "task_name": "Regression",
        "task_id": answer.task,
        "num_classes": str(len(answer.points)),
        "height": str(height),
        "width": str(width),
    }
    row |= {f"point_{n}_xy": json.dumps(xy) for n, xy in enumerate(answer.points, start=1)}
    if frame.mm_per_px is not None:
        row["pixel_size_mm"] = repr(frame.mm_per_px)
    if frame.subject_id != clip_of(frame.image_path, frame.images):  # else the path tells it
        row["subject_id"] = frame.subject_id
    row |= {
        "confidence": f"{answer.confidence:.4f}",
        "disagreement_px": f"{answer.disagreement_px:.3f}",
        "label_origin": "pseudo",
        "model": " + ".join(member.model.config.name for member in voters),
        "model_sha256": " + ".join(member.digest for member in voters),
    }
    return row | {name: text for name, text in frame.extra.items() if name not in row}


def as_csv(rows: Sequence[Mapping[str, str]]) -> str:
    """The label file of these rows."""
    points = max(int(row["num_classes"]) for row in rows)
    first = ["image_path", "task_name", "task_id", "num_classes", "height", "width"]
    names = dict.fromkeys([*first, *(f"point_{n}_xy" for n in range(1, points + 1))])
    for row in rows:
        names |= dict.fromkeys(row)
    text = io.StringIO()
    writer = csv.DictWriter(text, list(names), restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def told(tallies: Mapping[str, TaskTally], broken: Mapping[Key, str]) -> Iterator[str]:
    """Lines for a person: frames that could not be used, then the count of each task."""
    for (task, image), why in list(broken.items())[:_TOLD]:
        yield f"{image} ({task}) left out: {why}"
    if len(broken) > _TOLD:
        yield f"… and {len(broken) - _TOLD} more"
    for task, count in tallies.items():
        whys = "".join(f"; {number} {why}" for why, number in count.refused.items())
        yield f"labels of {task}: {count.kept} of {count.frames} frames kept{whys}"


def described(tallies: Mapping[str, TaskTally], broken: Mapping[Key, str]) -> dict[str, Any]:
    """The same for a program, and all frames that could not be used."""
    return {
        "tasks": {
            task: {"frames": count.frames, "kept": count.kept, "refused": dict(count.refused)}
            for task, count in tallies.items()
        },
        "could_not_be_used": [
            {"task": task, "image": image, "reason": why} for (task, image), why in broken.items()
        ],
    }


def as_json(document: Mapping[str, Any]) -> str:
    """A JSON file's text."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
