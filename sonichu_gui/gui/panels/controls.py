"""Buttons of the panels: reached by Tab alone, so that a click never takes the keys from the frame.

The window's shortcuts include Space and Enter-like keys. A button that was reached by Tab claims
them while it has the focus, as a person who tabbed there expects.
"""

from __future__ import annotations

import itertools

from PySide6.QtCore import QEvent, QRect, QSize, Qt
from PySide6.QtGui import QAction, QColor, QFontMetrics, QIcon, QKeyEvent, QKeySequence, QPaintEvent
from PySide6.QtWidgets import (
    QStyle,
    QStyleOptionToolButton,
    QStylePainter,
    QToolButton,
    QWidget,
)

from sonichu_gui.gui import theme

CONTROL_HEIGHT = 32
_PRESS_KEYS = (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter)


class PanelButton(QToolButton):
    """A flat button with an icon in the theme's colours.

    Args:
        kind: Which of the stylesheet's looks: "plain", "accent", "icon", "link", "chip", "quiet".
        text: What it says; also its accessible name.
        icon: Name in `resources/icons`, or empty.
        role: Palette colour of the icon.
    """

    def __init__(
        self,
        kind: str,
        *,
        text: str = "",
        icon: str = "",
        role: str = "text_soft",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._kind = kind
        self._icon_name = icon
        self._icon_role = role
        self.setProperty("kind", kind)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setIconSize(QSize(18, 18))
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        if kind == "link":
            self.setCursor(Qt.CursorShape.PointingHandCursor)
        if kind in ("plain", "accent", "icon", "toggle"):
            self.setFixedHeight(CONTROL_HEIGHT)
        if kind == "icon":
            self.setFixedWidth(CONTROL_HEIGHT)
        if kind == "accent":
            self.setFont(theme.font(11.5, weight=600))
        if text:
            self.setText(text)
            self.setAccessibleName(text)
        style = Qt.ToolButtonStyle
        self.setToolButtonStyle(
            style.ToolButtonIconOnly if kind == "icon" else style.ToolButtonTextOnly
        )
        self._dress()

    def sizeHint(self) -> QSize:
        """A link is as wide as its words, so that it ends where its column does."""
        if self._kind != "link":
            return super().sizeHint()
        return QSize(self.fontMetrics().horizontalAdvance(self.text()) + 2, 22)

    def set_icon_name(self, icon: str, role: str = "text_soft") -> None:
        """Shows another icon."""
        if (icon, role) != (self._icon_name, self._icon_role):
            self._icon_name, self._icon_role = icon, role
            self._dress()

    def event(self, event: QEvent) -> bool:
        """Claims Space and Enter from the window's shortcuts while it has the focus."""
        if (
            isinstance(event, QKeyEvent)
            and event.type() is QEvent.Type.ShortcutOverride
            and event.key() in _PRESS_KEYS
            and not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        ):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter presses it as Space does."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
            return
        super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """Takes the icon's colour from the new theme."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.StyleChange:
            self._dress()

    def _dress(self) -> None:
        if self._icon_name:
            self.setIcon(theme.icon(self._icon_name, self._icon_role))


class ActionButton(PanelButton):
    """The button of an action; says what the action says, without the dots of the menu.

    Args:
        action: What it does; its state, tooltip and icon are followed.
        kind: Look, as for `PanelButton`.
        label: A shorter word than the action's, where the place makes it clear.
    """

    def __init__(
        self,
        action: QAction,
        kind: str = "plain",
        *,
        label: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(kind, parent=parent)
        action.setIconText(label or action.text().removesuffix("…"))
        self.setDefaultAction(action)
        self.setAccessibleName(action.text().removesuffix("…"))
        self.setAccessibleDescription(action.statusTip())


class KeyButton(ActionButton):
    """An action's button that shows the key beside the word."""

    _PAD = 16
    _GAP = 12

    def sizeHint(self) -> QSize:
        """Room for the word, the key and calm around them."""
        word = QFontMetrics(theme.font(13, weight=600)).horizontalAdvance(self.text())
        key = QFontMetrics(theme.font(10.5, weight=600)).horizontalAdvance(self._key())
        return QSize(word + key + (self._GAP if key else 0) + 2 * self._PAD, CONTROL_HEIGHT)

    def minimumSizeHint(self) -> QSize:
        """It does not shrink."""
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draws the button, then word and key in the ink of the accent."""
        painter = QStylePainter(self)
        paint_empty_button(self, painter)
        ink = QColor(theme.current().accent_ink if self.isEnabled() else theme.current().text_faint)
        painter.setPen(ink)
        inside = self.rect().adjusted(self._PAD, 0, -self._PAD, 0)
        painter.setFont(theme.font(13, weight=600))
        painter.drawText(inside, _LEFT, self.text())
        if self.isEnabled():
            ink.setAlphaF(0.75)
            painter.setPen(ink)
        painter.setFont(theme.font(10.5, weight=600))
        painter.drawText(inside, _RIGHT, self._key())

    def _key(self) -> str:
        keys = self.defaultAction().shortcut()
        return keys.toString(QKeySequence.SequenceFormat.NativeText)


def paint_empty_button(button: QToolButton, painter: QStylePainter) -> None:
    """Draws a button's ground and border alone; its words are painted by its class."""
    option = QStyleOptionToolButton()
    button.initStyleOption(option)
    option.text = ""
    option.icon = QIcon()
    option.features = QStyleOptionToolButton.ToolButtonFeature.None_
    painter.drawComplexControl(QStyle.ComplexControl.CC_ToolButton, option)


def elided(text: str, *, metrics: QFontMetrics, rect: QRect, middle: bool = False) -> str:
    """A text as much as fits into a rectangle's width, "…" for the rest."""
    mode = Qt.TextElideMode.ElideMiddle if middle else Qt.TextElideMode.ElideRight
    return metrics.elidedText(text, mode, rect.width())


_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


def put_in_tab_order(*widgets: QWidget) -> None:
    """Lets Tab go from one to the next: buttons that are made late come last otherwise."""
    for before, after in itertools.pairwise(widgets):
        QWidget.setTabOrder(before, after)
