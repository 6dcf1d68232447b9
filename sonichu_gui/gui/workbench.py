"""The workbench: everything the window needs, built once and connected here.

What an action does is one row in `deeds.py`; who listens to whom is in `_connect`. Nothing else in
the program knows all the parts.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QObject, QTimer
from PySide6.QtGui import QAction, QCloseEvent, QImage
from PySide6.QtWidgets import QApplication, QMessageBox

from sonichu_gui.errors import SettingsError, SonichuError
from sonichu_gui.gui import theme
from sonichu_gui.gui.actions import dress, make_actions
from sonichu_gui.gui.asking import Asking
from sonichu_gui.gui.asking_models import ModelsAsking
from sonichu_gui.gui.asking_tuning import TuningAsking
from sonichu_gui.gui.canvas.canvas import Canvas
from sonichu_gui.gui.canvas.hand import Hand
from sonichu_gui.gui.canvas.hint import CanvasHint
from sonichu_gui.gui.canvas.keys import Keys
from sonichu_gui.gui.controllers.batch import BatchController
from sonichu_gui.gui.controllers.calibrating import CalibrateController
from sonichu_gui.gui.controllers.cine import CineController
from sonichu_gui.gui.controllers.cine_marks import CineMarks
from sonichu_gui.gui.controllers.heatmap import HeatmapController
from sonichu_gui.gui.controllers.labels_io import LabelsController
from sonichu_gui.gui.controllers.models import ModelsController
from sonichu_gui.gui.controllers.moved_labels import MovedLabelsController
from sonichu_gui.gui.controllers.opening import OpeningController
from sonichu_gui.gui.controllers.pasting import PastingController
from sonichu_gui.gui.controllers.predict_ahead import AheadController
from sonichu_gui.gui.controllers.predicting import PredictController
from sonichu_gui.gui.controllers.recents import RecentController
from sonichu_gui.gui.controllers.remarks import RemarkController
from sonichu_gui.gui.controllers.reviewing import ReviewController
from sonichu_gui.gui.controllers.ruler_reading import RulerController
from sonichu_gui.gui.controllers.serving import ModelsInUse
from sonichu_gui.gui.controllers.study import StudyController
from sonichu_gui.gui.controllers.tuning import TuningController
from sonichu_gui.gui.controllers.watching import WatchController
from sonichu_gui.gui.deeds import connect_actions
from sonichu_gui.gui.document import Document
from sonichu_gui.gui.jobs import JobRunner
from sonichu_gui.gui.label_keeper import LabelKeeper
from sonichu_gui.gui.main_window import MainWindow
from sonichu_gui.gui.model_choice import ModelChoice
from sonichu_gui.gui.panels.banner import Banner
from sonichu_gui.gui.panels.cine_bar import CineBar
from sonichu_gui.gui.panels.draft_line import Draft
from sonichu_gui.gui.panels.drop_hint import DropHint
from sonichu_gui.gui.panels.empty_state import EmptyState
from sonichu_gui.gui.panels.frame_list import FrameList
from sonichu_gui.gui.panels.measure_panel import MeasurePanel
from sonichu_gui.gui.panels.status_bar import StatusBar
from sonichu_gui.gui.panels.top_bar import TopBar
from sonichu_gui.gui.place import Tool
from sonichu_gui.gui.viewing import Viewing
from sonichu_gui.paths import resources, user_models
from sonichu_gui.prediction.head_words import draft_reason, head_note
from sonichu_gui.settings import keys
from sonichu_gui.tasks import load_tasks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sonichu_gui.domain.task import Task
    from sonichu_gui.gui.recent_rows import RecentRow
    from sonichu_gui.settings.store import Settings


class Workbench(QObject):
    """All parts, connected.

    Args:
        settings: The person's settings.
    """

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.settings = settings
        self.tasks = load_tasks()
        self.jobs = JobRunner(self)
        self.keeper = LabelKeeper(self)
        first = next(iter(self.tasks.values()))
        self.document = Document(
            task=self.tasks.get(settings.get(keys.TASK), first),
            keeper=self.keeper,
            rater=settings.get(keys.RATER),
            parent=self,
        )
        self.study = StudyController(self.document, self.jobs)
        self.watch = WatchController(self.document, self.jobs, self.study)
        self.opening = OpeningController(self.document, self.jobs, self.study, self.watch)
        self.recents = RecentController(self.document, self.jobs, self.opening)
        self.pasting = PastingController(self.document, self.jobs, self.opening)
        self.moved_labels = MovedLabelsController(self.document, self.jobs, self.study)
        choice = ModelChoice.parsed(settings.get(keys.MODEL), settings.get(keys.TASK_MODELS))
        self.serving = ModelsInUse(self.document, choice, engine=settings.get(keys.ENGINE))
        self.predicting = PredictController(
            self.document,
            self.jobs,
            models=self.serving,
            device=settings.get(keys.DEVICE),
            tta=settings.get(keys.TTA),
        )
        self.models = ModelsController(self.jobs, self.serving, in_place=self._in_place(choice))
        self.heatmap = HeatmapController(self.document, self.jobs, self.predicting)
        self.review = ReviewController(self.document, self.study)
        self.cine = CineController(self.document, self.study)
        self.cine_marks = CineMarks(self.document, self.jobs)
        self.remarks = RemarkController(self.document)
        self.ahead = AheadController(
            self.document,
            self.jobs,
            study=self.study,
            predicting=self.predicting,
            cine=self.cine,
            on=settings.get(keys.AUTO_PREDICT),
            frames=settings.get(keys.PREDICT_AHEAD),
        )
        self.batch = BatchController(self.document, self.jobs, self.predicting)
        self.labels = LabelsController(self.document, self.jobs)
        self.calibrating = CalibrateController(self.document, self.jobs, self.study.read_frame)
        self.rulers = RulerController(self.document, self.jobs)
        self.tuning = TuningController(self.document, self.jobs, self.models, self.serving)
        self.actions = make_actions(self)
        self._build_rooms()
        self.asking = Asking(self.window, self.document, self.labels, self.predicting, self.batch)
        self.asking_models = ModelsAsking(
            self.window, self.document, self.models, self.serving, self.tasks
        )
        self.asking_tuning = TuningAsking(
            self.window, self.document, self.labels, self.tuning, self.tasks
        )
        self._connect()
        connect_actions(self)
        self._apply_settings()

    # ---- building --------------------------------------------------------------------------

    def _in_place(self, choice: ModelChoice) -> list[Path]:
        """Model folders outside the app's own: those that were listed, and those in use."""
        listed = [Path(folder) for folder in self.settings.get(keys.MODEL_FOLDERS)]
        home = (user_models(), resources("models"))
        in_use = [folder for folder in choice.folders if folder.parent not in home]
        return list(dict.fromkeys((*listed, *in_use)))

    def _build_rooms(self) -> None:
        self.canvas = Canvas(self.document)
        self.hand = Hand(self.canvas, self.document)
        self.keys = Keys(self.canvas, self.document, self.hand)
        self.viewing = Viewing(
            self.document,
            self.jobs,
            self.settings,
            self.actions,
            canvas=self.canvas,
            study=self.study,
        )
        self.top_bar = TopBar(self.document, self.actions, tuple(self.tasks.values()))
        self.frame_list = FrameList(self.document)
        self.measure_panel = MeasurePanel(self.document, self.actions)
        self.status_bar = StatusBar(self.document)
        self.cine_bar = CineBar(self.document, self.actions)
        self.banner = Banner()
        self._demo_action = QAction(self.tr("Open demo study"), self)
        self.empty_state = EmptyState(self.actions, self._demo_action)
        self.window = MainWindow(
            top_bar=self.top_bar,
            frame_list=self.frame_list,
            canvas=self.canvas,
            hint=CanvasHint(self.canvas, self.document),
            drop_hint=DropHint(),
            empty_state=self.empty_state,
            banner=self.banner,
            strips=self.viewing.strips,
            cine_bar=self.cine_bar,
            measure_panel=self.measure_panel,
            status_bar=self.status_bar,
        )
        for action in self.actions.values():
            self.window.addAction(action)

    def _connect(self) -> None:
        document, study, window = self.document, self.study, self.window
        document.frame_changed.connect(window.show_canvas)
        document.failed.connect(self.banner.show_error)
        document.undo_stack.canUndoChanged.connect(self.actions["undo"].setEnabled)
        document.undo_stack.canRedoChanged.connect(self.actions["redo"].setEnabled)
        document.undo_stack.undoTextChanged.connect(self._name_undo)
        document.undo_stack.redoTextChanged.connect(self._name_redo)
        document.tool_changed.connect(self._show_tool)
        document.save_changed.connect(self._note_store)
        document.status_changed.connect(self._note_store)
        document.frame_changed.connect(self._note_store)
        document.frame_changed.connect(self._focus_canvas)
        study.statuses_read.connect(self.frame_list.set_statuses)
        self.frame_list.path_chosen.connect(self._show_chosen)
        self.top_bar.task_chosen.connect(self._choose_task)
        self.measure_panel.place_wanted.connect(self._place_from)
        self.measure_panel.calibrate_wanted.connect(self.calibrating.begin)
        self.measure_panel.scale_length_entered.connect(self.calibrating.set_length)
        self.jobs.jobs_changed.connect(self.status_bar.set_jobs)
        self.status_bar.cancel_wanted.connect(self.jobs.cancel)
        self.hand.cursor_moved.connect(self.status_bar.set_cursor)
        self.keys.escaped.connect(self.banner.put_away)
        self.keys.accept_wanted.connect(self.review.accept_and_next)
        self.canvas.zoom_changed.connect(self.status_bar.set_zoom)
        self.review.incomplete.connect(self.banner.show_warning)
        self.labels.written.connect(self.banner.show_note)
        self.labels.imported.connect(self._after_import)
        self._demo_action.triggered.connect(self.open_demo)
        window.dropped.connect(self.pasting.open)
        window.closing.connect(self._close)
        self._connect_cine()
        self._connect_opening()
        self._connect_model()
        self._connect_scale()
        self._connect_viewing()

    def _connect_viewing(self) -> None:
        self.viewing.name.changed.connect(self.window.setWindowTitle)
        self.viewing.not_found.connect(self.banner.show_warning)
        self.viewing.area_hand.cursor_moved.connect(self.status_bar.set_cursor)
        self.keys.escaped.connect(self.viewing.look_panel.closed)
        self.keys.escaped.connect(self.viewing.pictures.drop)
        frame_list, thumbnails = self.frame_list, self.viewing.thumbnails
        frame_list.thumbnail_wanted.connect(thumbnails.make)
        frame_list.thumbnail_unwanted.connect(thumbnails.leave)
        thumbnails.made.connect(frame_list.set_thumbnail)
        thumbnails.outdated.connect(frame_list.forget_all_thumbnails)

    def _connect_opening(self) -> None:
        menu, recent = self.top_bar.recent, self.empty_state.recent
        self.watch.files_changed.connect(self.frame_list.forget_thumbnails)
        self.watch.reach_changed.connect(self.frame_list.set_reach)
        self.study.walk.passes = self.frame_list.model.is_listed
        self.status_bar.cancel_wanted.connect(self.opening.stop)
        self.opening.begun.connect(self._put_banner_away)
        self.opening.warned.connect(self.banner.show_warning)
        self.pasting.saved.connect(self.banner.show_note)
        for chosen in (menu.chosen, recent.chosen):
            chosen.connect(self.recents.open)
        for clearing_wanted in (menu.clearing_wanted, recent.clearing_wanted):
            clearing_wanted.connect(self.recents.clear)
        menu.aboutToShow.connect(self.recents.look)
        menu.removal_wanted.connect(self.recents.remove_missing)
        self.recents.gone.connect(self._tell_missing)
        recent.removal_wanted.connect(self.recents.remove)
        for changed in (menu.set_rows, recent.set_rows):
            changed(self.recents.rows)
            self.recents.changed.connect(changed)

    def _connect_cine(self) -> None:
        cine, bar = self.cine, self.cine_bar
        for part in (self.hand, self.keys):
            part.frame_step_wanted.connect(cine.step)
        bar.frame_wanted.connect(cine.go_to)
        bar.step_wanted.connect(cine.step)
        bar.taken_in_hand.connect(cine.stop)
        self.study.gave_up.connect(bar.show_place)
        bar.speed_chosen.connect(cine.set_speed)
        bar.repeat_chosen.connect(cine.set_repeat)
        bar.field_left.connect(self.window.focus_canvas)
        cine.playing_changed.connect(self.actions["play"].setChecked)
        cine.range_changed.connect(bar.show_range)
        cine.lag_changed.connect(bar.show_lag)
        self.cine_marks.changed.connect(bar.set_marks)
        self.labels.imported.connect(self.cine_marks.read_again)
        self.status_bar.cancel_wanted.connect(self.study.stop_waiting)
        self.remarks.remarked.connect(self.banner.show_remark)

    def _connect_model(self) -> None:
        self.top_bar.device_chosen.connect(self._choose_device)
        self.top_bar.engine_chosen.connect(self._choose_engine)
        self.serving.changed.connect(self._show_heads)
        self.serving.chosen.connect(self._remember_models)
        self.models.in_place_changed.connect(self._remember_in_place)
        self.heatmap.changed.connect(self.canvas.show_heatmap)
        self.serving.changed.connect(self.heatmap.start_over)
        self.predicting.devices_found.connect(self._show_devices)
        self.predicting.state_changed.connect(self.status_bar.set_model)
        self.predicting.warned.connect(self.banner.show_warning)
        self.batch.told.connect(self.banner.show_note)
        self.batch.troubled.connect(self.banner.show_warning)
        self.asking_tuning.told.connect(self.banner.show_note)

    def _connect_scale(self) -> None:
        scaling, regions = self.document.scaling, self.actions["regions"]
        self.measure_panel.depth_wanted.connect(self.calibrating.begin_depth)
        self.measure_panel.ruler_wanted.connect(self.rulers.read)
        self.measure_panel.folder_wanted.connect(self.calibrating.give_to_folder)
        self.calibrating.told.connect(self.banner.show_note)
        scaling.changed.connect(lambda: regions.setChecked(scaling.regions_shown))

    def _apply_settings(self) -> None:
        self.actions["ellipses"].setChecked(True)
        self.actions["labels"].setChecked(self.settings.get(keys.SHOW_LABELS))
        self.canvas.show_names(self.settings.get(keys.SHOW_LABELS))
        self.canvas.set_handle_size(self.settings.get(keys.HANDLE_SIZE))
        self.actions["tta"].setChecked(self.settings.get(keys.TTA))
        self.actions["auto_predict"].setChecked(self.settings.get(keys.AUTO_PREDICT))
        for name in ("undo", "redo"):
            self.actions[name].setEnabled(False)
        self._show_devices(("cpu",))
        self._show_engines()
        geometry = self.settings.get(keys.WINDOW_GEOMETRY)
        if geometry:
            self.window.restoreGeometry(QByteArray.fromBase64(geometry.encode("ascii")))
        else:
            self.window.take_room()

    # ---- beginning and end -----------------------------------------------------------------

    def begin(self, paths: list[Path]) -> None:
        """Shows the window, then opens what was asked for or the last session."""
        self.document.clear_frame()
        self.window.show()
        if paths:
            self.opening.open_paths(paths)
        else:
            self.recents.open_last()
        self.recents.look()
        QTimer.singleShot(0, self, self._warm_up)

    def open_demo(self) -> None:
        """Opens the demo study in a copy of its own."""
        from sonichu_gui.demo import make_demo_study

        try:
            self.opening.open_paths([make_demo_study()])
        except SonichuError as error:
            self.document.failed.emit(error)

    def _warm_up(self) -> None:
        """After the first picture: what the model says of itself."""
        self.serving.look_up()

    def _close(self, event: QCloseEvent) -> None:
        self.keeper.flush()
        if self.keeper.waiting and not self._may_lose_edits():
            event.ignore()
            return
        if not self.asking_tuning.may_close():
            event.ignore()
            return
        self._remember_session()
        self.asking_tuning.close()
        self.asking_models.close()
        self.cine.play(False)
        self.jobs.close()
        self.viewing.close()
        self.recents.close()
        self.study.close()
        self.keeper.close()
        event.accept()

    def _may_lose_edits(self) -> bool:
        box = QMessageBox(self.window)
        box.setIcon(QMessageBox.Icon.Warning)
        box.setText(self.tr("Edits that could not be written: {}").format(self.keeper.waiting))
        box.setInformativeText(self.tr("They are lost when the window closes now."))
        lose = box.addButton(self.tr("Close and lose them"), QMessageBox.ButtonRole.DestructiveRole)
        stay = box.addButton(self.tr("Stay"), QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(stay)
        box.exec()
        return box.clickedButton() is lose

    def _remember_session(self) -> None:
        self.settings.set(keys.TASK, self.document.task.id)
        geometry = self.window.saveGeometry().toBase64().data()
        self.settings.set(keys.WINDOW_GEOMETRY, bytes(geometry).decode("ascii"))
        self._save_settings()

    def _save_settings(self) -> None:
        try:
            self.settings.save()
        except SettingsError as error:
            self.document.failed.emit(error)

    # ---- deeds of more than one part -------------------------------------------------------

    def predict(self) -> None:
        """Asks for the points of the frame shown; a cine that plays stops at it."""
        if self.cine.is_playing:
            self.cine.play(False)
        self.predicting.predict()

    def picture(self) -> QImage:
        """The annotated frame at image resolution."""
        from sonichu_gui.gui.canvas.snapshot import annotated_image

        return annotated_image(
            self.document,
            names=self.actions["labels"].isChecked(),
            uncertainty=self.actions["ellipses"].isChecked(),
            heat=self.heatmap.shown,
        )

    def take_screenshot(self) -> None:
        """Saves the annotated frame where the person says."""
        self.viewing.pictures.leave(self._save_picture)

    def copy_picture(self) -> None:
        """Puts the annotated frame on the clipboard."""
        self.viewing.pictures.leave(self._copy_picture)

    def _save_picture(self) -> None:
        picture, look = self.picture(), self.document.appearance.words
        out = self.asking.where_to_put_picture()
        if out is not None:
            self.labels.save_image(picture, out, look=look)

    def _copy_picture(self) -> None:
        self.labels.copy_image(self.picture(), look=self.document.appearance.words)

    def toggle_theme(self) -> None:
        """Changes between light and dark."""
        self.settings.set(keys.THEME, "light" if theme.current() is theme.DARK else "dark")
        app = QApplication.instance()
        if isinstance(app, QApplication):
            theme.apply(app, theme.resolve(self.settings.get(keys.THEME)))
        dress(self.actions)
        self.canvas.redress()

    # ---- small connections -----------------------------------------------------------------

    def _choose_task(self, task: Task) -> None:
        self.document.set_task(task)
        self.study.read_statuses()
        self.window.focus_canvas()

    def _choose_device(self, device: str) -> None:
        self.settings.set(keys.DEVICE, device)
        self._show_devices(self._devices)
        self.predicting.use_device(device)

    def _choose_engine(self, engine: str) -> None:
        self.settings.set(keys.ENGINE, engine)
        self._show_engines()
        self.predicting.use_engine(engine)

    def choose_tta(self, on: bool) -> None:
        """Predicts on the mirror image too, or not."""
        self.settings.set(keys.TTA, on)
        self.predicting.use_tta(on)
        self.heatmap.start_over()

    def choose_auto_predict(self, on: bool) -> None:
        """Predicts frames as they are shown, or only when asked."""
        self.settings.set(keys.AUTO_PREDICT, on)
        self.ahead.set_on(on)

    def show_names(self, on: bool) -> None:
        """Shows or hides the names of the points."""
        self.settings.set(keys.SHOW_LABELS, on)
        self.canvas.show_names(on)

    def full_screen(self, on: bool) -> None:
        """Uses the whole screen, or not."""
        self.window.showFullScreen() if on else self.window.showNormal()

    def _focus_canvas(self, *_: object) -> None:
        """The keys go to the frame, unless a person is typing elsewhere."""
        if not (self.frame_list.search.hasFocus() or self.cine_bar.has_focus):
            self.window.focus_canvas()

    def _remember_models(self, choice: ModelChoice) -> None:
        self.settings.set(keys.MODEL, choice.active_text)
        self.settings.set(keys.TASK_MODELS, choice.rows)
        self._save_settings()

    def _remember_in_place(self, folders: Sequence[Path]) -> None:
        self.settings.set(keys.MODEL_FOLDERS, [str(folder) for folder in folders])
        self._save_settings()

    def _show_devices(self, devices: Sequence[str]) -> None:
        self._devices = devices
        self.top_bar.set_devices(["auto", *devices], self.settings.get(keys.DEVICE))

    def _show_engines(self) -> None:
        openvino = ["openvino"] if find_spec("openvino") else []
        self.top_bar.set_engines(["auto", "torch", *openvino], self.settings.get(keys.ENGINE))

    def _show_chosen(self, path: Path) -> None:
        self.study.show(path)
        self.window.focus_canvas()

    def _place_from(self, index: int) -> None:
        self.document.select(index)
        self.document.set_tool(Tool.PLACE)
        self.window.focus_canvas()

    def _show_tool(self, tool: Tool) -> None:
        self.actions["place"].setChecked(tool is Tool.PLACE)
        if tool is Tool.EDIT:
            self._focus_canvas()

    def _show_heads(self) -> None:
        notes, drafts = {}, {}
        for task in self.tasks.values():
            info = self.serving.info_for(task.id)
            head = info.tasks.get(task.id) if info else None
            trained = head is not None and head.trained
            notes[task.id] = head_note(head) if trained and head else self.tr("no trained head")
            if info and trained and head and head.is_draft:
                drafts[task.id] = Draft(info.name, draft_reason(head))
        self.top_bar.set_head_notes(notes)
        self.measure_panel.set_drafts(drafts)

    def _name_undo(self, text: str) -> None:
        self.actions["undo"].setToolTip(self.tr("Undo {}").format(text) + "  ·  Ctrl+Z")

    def _name_redo(self, text: str) -> None:
        self.actions["redo"].setToolTip(self.tr("Redo {}").format(text) + "  ·  Ctrl+Shift+Z")

    def _note_store(self, *_: object) -> None:
        path = self.document.path
        store = self.keeper.store_of(path.parent) if path else None
        self.status_bar.set_store_note(store.note if store else "")

    def _after_import(self, text: str) -> None:
        self.banner.show_note(text)
        self.study.read_statuses()

    def _put_banner_away(self, _opened: object) -> None:
        self.banner.put_away()  # it was about another study

    def _tell_missing(self, row: RecentRow) -> None:
        """A recent study is not there: say so, with a way to take it off the list."""
        remove = QAction(self.tr("Remove from list"), self)
        remove.triggered.connect(lambda: self.recents.remove(row.study))
        self.banner.show_warning(
            self.tr("{} is not there").format(row.title),
            self.tr("It was moved or deleted, or its drive is not connected: {}").format(row.place),
            remove,
        )
