"""Pseudo-labels: trained models answer unlabelled frames, and what is kept is learned from.

    sonichu train pseudo-label --config resources/training/pseudo_hc.toml --resume

One model, the teacher of the round before, or several, whose median it is. The output folder gets
`labels.csv`, a label file like any other, and `selection.json`, which tells how many answers of
each task were kept and why others were not. A source reads them by ``kind = "pseudo"``. All answers
stay beside them, so that another selection costs no second look at the frames.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from sonichu_gui.errors import UntrainedHead
from sonichu_gui.export.out_file import write_whole
from sonichu_gui.tasks import task_named
from sonichu_gui.training.answers import AnswerBook, Question
from sonichu_gui.training.asking import answer_all
from sonichu_gui.training.config import (
    TrainingError,
    data_root,
    read_config,
    require_between,
)
from sonichu_gui.training.data.sources import SourceConfig, read_sources
from sonichu_gui.training.distributed import World, joined_world
from sonichu_gui.training.panel import Member, load_panel
from sonichu_gui.training.pseudo_label_file import (
    LABELS_FILE,
    as_csv,
    as_json,
    described,
    label_row,
    told,
)
from sonichu_gui.training.selection import Selection, refusals, tally

if TYPE_CHECKING:
    from sonichu_gui.training.answers import Key
    from sonichu_gui.training.loop import Report

SELECTION_FILE = "selection.json"


@dataclass(frozen=True, slots=True)
class PseudoLabelConfig:
    """One labelling of unlabelled frames.

    Attributes:
        models: model folders; of several the median is taken.
        output: folder for the labels, relative to the working directory.
        frames: sources of unlabelled frames; each says which task is asked.
        selection: what is kept.
        tta: whether the mirrored frame is looked at too; a selection by certainty needs it.
        batch_size: frames at a time, in each process.
        threads: of the processor, for each process; 0 leaves that to torch.
        workers: further processes that prepare frames, for each process.
        device: "auto", "cpu" or "cuda".
    """

    models: tuple[str, ...]
    output: str
    frames: tuple[SourceConfig, ...]
    selection: Selection = field(default_factory=Selection)
    tta: bool = True
    batch_size: int = 16
    threads: int = 0
    workers: int = 0
    device: str = "auto"

    def __post_init__(self) -> None:
        """Refuses what cannot be done."""
        require_between(self, batch_size=(1, inf), threads=(0, inf), workers=(0, inf))
        if self.selection.needs_two_views and not self.tta:
            raise TrainingError(
                f"The regime {self.selection.regime} asks how far the two views of a frame lie "
                "apart, and tta is false.",
                'Set tta = true, or regime = "all".',
            )


def run(path: Path, *, resume: bool, report: Report) -> Path:
    """Label as a TOML file says; the label file.

    Raises:
        SonichuError: for configuration, models or sources that cannot be used.
    """
    config = read_config(path, PseudoLabelConfig)
    with joined_world(config.device) as world:
        return label(config, world, resume=resume, report=report)


def label(config: PseudoLabelConfig, world: World, *, resume: bool, report: Report) -> Path:
    """Asks the models about all frames that they have not yet answered, and writes the labels.

    Raises:
        SonichuError: as for `run`.
    """
    if config.threads:
        torch.set_num_threads(config.threads)
    members = load_panel(config.models)
    for member in members:
        member.model.to(world.device)
    questions = asked(config, report=report)
    output = Path(config.output)
    panel = {"models": [member.digest for member in members], "tta": config.tta}
    book = AnswerBook(output, panel, writer=world.rank)
    if world.first:
        book.start(resume=resume)
    world.wait()
    _ask(questions, members, book, config, world=world, report=report)
    world.wait()
    if world.first:
        _write(questions, members, book, config, report=report)
    return output / LABELS_FILE


def asked(config: PseudoLabelConfig, *, report: Report) -> list[Question]:
    """Every frame of the sources with its task, each once.

    Raises:
        SonichuError: a source cannot be read, names no task, or has no unlabelled frame.
    """
    root = data_root().absolute()
    questions: dict[Key, Question] = {}
    for source in config.frames:
        if not source.task:
            raise TrainingError(
                f"The source {source.path} does not say which task is asked of its frames.",
                'Add task = "…" to it.',
            )
        found = read_sources([source], root, report=lambda line: report(-1, line))
        if not found.frames:
            raise TrainingError(
                f"The source {source.path} ({source.kind}) has no unlabelled frame.",
                'Give a folder of frames: kind = "folder".',
            )
        for frame in found.frames:
            path = frame.images / frame.image_path
            image = path.relative_to(root) if path.is_relative_to(root) else path
            question = Question(frame, task_named(source.task).id, image.as_posix())
            questions.setdefault(question.key, question)
    return list(questions.values())


def _ask(
    questions: Sequence[Question],
    members: Sequence[Member],
    book: AnswerBook,
    config: PseudoLabelConfig,
    *,
    world: World,
    report: Report,
) -> None:
    """Has this process' share of the open questions answered, task by task."""
    voters = {task: _voters(task, members) for task in dict.fromkeys(q.task for q in questions)}
    answers, _ = book.read()
    mine = questions[world.rank :: world.size]
    is_open = [question for question in mine if question.key not in answers]
    done = len(mine) - len(is_open)
    if done:
        report(done / len(mine), f"going on: {done} of {len(mine)} frames are answered")
    for task, able in voters.items():
        batches = answer_all(
            [question for question in is_open if question.task == task],
            able,
            task_named(task).unordered_pairs,
            tta=config.tta,
            batch_size=config.batch_size,
            workers=config.workers,
            device=world.device,
        )
        for batch in batches:
            book.add(batch)
            done += len(batch)
            report(done / len(mine), f"{task}: {done} of {len(mine)} frames")


