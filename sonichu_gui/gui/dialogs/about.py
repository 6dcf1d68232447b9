"""What this is, which model is inside, and what it must not be used for."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QLabel, QPushButton, QVBoxLayout, QWidget

from sonichu_gui import __version__
from sonichu_gui.gui import theme


class About(QDialog):
    """A short page.

    Args:
        model_text: What the model's card says of itself.
        parent: Window of the dialog.
    """

    def __init__(self, model_text: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("About Sonichu"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(10)
        title = QLabel(f"Sonichu {__version__}")
        title.setFont(theme.font(15, weight=600))
        column.addWidget(title)
        limit = QLabel(
            self.tr(
                "Not for clinical use. Sonichu and its models are not medical devices; "
                "their numbers must not guide the care of a patient."
            )
        )
        limit.setObjectName("notClinical")
        words = QLabel(
            self.tr("Measures ultrasound frames from keypoints and keeps the labels. Apache-2.0.")
        )
        model = QLabel(model_text)
        model.setObjectName("soft")
        source = QLabel(
            self.tr(
                "The embedded head model was trained on HC18 (van den Heuvel et al., PLoS ONE "
                "2018, doi 10.1371/journal.pone.0200412), CC BY 4.0. FUGC is read here as "
                "cervical length, the data set's own meaning; the model card calls it umbilical "
                "cord."
            )
        )
        source.setObjectName("soft")
        for label in (limit, words, model, source):
            label.setWordWrap(True)
            label.setMinimumWidth(420)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            column.addWidget(label)
        close = QPushButton(self.tr("Close"))
        close.setFixedHeight(32)
        close.clicked.connect(self.accept)
        column.addWidget(close, 0, Qt.AlignmentFlag.AlignRight)
