from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from sonichu_gui.domain.annotation import Status
from sonichu_gui.gui.panels.proposal_card import ProposalCard
from tests.gui.panels.fakes import predicted, show_frame

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def card(qtbot, document):
    """A card beside points that a person has moved, with other points of the model waiting."""
    widget = ProposalCard(document)
    qtbot.addWidget(widget)
    show_frame(document)
    document.commit(predicted(document.task), "Predict")
    document.move_point(2, (450.0, 180.0))
    document.proposal = predicted(document.task)
    document.proposal_changed.emit(document.proposal)
    return widget


def test_no_proposal_no_card(qtbot, document):
    widget = ProposalCard(document)
    qtbot.addWidget(widget)
    assert widget.isHidden()


def test_the_card_compares_the_primary_number(card, document):
    mine = document.measurements[0].text
    assert card.change_text == f"HC  {mine}  →  69.8 ± 2.0 mm · label file"


def test_taking_them_replaces_the_points_and_undo_brings_mine_back(qtbot, card, document):
    card.show()
    mine = document.annotation
    qtbot.mouseClick(card.take_button, LEFT)
    assert document.annotation.keypoints == predicted(document.task).keypoints
    assert document.annotation.status is Status.ACCEPTED
    assert card.isHidden()
    document.undo_stack.undo()
    assert document.annotation == mine


def test_keeping_mine_changes_nothing(qtbot, card, document):
    card.show()
    mine = document.annotation
    qtbot.mouseClick(card.keep_button, LEFT)
    assert document.annotation == mine
    assert card.isHidden()
