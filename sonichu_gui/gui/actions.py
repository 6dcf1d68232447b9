"""Every action of the window in one table: name, words, keys, icon.

A row says what the user reads and presses; `app.py` connects it to a controller. Menus, buttons,
tooltips and the sheet of shortcuts are made from the same rows.
"""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QObject
from PySide6.QtGui import QAction, QKeySequence

from sonichu_gui.gui import theme


@dataclass(frozen=True, slots=True)
class ActionRow:
    """One action.

    Attributes:
        id: Name in the code.
        group: Where the sheet of shortcuts lists it.
        text: What the user reads.
        keys: Shortcuts, the first shown in tooltips.
        icon: Name in `resources/icons`, or empty.
        tip: What it does, in one sentence.
        checkable: Whether it can be on or off.
    """

    id: str
    group: str
    text: str
    keys: tuple[str, ...] = ()
    icon: str = ""
    tip: str = ""
    checkable: bool = False


ROWS: tuple[ActionRow, ...] = (
    ActionRow("open_files", "File", "Open files…", ("Ctrl+O",), "open", "Open pictures, videos, DICOM files or a DICOMDIR"),
    ActionRow("open_folder", "File", "Open folder…", ("Ctrl+Shift+O",), "folder", "Open a folder of frames"),
    ActionRow("paste", "File", "Paste", ("Ctrl+V",), "", "Open the picture or the files of the clipboard"),
    ActionRow("import_labels", "File", "Import labels…", (), "", "Read labels from a file into this study"),
    ActionRow("export", "File", "Export…", ("Ctrl+E",), "export", "Write labels or measurements to a file"),
    ActionRow("screenshot", "File", "Screenshot…", ("F12", "Ctrl+P"), "screenshot", "Save the frame with its marks at full resolution"),
    ActionRow("copy_image", "File", "Copy image", ("Ctrl+Shift+C",), "", "Copy the frame with its marks to the clipboard"),
    ActionRow("copy_measures", "File", "Copy measurements", ("Ctrl+C",), "", "Copy the measurements as a table"),
    ActionRow("save_now", "File", "Save now", ("Ctrl+S",), "", "Write edits that could not be written yet"),
    ActionRow("models", "File", "Models…", ("Ctrl+M",), "", "See, add, check and choose models"),
    ActionRow("quit", "File", "Quit", ("Ctrl+Q",), "", "Close the window"),
    ActionRow("undo", "Edit", "Undo", ("Ctrl+Z",), "undo", "Take the last edit back"),
    ActionRow("redo", "Edit", "Redo", ("Ctrl+Shift+Z", "Ctrl+Y"), "redo", "Do it again"),
    ActionRow("predict", "Points", "Predict", ("R",), "", "Let the model place the points of this task"),
    ActionRow("return_to_prediction", "Points", "Return to prediction", ("Shift+R",), "", "Put what the model said last in place of the points"),
    ActionRow("predict_all", "Points", "Predict all…", ("Ctrl+R",), "", "Let the model place the points of many frames"),
    ActionRow("auto_predict", "Points", "Predict ahead", (), "", "Predict unlabelled frames as you come to them", checkable=True),
    ActionRow("tta", "Points", "TTA", (), "", "Predict on the frame and its mirror image: slower, steadier", checkable=True),
    ActionRow("accept", "Points", "Accept", ("Y",), "check", "Accept the points as they are"),
    ActionRow("accept_next", "Points", "Accept and next", ("Space",), "", "Accept the points and go to the next file"),
    ActionRow("flag", "Points", "Flag", ("U",), "flag", "Mark the frame for another look"),
    ActionRow("exclude", "Points", "Exclude", ("O",), "", "Mark the frame as not to be used"),
    ActionRow("take_proposal", "Points", "Take the model's points", ("T",), "", "Put the model's proposal in place of your points"),
    ActionRow("dismiss_proposal", "Points", "Keep my points", ("Shift+Y",), "", "Put the model's proposal away"),
    ActionRow("place", "Points", "Place points", ("W",), "place", "Place the points by hand, one click each", checkable=True),
    ActionRow("swap", "Points", "Swap ends", ("X",), "", "Exchange the two ends of the selected pair"),
    ActionRow("mark_absent", "Points", "Mark absent", ("Del",), "", "The selected point cannot be seen in this frame"),
    ActionRow("clear_points", "Points", "Remove all points", (), "", "Take all points of this task away"),
    ActionRow("calibrate", "Points", "Set scale…", ("S",), "ruler", "Draw a line of known length"),
    ActionRow("calibrate_depth", "Points", "Set depth…", ("Shift+S",), "", "Set the scale from the depth of the picture"),
    ActionRow("read_ruler", "Points", "Read ruler", ("Ctrl+Shift+S",), "", "Look for the ruler in this frame and offer its scale"),
    ActionRow("scale_folder", "Points", "Use scale for folder", (), "", "Give this file's own scale to the files of its folder"),
    ActionRow("fit", "View", "Fit", ("F",), "fit", "Show the whole frame"),
    ActionRow("actual_size", "View", "Actual size", ("Z",), "", "One image pixel on one screen pixel"),
    ActionRow("crop", "View", "Fit scan area", ("Shift+F",), "", "Show the echo as large as it fits, without what stands around it", checkable=True),
    ActionRow("zoom_in", "View", "Zoom in", ("Ctrl++", "Ctrl+="), "", "Magnify"),
    ActionRow("zoom_out", "View", "Zoom out", ("Ctrl+-",), "", "Show more"),
    ActionRow("labels", "View", "Point names", ("V",), "", "Show the names of the points", checkable=True),
    ActionRow("ellipses", "View", "Uncertainty", ("E",), "", "Show how sure the model is of each point", checkable=True),
    ActionRow("heatmap", "View", "Heatmap", ("M",), "", "Show where the model sees the selected point, or all of them", checkable=True),
    ActionRow("look", "View", "Look", ("B",), "look", "Brightness, contrast and their like, for the eye alone", checkable=True),
    ActionRow("invert", "View", "Invert", ("I",), "", "Show bright as dark", checkable=True),
    ActionRow("reset_look", "View", "Original look", ("Shift+B",), "", "Show the frame as it was made"),
    ActionRow("right_drag", "View", "Right-drag changes the look", (), "", "Drag with the right button: up is brighter, right is more contrast", checkable=True),
    ActionRow("hide_outside", "View", "Hide outside", ("Shift+H",), "", "Hide all that stands outside the scan area, here and in pictures", checkable=True),
    ActionRow("correct_area", "View", "Scan area…", ("Ctrl+Shift+H",), "", "See and correct where the scan area is"),
    ActionRow("title_patient", "View", "Patient in title", (), "", "Tell the patient's name of a DICOM file in the title of the window", checkable=True),
    ActionRow("regions", "View", "Regions", ("L",), "", "Outline the regions of the file that state a scale", checkable=True),
    ActionRow("theme", "View", "Light or dark", (), "", "Change between the light and the dark look"),
    ActionRow("full_screen", "View", "Full screen", ("F11",), "", "Use the whole screen", checkable=True),
    ActionRow("next_file", "Go", "Next file", ("D", "PgDown"), "", "Open the next file of the list"),
    ActionRow("previous_file", "Go", "Previous file", ("A", "PgUp"), "", "Open the previous file of the list"),
    ActionRow("search", "Go", "Search frames", ("Ctrl+F", "/"), "search", "Look for a frame by its name"),
    ActionRow("next_to_do", "Go", "Next to do", ("N",), "", "Open the next file without accepted points"),
    ActionRow("previous_to_do", "Go", "Previous to do", ("Shift+N",), "", "Open the previous file without accepted points"),
    ActionRow("play", "Go", "Play", ("P", "K", "Ctrl+Space"), "play", "Play the cine at its own speed, or stop it", checkable=True),
    ActionRow("forward_10", "Go", "10 frames on", ("Ctrl+Right",), "", "Ten frames on in the cine"),
    ActionRow("back_10", "Go", "10 frames back", ("Ctrl+Left",), "", "Ten frames back in the cine"),
    ActionRow("range_begin", "Go", "Play from here", ("Shift+I",), "", "Play the cine from this frame on"),
    ActionRow("range_end", "Go", "Play to here", ("Shift+O",), "", "Play the cine up to this frame"),
    ActionRow("range_clear", "Go", "Play all frames", ("Shift+P",), "", "Play the whole cine again"),
    ActionRow("go_to_frame", "Go", "Go to frame…", ("G", "Ctrl+G"), "", "To a frame of the cine by its number or time"),
    ActionRow("first_frame", "Go", "First frame", ("Home",), "", "To the first frame of the cine"),
    ActionRow("last_frame", "Go", "Last frame", ("End",), "", "To the last frame of the cine"),
    ActionRow("finetune", "Tools", "Fine-tune on corrected frames…", (), "", "Make a new model from the frames that you corrected"),
    ActionRow("shortcuts", "Help", "Keys and mouse", ("F1", "?"), "", "Show all keys"),
    ActionRow("about", "Help", "About Sonichu", (), "", "Version, model, licence, limits"),
)  # fmt: skip


def make_actions(parent: QObject) -> dict[str, QAction]:
    """Makes one QAction a row, with tooltip, icon and shortcuts."""
    actions = {}
    for row in ROWS:
        action = QAction(_tr(row.text), parent)
        action.setObjectName(row.id)
        action.setShortcuts([QKeySequence(keys) for keys in row.keys])
        action.setCheckable(row.checkable)
        keys = (
            QKeySequence(row.keys[0]).toString(QKeySequence.SequenceFormat.NativeText)
            if row.keys
            else ""
        )
        tip = _tr(row.tip) or _tr(row.text)
        action.setToolTip(f"{tip}  ·  {keys}" if keys else tip)
        action.setStatusTip(tip)
        actions[row.id] = action
    dress(actions)
    return actions


def dress(actions: dict[str, QAction]) -> None:
    """Gives every action its icon in the colours of the current theme."""
    for row in ROWS:
        if row.icon:
            actions[row.id].setIcon(theme.icon(row.icon))


def _tr(text: str) -> str:
    return QCoreApplication.translate("actions", text)
