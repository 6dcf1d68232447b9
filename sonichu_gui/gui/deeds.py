"""What each action of the table does: one row an action."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QGuiApplication

from sonichu_gui.gui.place import Tool

if TYPE_CHECKING:
    from collections.abc import Callable

    from sonichu_gui.gui.workbench import Workbench


def connect_actions(bench: Workbench) -> None:
    """Connects every action with its deed."""
    for name, deed in _deeds(bench).items():
        bench.actions[name].triggered.connect(lambda _checked=False, deed=deed: deed())
    for name, toggle in _toggles(bench).items():
        # Not `toggled`: a tool that is put away elsewhere must not be taken as a person's wish.
        bench.actions[name].triggered.connect(toggle)


def _deeds(bench: Workbench) -> dict[str, Callable[[], object]]:
    document, study, canvas, asking = bench.document, bench.study, bench.canvas, bench.asking
    return {
        "open_files": lambda: bench.opening.open_paths(asking.frames()),
        "open_folder": lambda: bench.opening.open_paths(asking.folder()),
        "paste": lambda: bench.pasting.open(QGuiApplication.clipboard().mimeData()),
        "import_labels": asking.import_labels,
        "export": asking.export,
        "screenshot": bench.take_screenshot,
        "copy_image": bench.copy_picture,
        "copy_measures": bench.labels.copy_measures,
        "save_now": bench.keeper.flush,
        "models": bench.asking_models.show,
        "quit": bench.window.close,
        "undo": document.undo_stack.undo,
        "redo": document.undo_stack.redo,
        "predict": bench.predict,
        "return_to_prediction": bench.review.return_to_prediction,
        "predict_all": asking.batch,
        "accept": bench.review.accept,
        "accept_next": bench.review.accept_and_next,
        "flag": bench.review.flag,
        "exclude": bench.review.exclude,
        "take_proposal": bench.review.take_proposal,
        "dismiss_proposal": document.dismiss_proposal,
        "swap": bench.review.swap_ends,
        "mark_absent": bench.review.mark_absent,
        "clear_points": bench.review.remove_all,
        "calibrate": bench.calibrating.begin,
        "calibrate_depth": bench.calibrating.begin_depth,
        "read_ruler": bench.rulers.read,
        "scale_folder": bench.calibrating.give_to_folder,
        "fit": canvas.fit,
        "actual_size": canvas.show_actual_size,
        "reset_look": bench.viewing.looking.reset,
        "correct_area": bench.viewing.hiding.correct,
        "zoom_in": lambda: canvas.zoom_by(1.25),
        "zoom_out": lambda: canvas.zoom_by(0.8),
        "theme": bench.toggle_theme,
        "next_file": lambda: study.step_file(1),
        "previous_file": lambda: study.step_file(-1),
        "search": bench.frame_list.focus_search,
        "next_to_do": lambda: study.step_to_do(1),
        "previous_to_do": lambda: study.step_to_do(-1),
        "forward_10": lambda: bench.cine.step(10),
        "back_10": lambda: bench.cine.step(-10),
        "first_frame": lambda: bench.cine.go_to(0),
        "last_frame": lambda: bench.cine.go_to(1_000_000),
        "go_to_frame": bench.cine_bar.ask_for_frame,
        "range_begin": bench.cine.begin_range,
        "range_end": bench.cine.end_range,
        "range_clear": bench.cine.clear_range,
        "finetune": bench.asking_tuning.show,
        "shortcuts": asking.shortcuts,
        "about": asking.about,
    }


def _toggles(bench: Workbench) -> dict[str, Callable[[bool], object]]:
    return {
        "tta": bench.choose_tta,
        "auto_predict": bench.choose_auto_predict,
        "place": lambda on: bench.document.set_tool(Tool.PLACE if on else Tool.EDIT),
        "labels": bench.show_names,
        "ellipses": bench.canvas.show_uncertainty,
        "heatmap": bench.heatmap.show,
        "look": bench.viewing.show_panel,
        "invert": bench.viewing.looking.invert,
        "right_drag": bench.viewing.use_right_drag,
        "crop": bench.viewing.cropping.crop,
        "hide_outside": bench.viewing.hiding.hide,
        "title_patient": bench.viewing.tell_patient,
        "regions": bench.document.scaling.show_regions,
        "play": bench.cine.play,
        "full_screen": bench.full_screen,
    }
