"""A draft head's points say so, quietly, until a person stands behind them."""

from __future__ import annotations

import dataclasses

import pytest

from sonichu_gui.domain.annotation import ModelId, Status
from sonichu_gui.gui.panels.draft_line import Draft
from sonichu_gui.gui.panels.measure_panel import MeasurePanel
from tests.gui.panels.fakes import MODEL, predicted, show_frame

DRAFT = Draft(MODEL.name, "from phantoms only")


@pytest.fixture
def panel(document, actions, qtbot):
    show_frame(document)
    widget = MeasurePanel(document, actions)
    qtbot.addWidget(widget)
    widget.set_drafts({"HC": DRAFT})
    widget.show()
    return widget


def test_it_is_there_with_the_points_and_goes_when_a_person_accepts_them(panel, document):
    line = panel.measures.draft
    assert line.text == ""
    document.commit(predicted(document.task), "Predict")
    assert line.isVisible()
    assert line.text == "Draft, from phantoms only: check every point"
    assert line.accessibleName() == line.text
    document.move_point(0, (200.0, 200.0))  # three are still the model's
    assert line.isVisible()
    document.set_status(Status.ACCEPTED)
    assert not line.isVisible()


def test_points_that_a_person_placed_one_by_one_are_no_draft(panel, document):
    document.commit(predicted(document.task), "Predict")
    for index in range(4):
        document.move_point(index, (200.0 + index, 200.0))
    assert panel.measures.draft.text == ""


def test_another_models_points_are_no_draft(panel, document):
    other = dataclasses.replace(predicted(document.task), model=ModelId("other", "cd" * 32))
    document.commit(other, "Predict")
    assert panel.measures.draft.text == ""


def test_a_proposal_of_a_draft_says_so_beside_a_persons_points(panel, document):
    document.proposal = predicted(document.task)
    document.proposal_changed.emit(document.proposal)
    assert panel.measures.draft.isVisible()
    document.dismiss_proposal()
    assert not panel.measures.draft.isVisible()


def test_other_tasks_and_heads_of_real_frames_are_quiet(panel, document, tasks):
    document.commit(predicted(document.task), "Predict")
    document.set_task(tasks["FA"])
    assert panel.measures.draft.text == ""
    document.set_task(tasks["HC"])
    document.commit(predicted(document.task), "Predict")
    panel.set_drafts({})
    assert panel.measures.draft.text == ""
