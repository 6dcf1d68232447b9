"""Where models come from: a folder, a file, a folder that stays where it is, the hub."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from sonichu_gui.gui.dialogs.file_choice import ask_for_folder, ask_for_weights
from sonichu_gui.gui.dialogs.texts import section_head


class ModelAdding(QWidget):
    """The buttons under the list of models; they ask for a path and pass it on."""

    path_chosen = Signal(object)  # Path of a folder or file to be copied
    in_place_chosen = Signal(object)  # Path of a folder to be used where it is
    hub_name_entered = Signal(str)  # ORG/NAME or ORG/NAME@REVISION

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._busy = False
        self.folder = QPushButton(self.tr("Add folder…"))
        self.folder.setToolTip(self.tr("Copy a model folder into the app's models"))
        self.file = QPushButton(self.tr("Add file…"))
        self.file.setToolTip(self.tr("Make a model of a file of weights"))
        self.in_place = QPushButton(self.tr("Use folder in place…"))
        self.in_place.setToolTip(self.tr("Use a large model folder without copying it"))
        self.hub_name = QLineEdit()
        self.hub_name.setPlaceholderText("ORG/NAME")
        self.hub_name.setAccessibleName(self.tr("Name on the Hugging Face hub"))
        self.hub_name.setToolTip(
            self.tr("A model of the Hugging Face hub: ORG/NAME or ORG/NAME@REVISION")
        )
        self.get = QPushButton(self.tr("Get"))
        self.get.setAccessibleName(self.tr("Get from the hub"))
        self._arrange()
        self.folder.clicked.connect(self._ask_for_folder)
        self.file.clicked.connect(self._ask_for_file)
        self.in_place.clicked.connect(self._ask_for_folder_in_place)
        self.get.clicked.connect(self._take_hub_name)
        self.hub_name.returnPressed.connect(self._take_hub_name)

    def show_busy(self, *, busy: bool) -> None:
        """Holds the next model back until the one under way is there; a name can be typed."""
        self._busy = busy
        for button in (self.folder, self.file, self.in_place, self.get):
            button.setEnabled(not busy)

    def _arrange(self) -> None:
        paths = QGridLayout()
        paths.setSpacing(8)
        paths.addWidget(self.folder, 0, 0)
        paths.addWidget(self.file, 0, 1)
        paths.addWidget(self.in_place, 1, 0, 1, 2)
        hub = QHBoxLayout()
        hub.setSpacing(8)
        hub.addWidget(self.hub_name, 1)
        hub.addWidget(self.get)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(section_head(self.tr("Add a model")))
        column.addLayout(paths)
        column.addWidget(section_head(self.tr("Get from the Hugging Face hub")))
        column.addLayout(hub)

    def _ask_for_folder(self) -> None:
        folder = ask_for_folder(self, self.tr("Add model folder"), None)
        if folder is not None:
            self.path_chosen.emit(folder)

    def _ask_for_file(self) -> None:
        file = ask_for_weights(self)
        if file is not None:
            self.path_chosen.emit(file)

    def _ask_for_folder_in_place(self) -> None:
        folder = ask_for_folder(self, self.tr("Use model folder in place"), None)
        if folder is not None:
            self.in_place_chosen.emit(folder)

    def _take_hub_name(self) -> None:
        name = self.hub_name.text().strip()
        if name and not self._busy:
            self.hub_name_entered.emit(name)
        else:
            self.hub_name.setFocus()