def _voters(task: str, members: Sequence[Member]) -> list[Member]:
    """Those of the models that can answer.

    Raises:
        UntrainedHead: none can.
        TrainingError: one has other keypoints.
    """
    voters = [member for member in members if member.votes_on(task)]
    if not voters:
        raise UntrainedHead(
            f"No trained head for {task} in {', '.join(str(one.folder) for one in members)}.",
            "Choose models that have one, or leave the source out.",
        )
    count = len(task_named(task).keypoints)
    for member in voters:
        own = len(member.model.config.tasks[task].keypoints)
        if own != count:
            raise TrainingError(
                f"{member.folder} has {own} keypoints for {task}, which has {count}.",
                "Choose another model.",
            )
    return voters


def _write(
    questions: Sequence[Question],
    members: Sequence[Member],
    book: AnswerBook,
    config: PseudoLabelConfig,
    *,
    report: Report,
) -> None:
    """Selects among the answers, tells what became of all, and writes the labels.

    Raises:
        TrainingError: none is kept.
    """
    answers, unusable = book.read()
    usable = [answers[question.key] for question in questions if question.key in answers]
    broken = {q.key: unusable[q.key] for q in questions if q.key in unusable}
    refused = refusals(usable, config.selection)
    tallies = tally(usable, refused, broken)
    for line in told(tallies, broken):
        report(-1, line)
    selection_file = Path(config.output) / SELECTION_FILE
    document = {"models": list(config.models), "selection": dataclasses.asdict(config.selection)}
    write_whole(selection_file, as_json({**document, **described(tallies, broken)}))
    kept = [one for one, why in zip(usable, refused, strict=True) if not why]
    if not kept:
        raise TrainingError(
            f"None of the {len(questions)} frames has an answer that is kept.",
            f"{selection_file} tells why; with --resume, other thresholds need no second look at "
            "the frames.",
        )
    of = {question.key: question for question in questions}
    voters = {task: _voters(task, members) for task in dict.fromkeys(one.task for one in kept)}
    rows = [label_row(one, of[one.key].frame, voters[one.task]) for one in kept]
    write_whole(Path(config.output) / LABELS_FILE, as_csv(rows))
