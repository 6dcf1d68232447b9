"""The installed models: lists, adds, fetches, checks, removes and chooses them.

One long piece of work at a time, in a lane of its own; whatever happens, the list is read again
from the disk afterwards.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from sonichu_gui.errors import ModelError, SonichuError
from sonichu_gui.gui.jobs import IsCancelled, Job, JobRunner, Lane, Report, Work
from sonichu_gui.prediction import zoo
from sonichu_gui.prediction.model_source import sha256_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from sonichu_gui.gui.controllers.serving import ModelsInUse
    from sonichu_gui.prediction.zoo import ModelInfo, Verdict

KEY = "models"
LIST_KEY = "list of models"
HASH_KEY = "hash of a model"


class ModelsController(QObject):
    """What can be done with models.

    Args:
        jobs: Who reads and writes model files, off the GUI thread.
        in_use: Which model serves which task.
        in_place: Model folders that are used where they are.
    """

    listed = Signal(object)  # tuple[ModelInfo, ...]
    work_changed = Signal(object)  # Job | None: the long work under way
    done = Signal(str, object)  # what was done, Path of the model it is about | None
    failed = Signal(object)  # SonichuError
    verified = Signal(object, object)  # Path of the model, Verdict
    hashed = Signal(object, str)  # Path of the model, sha-256 or empty when it cannot be read
    in_place_changed = Signal(object)  # tuple[Path, ...]

    def __init__(self, jobs: JobRunner, in_use: ModelsInUse, *, in_place: Sequence[Path]) -> None:
        super().__init__(jobs)
        self._jobs = jobs
        self._in_use = in_use
        self._in_place = tuple(in_place)
        self._job: Job | None = None
        self._known: frozenset[Path] = frozenset()
        jobs.jobs_changed.connect(self._follow)

    @property
    def in_place(self) -> tuple[Path, ...]:
        """Model folders that are used where they are."""
        return self._in_place

    @property
    def work(self) -> Job | None:
        """The long work under way."""
        return self._job

    # ---- looking ---------------------------------------------------------------------------

    def list_models(self, lane: Lane = Lane.READING) -> None:
        """Reads what models there are."""
        extra = tuple(dict.fromkeys((*self._in_place, *self._in_use.choice.folders)))
        self._jobs.submit(
            lane,
            lambda _is_cancelled, _report: _each_once(zoo.installed_models(extra)),
            key=LIST_KEY,
            done=self._tell_list,
            failed=self._tell_failure,
        )

    def compute_hash(self, info: ModelInfo) -> None:
        """Computes the sha-256 of a model's weights; half a gigabyte takes about a second.

        The next model asked for stops it: going through the list must not stand before the frames.
        """
        self._jobs.submit(
            Lane.READING,
            lambda is_cancelled, _report: sha256_of(info.weights, is_cancelled=is_cancelled),
            key=HASH_KEY,
            done=lambda digest: self.hashed.emit(info.folder, digest),
            failed=lambda error: self._fail_hash(info, error),
        )

    # ---- long work -------------------------------------------------------------------------

    def add(
        self, origin: Path | str, *, name: str | None, image_size: int | None, task: str | None
    ) -> None:
        """Installs a model, as a copy.

        Args:
            origin: A folder, a file of weights, or a name on the Hugging Face hub: ORG/NAME or
                ORG/NAME@REVISION.
            name: What to call it; None takes its own name.
            image_size: Pixels a side that it was made for, where the weights cannot tell.
            task: The task of its only head, where the weights do not name it.
        """

        def work(is_cancelled: IsCancelled, report: Report) -> ModelInfo:
            if not isinstance(origin, str):
                return zoo.add_model(
                    origin,
                    name=name,
                    image_size=image_size,
                    task=task,
                    report=report,
                    is_cancelled=is_cancelled,
                )
            from sonichu_gui.prediction.hub import pull_model

            hub_id, _, revision = origin.partition("@")
            return pull_model(
                hub_id,
                revision=revision or None,
                name=name,
                image_size=image_size,
                task=task,
                report=report,
                is_cancelled=is_cancelled,
            )

        called = origin if isinstance(origin, str) else origin.name
        self._begin(work, self._tell_added, self.tr("Adding {}").format(called))

    def use_in_place(self, folder: Path) -> None:
        """Takes a model folder into the list without copying it."""

        def done(info: ModelInfo) -> None:
            text = self.tr("{} is in the list already")
            if info.folder not in self._known:
                self._set_in_place((*self._in_place, info.folder))
                text = self.tr("{} is in the list, where it is")
            self.done.emit(text.format(info.name), info.folder)
            self.list_models()

        self._begin(
            lambda _is_cancelled, _report: zoo.read_model_info(folder.absolute()),
            done,
            self.tr("Reading {}").format(folder.name),
        )

    def verify(self, info: ModelInfo) -> None:
        """Checks whether a model is whole and what it was when it came."""

        def work(is_cancelled: IsCancelled, report: Report) -> Verdict:
            return zoo.verify_model(info, report=report, is_cancelled=is_cancelled)

        def done(verdict: Verdict) -> None:
            self.verified.emit(info.folder, verdict)

        self._begin(work, done, self.tr("Checking {}").format(info.name))

    def remove(self, info: ModelInfo) -> None:
        """Deletes an installed model; what it served goes to the active or the embedded one."""
        self._in_use.unload(info.folder)

        def done(_: None) -> None:
            self._in_use.leave(info.folder)
            self.done.emit(self.tr("{} removed").format(info.name), None)
            self.list_models()

        self._begin(
            lambda _is_cancelled, _report: zoo.remove_model(info),
            done,
            self.tr("Removing {}").format(info.name),
        )

    def stop(self) -> None:
        """Stops the long work."""
        self._jobs.cancel(KEY)

    # ---- choosing --------------------------------------------------------------------------

    def use(self, folder: Path) -> bool:
        """Takes a model for all tasks; the present ones stay when it cannot be read."""
        return self._choose(lambda: self._in_use.use(folder))

    def use_for_task(self, task_id: str, folder: Path) -> bool:
        """Takes a model for one task; the present one stays when it cannot be read."""
        return self._choose(lambda: self._in_use.use_for_task(task_id, folder))

    def use_active_for(self, task_id: str) -> None:
        """Gives a task back to the model of all tasks."""
        self._in_use.use_active_for(task_id)

    def forget(self, folder: Path) -> None:
        """Takes a folder that is used in place off the list; its files stay."""
        self._set_in_place(tuple(other for other in self._in_place if other != folder))
        self._in_use.leave(folder)
        self.list_models()

    # ---- within ----------------------------------------------------------------------------

    def _choose(self, choose: Callable[[], None]) -> bool:
        try:
            choose()
        except ModelError as error:
            self.failed.emit(error)
            return False
        return True

    def _set_in_place(self, folders: tuple[Path, ...]) -> None:
        self._in_place = folders
        self.in_place_changed.emit(folders)

    def _begin(self, work: Work, done: Callable[[Any], None], text: str) -> None:
        if self._job is not None:
            self.failed.emit(
                SonichuError(
                    self.tr("{} is not done yet.").format(self._job.text),
                    self.tr("Wait for it, or stop it."),
                )
            )
            return
        self._job = self._jobs.submit(
            Lane.MODEL_FILES, work, key=KEY, done=done, failed=self._fail, text=text
        )
        self.work_changed.emit(self._job)

    def _follow(self, running: tuple[Job, ...]) -> None:
        """The jobs have changed: ours has come further, has ended, or was stopped anywhere."""
        if self._job is None:
            return
        if self._job in running:
            self.work_changed.emit(self._job)
            return
        stopped = self._job if self._job.is_cancelled() else None
        self._job = None
        self.work_changed.emit(None)
        if stopped is not None:
            self.done.emit(self.tr("Stopped: {}").format(stopped.text), None)
            self.list_models(Lane.MODEL_FILES)  # behind the work that is just ending

    def _tell_list(self, models: tuple[ModelInfo, ...]) -> None:
        self._known = frozenset(info.folder for info in models)
        self._in_use.note(models)
        self.listed.emit(models)

    def _tell_added(self, info: ModelInfo) -> None:
        there = info.folder in self._known  # the same weights are not installed twice
        text = self.tr("{} is installed already") if there else self.tr("{} added")
        self.done.emit(text.format(info.name), info.folder)
        self.list_models()

    def _fail(self, error: BaseException) -> None:
        self.list_models()
        self._tell_failure(error)

    def _fail_hash(self, info: ModelInfo, error: BaseException) -> None:
        self.hashed.emit(info.folder, "")
        if isinstance(error, OSError):
            reason = error.strerror or error
            error = ModelError(f"{info.weights} cannot be read: {reason}.", "Check the disk.")
        self._tell_failure(error)

    def _tell_failure(self, error: BaseException) -> None:
        if not isinstance(error, SonichuError):
            raise error
        self.failed.emit(error)


def _each_once(models: Sequence[ModelInfo]) -> tuple[ModelInfo, ...]:
    """Gives each folder once, whatever way leads there."""
    found: dict[Path, ModelInfo] = {}
    for info in models:
        found.setdefault(info.folder.resolve(), info)
    return tuple(found.values())
