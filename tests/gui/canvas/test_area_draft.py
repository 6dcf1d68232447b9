"""A scan area in the hand: corners before edges, and never off the frame."""

from __future__ import annotations

import pytest

from sonichu_gui.gui.canvas.area_draft import Grip, dragged, grip_at, rectangle

BOX = (((10.0, 10.0), (90.0, 10.0), (90.0, 60.0), (10.0, 60.0)),)
SIZE = (100, 80)


@pytest.mark.parametrize(
    ("at", "grip"),
    [
        ((12.0, 9.0), Grip(0, (0,))),
        ((50.0, 12.0), Grip(0, (0, 1))),
        ((9.0, 40.0), Grip(0, (3, 0))),
        ((50.0, 35.0), None),
        ((50.0, 4.0), None),
    ],
)
def test_a_press_takes_the_nearest_corner_else_the_nearest_edge(at, grip):
    assert grip_at(BOX, at, reach=4.0) == grip


def test_an_edge_takes_both_its_ends_along_and_stops_at_the_border():
    moved = dragged(BOX, Grip(0, (0, 1)), (5.0, -30.0), size=SIZE)
    assert moved == (((15.0, 0.0), (95.0, 0.0), (90.0, 60.0), (10.0, 60.0)),)


def test_other_panels_stay_where_they_are():
    two = (*BOX, ((1.0, 1.0), (5.0, 1.0), (5.0, 5.0)))
    moved = dragged(two, Grip(1, (2,)), (2.0, 2.0), size=SIZE)
    assert moved == (*BOX, ((1.0, 1.0), (5.0, 1.0), (7.0, 7.0)))


def test_a_rectangle_may_be_drawn_from_any_corner():
    drawn = rectangle((70.0, 60.0), (-20.0, 10.0), size=SIZE)
    assert drawn == (((0.0, 10.0), (70.0, 10.0), (70.0, 60.0), (0.0, 60.0)),)
