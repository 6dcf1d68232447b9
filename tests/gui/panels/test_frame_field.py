from __future__ import annotations

import pytest

from sonichu_gui.gui.panels.frame_field import frame_asked
from sonichu_gui.imaging.cine_times import CineTimes

EVEN = CineTimes(65, 40.0)
"""Up to 2.56 s, whose last frame is seen to 2.6 s."""


@pytest.mark.parametrize(
    ("typed", "index"),
    [
        ("1", 0), (" 12 ", 11), ("65", 64), ("12 / 65", 11),
        ("0.4 s", 10), ("0,4s", 10), (".4", 10), ("400 ms", 10), ("400MS", 10),
        ("0:01.2", 30), ("0:02", 50), ("1 s", 25), ("0 ms", 0), ("2.59 s", 64),
    ],
)  # fmt: skip
def test_a_number_or_a_time_names_a_frame(typed, index):
    assert frame_asked(typed, EVEN) == index


@pytest.mark.parametrize(
    "typed", ["", "0", "66", "-3", "2.7 s", "1:00", "12x", "s", "1.2.3", "nan", "1e3", "9" * 400]
)
def test_what_names_no_frame_of_the_cine_is_none(typed):
    assert frame_asked(typed, EVEN) is None


def test_without_times_a_time_names_nothing():
    times = CineTimes(65, None)
    assert (frame_asked("0.4 s", times), frame_asked("11", times)) == (None, 10)


def test_the_time_shown_beside_a_frame_leads_back_to_it():
    times = CineTimes(4, 33.4, (0.0, 31.1, 84.9, 100.2))
    for index in range(4):
        assert frame_asked(f"{times.begin_ms(index) / 1000:.2f} s", times) == index
