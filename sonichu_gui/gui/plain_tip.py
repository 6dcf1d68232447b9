"""Tool tips that tell names of files, folders and series, whatever signs are in them."""

from __future__ import annotations

from html import escape

from PySide6.QtGui import Qt

__all__ = ["plain_tip"]


def plain_tip(text: str) -> str:
    """Gives the text of a tool tip that shows a text as it is: "<b>" in a name is no bold type.

    Qt would take such a name for markup, leave parts of it out, and fetch the pictures it names.
    """
    if not Qt.mightBeRichText(text):
        return text
    lines = escape(text).replace("\n", "<br>")
    return f"<span>{lines}</span>"
