from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt

from sonichu_gui.domain.calibration import Calibration
from sonichu_gui.domain.ruler import Axis, Ruler
from sonichu_gui.gui.panels.ruler_offer import RulerOffer
from tests.gui.panels.fakes import show_frame

LEFT = Qt.MouseButton.LeftButton


def ruler(period, *, axis=Axis.VERTICAL, every=5):
    numbers = tuple(range(14))
    step = (0.0, period) if axis is Axis.VERTICAL else (period, 0.0)
    places = np.array(numbers)[:, None] * np.array(step)
    return Ruler(axis, (0.0, 0.0), step, numbers, places, 0.02, every, 0, 100.0, 0.9)


@pytest.fixture
def offer(qtbot, document):
    show_frame(document, calibration=Calibration())
    widget = RulerOffer(document)
    qtbot.addWidget(widget)
    document.scaling.take_reading(
        "/study/005_HC.png", (ruler(38.0), ruler(50.0, axis=Axis.HORIZONTAL)), asked=False
    )
    widget.show()
    qtbot.waitExposed(widget)
    return widget


def test_each_of_several_rulers_can_be_taken(qtbot, offer, document):
    assert offer.text.startswith("Ruler found: ticks every 38.0 px. 10 mm apart?")
    qtbot.mouseClick(offer.next_button, LEFT)
    assert offer.text.startswith("Ruler found: ticks every 50.0 px")
    assert offer.next_button.toolTip() == "Ruler 2 of 2"
    qtbot.mouseClick(offer.take_button, LEFT)
    assert document.calibration.scale_for().dx_mm == pytest.approx(0.2)
    assert not offer.isVisible()


def test_likely_distances_are_offered_beside_those_a_person_may_know(offer):
    assert tuple(offer.distances) == (1.0, 2.0, 5.0, 10.0, 20.0)
    assert [mm for mm, button in offer.distances.items() if button.isChecked()] == [10.0]


def test_a_distance_that_no_pixel_allows_cannot_be_taken(offer, document):
    document.scaling.choose_distance(5000.0)
    assert "No pixel has such a size" in offer.text
    assert not offer.take_button.isEnabled()


def test_another_file_has_no_offer_of_this_one_and_coming_back_has_it_at_once(offer, document):
    show_frame(document, "/study/other.png", calibration=Calibration())
    assert not offer.isVisible()
    show_frame(document, calibration=Calibration())
    assert offer.isVisible()
