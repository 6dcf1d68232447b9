"""How soon a folder of ten thousand pictures can be worked in. Run by hand, on a quiet machine:

    pytest tests/benchmarks/test_opening.py --benchmark-enable --benchmark-columns=median,iqr,rounds

A group's figures stand beside a bare listing and sort of the same folder in the same run; the ratio
is in brackets. The budget is one second from the choice of the folder to a list that is whole.
"""

from __future__ import annotations

import os
from itertools import cycle

import pytest
from PySide6.QtWidgets import QApplication

from tests.gui.conftest import make_bench  # noqa: F401 - a fixture
from tests.gui.scenes import open_and_wait, write_picture

COUNT = 10_000


@pytest.fixture(scope="session")
def ten_thousand(tmp_path_factory):
    """A folder of small pictures, each of them another file to its digest."""
    folder = tmp_path_factory.mktemp("many") / "study"
    folder.mkdir()
    picture = write_picture(folder / "im0.png", width=80, height=54).read_bytes()
    for number in range(COUNT):
        (folder / f"im{number}.png").write_bytes(picture + number.to_bytes(4, "big"))
    return folder


@pytest.fixture
def window(make_bench, qtbot, tmp_path):  # noqa: F811 - the fixture of that name
    """A window that shows something else."""
    bench = make_bench()
    open_and_wait(bench, qtbot, write_picture(tmp_path / "other.png", seed=1))
    return bench


@pytest.fixture
def opened(window, qtbot, ten_thousand):
    """The folder, open."""
    open_and_wait(window, qtbot, ten_thousand)
    return window


def open_until(window, folder, is_done) -> None:
    window.opening.open_paths([folder])
    while not (window.document.study.folder == folder and is_done()):
        QApplication.processEvents()


def closed(window, other):
    """Shows something else before each round, which is not timed."""

    def close() -> None:
        open_until(window, other, lambda: not window.document.study.scanning)
        window.watch.end()

    return close


@pytest.mark.benchmark(group="open 10,000")
def test_the_first_frame_is_shown(window, ten_thousand, tmp_path, benchmark):
    def show() -> None:
        open_until(window, ten_thousand, lambda: window.document.path.parent == ten_thousand)

    benchmark.pedantic(show, setup=closed(window, tmp_path), rounds=5)


@pytest.mark.benchmark(group="open 10,000")
def test_the_list_is_whole(window, ten_thousand, tmp_path, benchmark):
    def show() -> None:
        open_until(window, ten_thousand, lambda: not window.document.study.scanning)

    benchmark.pedantic(show, setup=closed(window, tmp_path), rounds=5)
    assert window.frame_list.model.rowCount() == COUNT


@pytest.mark.benchmark(group="open 10,000")
def test_a_bare_listing_and_sort(ten_thousand, benchmark):
    def listing() -> list[str]:
        with os.scandir(ten_thousand) as found:
            return sorted(entry.name for entry in found)

    benchmark(listing)


@pytest.mark.benchmark(group="search 10,000")
def test_a_letter_typed_into_the_search(opened, benchmark):
    texts = cycle(("9", "99", "7"))

    def search() -> None:
        opened.frame_list.search.setText(next(texts))
        QApplication.processEvents()

    benchmark(search)


@pytest.mark.benchmark(group="search 10,000")
def test_a_bare_search_of_the_names(opened, benchmark):
    names = [path.name for path in opened.document.study.paths]
    benchmark(lambda: [name for name in names if "99" in name])


@pytest.mark.benchmark(group="one more of 10,000")
def test_a_file_that_appears(opened, ten_thousand, benchmark):
    document = opened.document
    paths = document.study.paths
    lists = cycle(((*paths[:50], ten_thousand / "new.png", *paths[50:]), paths))

    def appear() -> None:
        document.grow_study(next(lists), scanning=False)
        QApplication.processEvents()

    benchmark(appear)
