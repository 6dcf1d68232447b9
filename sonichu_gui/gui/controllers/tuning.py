"""Fine-tunes a model on the frames that a person corrected, in a program of its own.

Here it is only started, followed and stopped; its lane's one thread does nothing but wait for it.
"""

from __future__ import annotations

import time
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from sonichu_gui.errors import SonichuError
from sonichu_gui.gui.jobs import IsCancelled, Job, JobRunner, Lane, Report
from sonichu_gui.gui.own_program import run_own_program
from sonichu_gui.gui.tuning import TuningPlan, TuningResult

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sonichu_gui.gui.controllers.models import ModelsController
    from sonichu_gui.gui.controllers.serving import ModelsInUse
    from sonichu_gui.gui.document import Document
    from sonichu_gui.gui.tuning import TuningChoice

KEY = "fine-tune"
PLAN_KEY = "plan of a fine-tune"
COMMAND = ("train", "finetune", "--json", "--attached")
NEEDED = ("tensorboard",)
"""What the training needs and the window does not."""


class TuningController(QObject):
    """One fine-tune at a time.

    Args:
        document: Whose label stores are learned from.
        jobs: Who waits for the program.
        models: Where a new model is put to use.
        in_use: Knows the model that it starts from.
    """

    planned = Signal(object)  # TuningPlan
    work_changed = Signal(object)  # Job | None: the fine-tune under way
    finished = Signal(object)  # TuningResult
    stopped = Signal()
    failed = Signal(object)  # SonichuError

    def __init__(
        self,
        document: Document,
        jobs: JobRunner,
        models: ModelsController,
        in_use: ModelsInUse,
    ) -> None:
        super().__init__(document)
        self._document = document
        self._jobs = jobs
        self._models = models
        self._in_use = in_use
        self._job: Job | None = None
        jobs.jobs_changed.connect(self._follow)

    @property
    def work(self) -> Job | None:
        """The fine-tune under way."""
        return self._job

    def missing(self) -> SonichuError | None:
        """Says what keeps this installation from training."""
        lacking = [name for name in NEEDED if find_spec(name) is None]
        if not lacking:
            return None
        return SonichuError(
            self.tr("Fine-tuning needs {}, which is not installed.").format(", ".join(lacking)),
            self.tr("Install the training part with: pip install 'sonichu[train]'"),
        )

    def plan(self, store: Path) -> None:
        """Looks what there is to learn from in a folder of frames."""
        self._document.keeper.flush()
        model = self._in_use.active
        arguments = ["--plan", "--store", str(store)]
        arguments += ["--model", str(model.folder)] if model else []
        self._submit(arguments, key=PLAN_KEY, text="", done=self._tell_plan)

    def forget_plan(self) -> None:
        """Nobody waits for the plan any more."""
        self._jobs.cancel(PLAN_KEY)

    def start(self, choice: TuningChoice) -> None:
        """Trains; the window goes on."""
        self._document.keeper.flush()
        self._job = self._submit(
            choice.arguments,
            key=KEY,
            text=self.tr("Fine-tuning {}").format(choice.name),
            done=self._tell_result,
        )
        self.work_changed.emit(self._job)

    def stop(self) -> None:
        """Stops it; what is done is kept and gone on from."""
        self._jobs.cancel(KEY)

    def use(self, result: TuningResult) -> bool:
        """Puts a new model to use where the old one was."""
        if not self._in_use.choice.by_task:
            return self._models.use(result.folder)
        return all(self._models.use_for_task(task, result.folder) for task in result.tasks)

    # ---- within ----------------------------------------------------------------------------

    def _submit(
        self, arguments: list[str], *, key: str, text: str, done: Callable[[Any], None]
    ) -> Job:
        def work(is_cancelled: IsCancelled, report: Report) -> dict[str, Any]:
            def tell(done: float, words: str) -> None:
                report(done, self.tr("Fine-tune · {}").format(words))

            return run_own_program([*COMMAND, *arguments], is_cancelled=is_cancelled, report=tell)

        return self._jobs.submit(
            Lane.PROGRAM, work, key=key, done=done, failed=self._fail, text=text
        )

    def _tell_plan(self, document: dict[str, Any]) -> None:
        self.planned.emit(TuningPlan.read(document))

    def _tell_result(self, document: dict[str, Any]) -> None:
        self._end_work()
        self._models.list_models()
        self.finished.emit(TuningResult.read(document))

    def _fail(self, error: BaseException) -> None:
        self._end_work()
        if not isinstance(error, SonichuError):
            raise error
        self.failed.emit(error)

    def _end_work(self) -> None:
        self._job = None
        self.work_changed.emit(None)

    def _follow(self, running: tuple[Job, ...]) -> None:
        """The jobs have changed: ours has come further, or was stopped anywhere."""
        if self._job is None:
            return
        if self._job in running:
            if self._job.progress <= 0:
                # What comes before the first step says nothing of how long the steps take.
                self._job.started = time.monotonic()
            self.work_changed.emit(self._job)
        elif self._job.is_cancelled():
            self._end_work()
            self.stopped.emit()
