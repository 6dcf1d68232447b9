"""The application: Qt, theme, log, last resort for bugs, and the workbench.

The window is painted before anything heavy is imported.
"""

from __future__ import annotations

import logging
import os
import sys
import traceback
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QApplication, QMessageBox

from sonichu_gui import __version__
from sonichu_gui.errors import SettingsError
from sonichu_gui.gui import theme
from sonichu_gui.gui.log_file import start_log, trace_without_words
from sonichu_gui.gui.workbench import Workbench
from sonichu_gui.paths import user_config
from sonichu_gui.settings import keys
from sonichu_gui.settings.store import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from types import TracebackType

log = logging.getLogger("sonichu_gui")


def run(*, paths: Sequence[Path], demo: bool, tour: Path | None) -> int:
    """Runs the window until it is closed and gives the exit code.

    Args:
        paths: Files or a folder to open; none restores the last session.
        demo: Open the demo study.
        tour: With `demo`: walk through it without a person and write screenshots here.
    """
    settings, problem = load_settings()
    scale = settings.get(keys.INTERFACE_SCALE)
    if scale != 1.0:
        os.environ.setdefault("QT_SCALE_FACTOR", f"{scale:g}")  # Qt reads it once, at its start
    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)  # noqa: S101 - a core application cannot show a window
    app.setApplicationName("Sonichu")
    app.setApplicationVersion(__version__)
    app.setDesktopFileName("sonichu")
    start_log()
    sys.excepthook = _tell_of_bug
    theme.apply(app, theme.resolve(settings.get(keys.THEME)))
    workbench = Workbench(settings)
    if problem is not None:
        workbench.document.failed.emit(problem)
    if tour is not None:
        from sonichu_gui.gui.tour import Tour

        guide = Tour(workbench, tour)
        guide.begin()
        app.exec()
        return guide.exit_code
    workbench.begin(list(paths))
    if demo:
        workbench.open_demo()
    return app.exec()


def load_settings() -> tuple[Settings, SettingsError | None]:
    """Gives the person's settings; a broken file is left alone, told of, and defaults are used."""
    path = user_config() / "settings.toml"
    try:
        return Settings.load(path), None
    except SettingsError as error:
        return Settings(path, read_only=True), error


def _tell_of_bug(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """Logs what nobody expected and says so; the window lives on.

    Its words go to the person alone: they may name a file, and that a patient.
    """
    if issubclass(kind, KeyboardInterrupt):
        QApplication.quit()
        return
    log.error("unexpected failure", exc_info=(kind, error, trace))
    text = "".join(traceback.format_exception(kind, error, trace))
    if QApplication.platformName() == "offscreen":  # no person sees a box
        sys.stderr.write(text)
        return
    sys.stderr.write(trace_without_words(error))  # it ends in a log of the desktop's
    box = QMessageBox(QMessageBox.Icon.Critical, "Sonichu", "Something went wrong that should not.")
    box.setInformativeText(
        f"{kind.__name__}: {error}\nYour labels are saved with every edit. Details are in the log."
    )
    box.setDetailedText(text)
    box.exec()
