"""A page to read: a licence, a model card. Loads nothing and follows no link."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QTextCursor, QTextDocument
from PySide6.QtWidgets import QDialog, QPushButton, QTextBrowser, QVBoxLayout, QWidget

from sonichu_gui.gui import theme
from sonichu_gui.gui.dialogs.room import size_on_screen

_LONGEST = 200_000
"""Characters; a file that claims to be a licence must not stop the window."""


class TextPage(QDialog):
    """A text of somebody else's, beside the work.

    Args:
        title: What it is.
        text: The text.
        markdown: Whether it is Markdown, as model cards are.
        parent: Window of the dialog.
    """

    def __init__(self, title: str, text: str, *, markdown: bool, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(size_on_screen(680, 560, parent))
        self.page = _QuietBrowser()
        self.page.setAccessibleName(title)
        self.page.document().setDocumentMargin(16)
        self.page.setFont(theme.font(11.5))
        if len(text) > _LONGEST:
            text = text[:_LONGEST] + "\n\n" + self.tr("… the rest is in the file.")
        if markdown:
            features = QTextDocument.MarkdownFeature
            self.page.document().setMarkdown(
                _without_front_matter(text),
                features.MarkdownDialectGitHub | features.MarkdownNoHTML,
            )
        else:
            self.page.setPlainText(text)
        self.page.moveCursor(QTextCursor.MoveOperation.Start)  # read from the top
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 18, 18, 14)
        column.setSpacing(12)
        column.addWidget(self.page, 1)
        close = QPushButton(self.tr("Close"))
        close.clicked.connect(self.accept)
        column.addWidget(close, 0, Qt.AlignmentFlag.AlignRight)


class _QuietBrowser(QTextBrowser):
    """A browser that stays where it is: the text is not ours, so no picture and no link is."""

    def __init__(self) -> None:
        super().__init__()
        self.setOpenLinks(False)

    def loadResource(self, _kind: int, _name: QUrl | str) -> Any:  # noqa: ANN401 - Qt's
        """Gives nothing, wherever it may be."""
        return None


def _without_front_matter(text: str) -> str:
    """A card without the table for machines that stands on top of it."""
    if not text.startswith("---\n"):
        return text
    _, found, rest = text[4:].partition("\n---\n")
    return rest.lstrip("\n") if found else text
