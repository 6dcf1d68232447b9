"""The regimes, on a made table of answers."""

from __future__ import annotations

import pytest

from sonichu_gui.training.answers import Answer
from sonichu_gui.training.config import TrainingError
from sonichu_gui.training.selection import Selection, TaskCap, refusals, tally


def answer(task, image, confidence, apart_px):
    return Answer(task, image, (200, 100), ((1.0, 2.0),), confidence, apart_px)


TABLE = [
    answer("HC", "sure", 0.95, 0.5),
    answer("HC", "unsure", 0.30, 0.5),
    answer("HC", "apart", 0.90, 5.0),  # 2.5 % of the width
    answer("HC", "fair", 0.70, 3.0),
    answer("HC", "good", 0.80, 1.0),
    answer("FUGC", "a", 0.80, 2.0),
    answer("FUGC", "b", 0.90, 1.0),
    answer("FUGC", "c", 0.60, 3.0),
    answer("IVC", "z", 0.10, 9.0),
]


def kept(selection):
    told = zip(TABLE, refusals(TABLE, selection), strict=True)
    return [one.image for one, why in told if not why]


def test_a_round_takes_every_frame():
    assert kept(Selection()) == [one.image for one in TABLE]


def test_selective_asks_for_confidence_and_for_views_that_agree():
    assert kept(Selection("selective")) == ["sure", "fair", "good", "a", "b", "c"]
    assert kept(Selection("selective", least_confidence=0.75)) == ["sure", "good", "a", "b"]
    assert kept(Selection("selective", most_disagreement=0.005)) == ["sure", "good", "b"]


def test_selective_caps_a_task_and_keeps_its_most_certain():
    caps = (TaskCap(("FUGC", "HC"), 2),)
    assert kept(Selection("selective", caps=caps)) == ["sure", "good", "a", "b"]
    assert kept(Selection("selective", caps=(TaskCap(("FUGC",), 0),))) == ["sure", "fair", "good"]


def test_fugc_has_a_cap_unless_it_is_taken_away():
    assert [cap.tasks for cap in Selection("selective").caps] == [("FUGC",)]
    many = [answer("FUGC", f"{n:03}", 0.9 - n / 2000, 1.0 + n / 1000) for n in range(600)]
    refused = refusals(many, Selection("selective"))
    assert [why for why in refused if why] == ["above the cap of 500"] * 100
    assert not any(refused[:500])
    assert not any(refusals(many, Selection("selective", caps=())))


def test_capped_takes_as_many_of_every_task_as_the_smallest_has():
    assert kept(Selection("capped")) == ["sure", "b", "z"]
    assert kept(Selection("capped", count=2)) == ["sure", "good", "a", "b", "z"]


def test_the_tally_tells_how_many_were_refused_and_why():
    refused = refusals(TABLE, Selection("selective", caps=(TaskCap(("FUGC",), 2),)))
    tallies = tally(TABLE, refused, [("HC", "torn"), ("AOP", "torn")])
    assert (tallies["HC"].frames, tallies["HC"].kept) == (6, 3)
    assert tallies["HC"].refused == {
        "with their least sure point below 0.5": 1,
        "with views farther apart than 2.00% of the width": 1,
        "that could not be used": 1,
    }
    assert tallies["FUGC"].refused == {"above the cap of 2": 1}
    assert (tallies["AOP"].frames, tallies["AOP"].kept) == (1, 0)


def test_what_is_no_regime_is_refused():
    with pytest.raises(TrainingError, match="no regime 'best'"):
        Selection("best")
    with pytest.raises(TrainingError, match="negative"):
        Selection("capped", count=-1)
