"""Which model serves which task now, and the models that are in memory.

A model whose folder is gone is left with a word, and the next best serves; the person's choice
stays as it was, since a drive may come back.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from sonichu_gui.errors import ModelError
from sonichu_gui.gui.model_choice import Serving
from sonichu_gui.prediction import zoo

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from sonichu_gui.gui.document import Document
    from sonichu_gui.gui.model_choice import ModelChoice
    from sonichu_gui.prediction.local import LocalPredictor
    from sonichu_gui.prediction.zoo import ModelInfo

ENGINES_KEPT = 2
"""So that going back and forth between two tasks reads no weights again."""


@dataclass(slots=True)
class Engine:
    """A model on a device: what one choice of both stands for, loaded by its first prediction."""

    folder: Path
    device: str
    kind: str = "auto"
    predictor: LocalPredictor | None = None

    def ready(self, loading: Callable[[], object]) -> LocalPredictor:
        """Gives the model, in memory; for a worker thread, since the first call takes long.

        Args:
            loading: Called before the model is read, and only then.

        Raises:
            ModelError: It cannot be loaded.
        """
        if self.predictor is None:
            loading()
            from sonichu_gui.prediction.local import LocalPredictor

            predictor = LocalPredictor(self.folder, device=self.device, engine=self.kind)
            predictor.load()
            self.predictor = predictor
        return self.predictor


class ModelsInUse(QObject):
    """The models of the tasks.

    Args:
        document: Where a word goes when a model cannot be used.
        choice: What the person chose before.
        engine: What runs them: "auto", "torch" or "openvino".

    Attributes:
        looked_up: Whether the models' cards were read; nothing is known of any before.
    """

    chosen = Signal(object)  # ModelChoice a person made
    changed = Signal()  # another model may serve a task now

    def __init__(self, document: Document, choice: ModelChoice, *, engine: str = "auto") -> None:
        super().__init__(document)
        self._document = document
        self._choice = choice
        self._default: ModelInfo | None = None
        self._infos: dict[Path, ModelInfo] = {}
        self._engines: OrderedDict[tuple[Path, str], Engine] = OrderedDict()
        self._engine_choice = engine
        self.looked_up = False

    @property
    def choice(self) -> ModelChoice:
        """What the person chose; a folder in it may be gone."""
        return self._choice

    @property
    def active(self) -> ModelInfo | None:
        """The model of every task that has none of its own; None when there is no model."""
        return self._known(self._choice.active) or self._default

    @property
    def serving(self) -> Serving:
        """Which model serves which task now."""
        own = {task: self.info_for(task) for task in self._choice.by_task}
        return Serving(
            self.active.folder if self.active else None,
            {task: info.folder for task, info in own.items() if info},
        )

    def info_for(self, task_id: str) -> ModelInfo | None:
        """What is known of a task's model; None before it was looked up or when missing."""
        folder = self._choice.folder_for(task_id)
        return self._default if folder is None else self._known(folder) or self.active

    def look_up(self) -> None:
        """Reads what the models in use say of themselves; says which cannot be used."""
        self.looked_up = True
        self._infos.clear()
        try:
            self._default = zoo.default_model()
        except ModelError as error:
            self._default = None
            self._document.failed.emit(error)
        self._read(self._choice.folders)
        self.changed.emit()

    def note(self, infos: Sequence[ModelInfo]) -> None:
        """Takes what a fresh look at the installed models found, e.g. a drive that came back."""
        chosen = self._choice.folders
        found = {info.folder: info for info in infos if info.folder in chosen and not info.problem}
        if any(self._infos.get(folder) != info for folder, info in found.items()):
            self._infos.update(found)
            self.changed.emit()

    def serve(self, task_id: str) -> ModelInfo | None:
        """Gives the model that is to answer for a task, having made sure that it is still there."""
        if not self.looked_up or self.active is None:
            self.look_up()
        info = self.info_for(task_id)
        if info is not None and not self._is_loaded(info.folder) and not info.folder.is_dir():
            self._infos.pop(info.folder, None)
            self._read((info.folder,))
            self.changed.emit()
            info = self.info_for(task_id)
        return info

    def engine(self, folder: Path, device: str) -> Engine:
        """Gives the engine of a model; the ones used last stay in memory."""
        key = (folder, device)
        engine = self._engines.setdefault(key, Engine(folder, device, self._engine_choice))
        self._engines.move_to_end(key)
        while len(self._engines) > ENGINES_KEPT:
            self._engines.popitem(last=False)
        return engine

    def use_engine(self, engine: str) -> None:
        """Runs the models by another engine; those in memory are forgotten."""
        self._engine_choice = engine
        self.unload()

    def loaded(self, folder: Path, device: str) -> LocalPredictor | None:
        """Gives a model that is in memory, or None."""
        engine = self._engines.get((folder, device))
        return engine.predictor if engine else None

    def unload(self, folder: Path | None = None) -> None:
        """Forgets a model's engines, or all: the next prediction reads its folder again."""
        gone = [key for key in self._engines if folder in (None, key[0])]
        for key in gone:
            del self._engines[key]

    def use(self, folder: Path) -> None:
        """Takes a model for all tasks.

        Raises:
            ModelError: It cannot be read; the present ones stay.
        """
        self._take(folder, self._choice.for_all(self._named(folder)))

    def use_for_task(self, task_id: str, folder: Path) -> None:
        """Takes a model for one task.

        Raises:
            ModelError: It cannot be read; the present one stays.
        """
        self._take(folder, self._choice.for_task(task_id, self._named(folder)))

    def use_active_for(self, task_id: str) -> None:
        """Gives a task back to the model of all tasks."""
        self._choose(self._choice.for_task(task_id, self._choice.active))

    def leave(self, folder: Path) -> None:
        """Goes on without a model that was removed."""
        self.unload(folder)
        self._infos.pop(folder, None)
        choice = self._choice.without(folder)
        if choice != self._choice:
            self._choose(choice)

    def _take(self, folder: Path, choice: ModelChoice) -> None:
        self._infos[folder] = zoo.read_model_info(folder)
        self._choose(choice)

    def _choose(self, choice: ModelChoice) -> None:
        self._choice = choice
        self.chosen.emit(choice)
        self.changed.emit()

    def _named(self, folder: Path) -> Path | None:
        """The folder as a choice names it: the model that comes with the app may move with it."""
        return None if self._default is not None and folder == self._default.folder else folder

    def _known(self, folder: Path | None) -> ModelInfo | None:
        return self._infos.get(folder) if folder is not None else None

    def _read(self, folders: Sequence[Path]) -> None:
        """Reads models' cards; says which cannot be used, and what serves instead."""
        wrong: list[ModelError] = []
        for folder in folders:
            try:
                self._infos[folder] = zoo.read_model_info(folder)
            except ModelError as error:
                wrong.append(error)
        if not wrong:
            return
        told = [error.message for error in wrong]
        hint = wrong[-1].hint
        if self.active is not None:
            told.append(self.tr("{} is used instead.").format(self.active.name))
            hint = self.tr("Choose another in Models…")
        self._document.failed.emit(ModelError(" ".join(told), hint))

    def _is_loaded(self, folder: Path) -> bool:
        return any(key[0] == folder and e.predictor for key, e in self._engines.items())
