"""What people say about scales: each a row with its author, the newest of each kind holds."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from sonichu_gui.domain.calibration import Calibration, Region, manual_scale
from sonichu_gui.errors import StoreError
from sonichu_gui.labels.store import LabelStore

INSIDE = [(60.0, 60.0), (80.0, 80.0)]
CONFLICT = Calibration(
    regions=(
        Region(0, 0, 0, 199, 199, 0.2, 0.2, "2D tissue", usable=True),
        Region(1, 50, 50, 99, 99, 0.3, 0.3, "2D tissue", usable=True),
    )
)
KEY = "overlap:0+1"


def drawn(length_mm):
    return manual_scale(start=(0, 0), end=(100, 0), length_mm=length_mm, author="ada")


@pytest.fixture
def store(tmp_path):
    with closing(LabelStore.open_for(tmp_path)) as opened:
        yield opened


def rows(store):
    with closing(sqlite3.connect(store.path)) as connection:
        query = "SELECT digest, subject, key, value, author FROM calibrations ORDER BY id"
        return connection.execute(query).fetchall()


def test_a_chosen_region_holds_with_its_author_until_it_is_taken_back(store):
    store.scales.set_choice("d1", KEY, 0, "ada")
    found = store.calibration_for("d1", CONFLICT).scale_for(INSIDE)
    assert (found.dx_mm, found.confirmed_by, found.in_mm) == (0.2, "ada", True)
    store.scales.set_choice("d1", KEY, 1, "bob")
    assert store.calibration_for("d1", CONFLICT).scale_for(INSIDE).confirmed_by == "bob"
    store.scales.set_choice("d1", KEY, None, "bob")
    assert not store.calibration_for("d1", CONFLICT).scale_for(INSIDE).in_mm
    assert [row[2:] for row in rows(store)] == [
        (KEY, "0", "ada"),
        (KEY, "1", "bob"),
        (KEY, None, "bob"),
    ]


def test_a_choice_is_of_one_file(store):
    store.scales.set_choice("d1", KEY, 0, "ada")
    assert not store.calibration_for("d2", CONFLICT).scale_for(INSIDE).in_mm


def test_each_confirmation_has_its_own_author(store):
    store.confirm_scale("d1", "region:0", author="ada")
    store.confirm_scale("d1", "split:0+1", author="bob")
    assert store.calibration_for("d1", Calibration()).confirmed == {
        "region:0": "ada",
        "split:0+1": "bob",
    }


def test_scales_of_many_files_are_a_row_each_and_the_newest_hold(store):
    store.scales.set_scales({"d1": drawn(20), "d2": drawn(20), "d3": drawn(30)}, "ada")
    store.scales.set_scales({"d2": None, "d3": drawn(50)}, "bob")
    known = store.scales.overrides()
    assert {digest: scale.dx_mm for digest, scale in known.items()} == {"d1": 0.2, "d3": 0.5}
    assert len(rows(store)) == 5


def test_files_that_were_given_a_scale_find_it_after_they_are_moved(store):
    store.scales.set_scales({"d1": drawn(20)}, "ada")
    assert "d1" in store.scales.digests()


def test_a_choice_that_is_no_number_is_damage(store):
    store.scales.set_choice("d1", KEY, 0, "ada")
    with closing(sqlite3.connect(store.path)) as connection:
        connection.execute(
            "INSERT INTO calibrations (digest, subject, key, value, author, created, app_version)"
            " VALUES ('d1', 'choice', 'overlap:0+1', 'first', 'x', '', '')"
        )
        connection.commit()
    with pytest.raises(StoreError, match="damaged"):
        store.calibration_for("d1", CONFLICT)
