from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFontMetrics, QImage

from sonichu_gui.domain.annotation import Status
from sonichu_gui.gui import theme
from sonichu_gui.gui.list_heads import ListHead
from sonichu_gui.gui.panels import thumbnails
from sonichu_gui.gui.panels.frame_list import FrameList
from sonichu_gui.gui.panels.frame_list_delegate import ROW_HEIGHT
from sonichu_gui.gui.panels.frame_list_model import THUMBNAIL_ROLE
from sonichu_gui.gui.panels.status_tally import FrameFilter
from sonichu_gui.gui.place import Study
from tests.gui.panels.fakes import predicted, show_frame

LEFT = Qt.MouseButton.LeftButton


def names(count: int) -> tuple[Path, ...]:
    return tuple(Path(f"/study/{number:05d}.png") for number in range(count))


@pytest.fixture
def frames(qtbot, document):
    widget = FrameList(document)
    qtbot.addWidget(widget)
    widget.resize(264, 800)
    widget.show()
    qtbot.waitExposed(widget)
    return widget


def shown(frames: FrameList) -> list[str]:
    return [frames.model.path_at(row).stem for row in range(frames.model.rowCount())]


def click_row(qtbot, frames: FrameList, row: int) -> None:
    place = frames.view.visualRect(frames.model.index(row)).center()
    qtbot.mouseClick(frames.view.viewport(), LEFT, pos=place)


def test_no_frames_says_so(frames):
    assert frames.empty_text == "No frames yet"


def test_click_on_a_row_asks_for_its_file(qtbot, frames, document):
    document.set_study(Study("s", names(20)))
    with qtbot.waitSignal(frames.path_chosen) as chosen:
        click_row(qtbot, frames, 3)
    assert chosen.args == [names(20)[3]]


def test_arrows_move_and_enter_opens(qtbot, frames, document):
    document.set_study(Study("s", names(20)))
    frames.view.setFocus(Qt.FocusReason.TabFocusReason)
    frames.view.setCurrentIndex(frames.model.index(0))
    qtbot.keyClick(frames.view, Qt.Key.Key_Down)
    with qtbot.waitSignal(frames.path_chosen) as chosen:
        qtbot.keyClick(frames.view, Qt.Key.Key_Return)
    assert chosen.args == [names(20)[1]]


def test_typing_in_the_search_leaves_the_files_that_hold_every_word(qtbot, frames, document):
    found = ("Head 1.png", "head 2.png", "leg 2.png")
    document.set_study(Study("s", tuple(Path("/s") / name for name in found)))
    qtbot.keyClicks(frames.search, "head 2")
    assert shown(frames) == ["head 2"]


def test_enter_in_the_search_opens_the_first_file_found(qtbot, frames, document):
    document.set_study(Study("s", names(20)))
    qtbot.keyClicks(frames.search, "0010")
    with qtbot.waitSignal(frames.path_chosen) as chosen:
        qtbot.keyClick(frames.search, Qt.Key.Key_Return)
    assert chosen.args == [names(20)[10]]


def test_escape_empties_the_search(qtbot, frames, document):
    document.set_study(Study("s", names(20)))
    qtbot.keyClicks(frames.search, "00012")
    qtbot.keyClick(frames.search, Qt.Key.Key_Escape)
    assert frames.model.rowCount() == 20


def test_search_without_a_hit_says_so(qtbot, frames, document):
    document.set_study(Study("s", names(3)))
    qtbot.keyClicks(frames.search, "nothing")
    assert frames.empty_text == "Nothing fits the search and the filter"


def test_chips_count_and_filter_by_status(qtbot, frames, document):
    paths = names(6)
    document.set_study(Study("s", paths))
    kinds = (Status.PROPOSED, Status.ACCEPTED, Status.EDITED, Status.FLAGGED, Status.EXCLUDED)
    frames.set_statuses({path: {"HC": kind} for path, kind in zip(paths[1:], kinds, strict=True)})
    counts = frames.model.counts()
    assert {kind: counts[kind] for kind in frames.chips.chips} == {
        FrameFilter.ALL: 6,
        FrameFilter.TO_DO: 2,
        FrameFilter.DONE: 3,
        FrameFilter.FLAGGED: 1,
    }
    qtbot.mouseClick(frames.chips.chips[FrameFilter.FLAGGED], LEFT)
    assert shown(frames) == [paths[4].stem]


def test_a_single_status_is_chosen_in_the_menu_and_a_chip_takes_over_again(qtbot, frames, document):
    paths = names(4)
    document.set_study(Study("s", paths))
    kinds = (Status.PROPOSED, Status.ACCEPTED, Status.EXCLUDED)
    frames.set_statuses({path: {"HC": kind} for path, kind in zip(paths[1:], kinds, strict=True)})
    row = frames.status_menu.rows[FrameFilter.EXCLUDED]
    assert row.text() == "excluded\t1"
    row.trigger()
    assert shown(frames) == [paths[3].stem]
    assert frames.status_menu.text() == "excluded"
    assert not any(chip.isChecked() for chip in frames.chips.chips.values())
    chip = frames.chips.chips[FrameFilter.TO_DO]
    qtbot.mouseClick(chip, LEFT)
    assert shown(frames) == [paths[0].stem, paths[1].stem]
    assert chip.isChecked()
    assert frames.status_menu.text() == ""


@pytest.mark.parametrize("width", [320, 264, 232])
def test_chips_show_every_count_at_any_width(qtbot, frames, document, width):
    document.set_study(Study("s", names(863)))
    frames.resize(width, 800)
    chips = frames.chips.chips.values()
    qtbot.waitUntil(lambda: all(chip.width() >= chip.sizeHint().width() for chip in chips))
    for chip in chips:
        assert chip._word_that_fits(chip.width() - 2 * chip.pad) == chip.text() or chip.brief
    assert max(chip.mapTo(frames, chip.rect().topRight()).x() for chip in chips) < width


def test_a_chip_without_room_cuts_its_word_and_not_its_count(qtbot, frames, document):
    document.set_study(Study("s", names(1200)))
    frames.resize(208, 800)
    chip = frames.chips.chips[FrameFilter.TO_DO]
    qtbot.waitUntil(lambda: chip.width() < chip.sizeHint().width())
    word = QFontMetrics(theme.font(11.5)).horizontalAdvance(chip._word_that_fits(chip.width()))
    count = QFontMetrics(theme.font(10.5)).horizontalAdvance("1200")
    assert word + count < chip.width()
    assert chip._word_that_fits(chip.width()) != chip.text()


def test_statuses_are_those_of_the_task_in_hand(frames, document, tasks):
    paths = names(2)
    document.set_study(Study("s", paths))
    frames.set_statuses({paths[0]: {"HC": Status.ACCEPTED}})
    assert frames.model.status_of(paths[0]) is Status.ACCEPTED
    document.set_task(tasks["FA"])
    assert frames.model.status_of(paths[0]) is Status.TODO


def test_an_accepted_frame_changes_its_mark_at_once(frames, document):
    document.set_study(Study("s", (Path("/s/a.png"), Path("/s/b.png"))))
    show_frame(document, "/s/a.png")
    document.commit(predicted(document.task), "Predict")
    document.set_status(Status.ACCEPTED)
    assert frames.model.status_of(Path("/s/a.png")) is Status.ACCEPTED


def test_the_frame_in_hand_stays_listed_until_the_next_is_shown(qtbot, frames, document):
    document.set_study(Study("s", (Path("/s/a.png"), Path("/s/b.png"))))
    show_frame(document, "/s/a.png")
    document.commit(predicted(document.task), "Predict")
    qtbot.mouseClick(frames.chips.chips[FrameFilter.TO_DO], LEFT)
    document.set_status(Status.ACCEPTED)
    assert shown(frames) == ["a", "b"]
    show_frame(document, "/s/b.png")
    assert shown(frames) == ["b"]


def test_thumbnails_are_wanted_for_rows_in_sight_alone(qtbot, frames, document):
    wanted: list[Path] = []
    frames.thumbnail_wanted.connect(wanted.append)
    document.set_study(Study("s", names(10_000)))
    qtbot.waitUntil(lambda: len(wanted) > 0)
    in_sight = frames.view.viewport().height() // ROW_HEIGHT + 2
    assert len(wanted) <= in_sight
    assert wanted[0] == names(1)[0]


def test_rows_that_fly_past_want_no_thumbnail(qtbot, frames, document):
    wanted: list[Path] = []
    document.set_study(Study("s", names(10_000)))
    frames.thumbnail_wanted.connect(wanted.append)
    bar = frames.view.verticalScrollBar()
    for value in range(0, bar.maximum(), bar.maximum() // 50):
        bar.setValue(value)
    bar.setValue(bar.maximum())
    qtbot.waitUntil(lambda: len(wanted) > 0)
    assert wanted[-1] == names(10_000)[-1]
    assert len(wanted) <= frames.view.viewport().height() // ROW_HEIGHT + 2


def test_thumbnails_that_have_not_come_are_given_up_out_of_sight(qtbot, frames, document):
    wanted, left = [], []
    frames.thumbnail_wanted.connect(wanted.append)
    frames.thumbnail_unwanted.connect(left.append)
    document.set_study(Study("s", names(1000)))
    qtbot.waitUntil(lambda: len(wanted) > 0)
    image = QImage(8, 8, QImage.Format.Format_RGB32)
    image.fill(QColor("red"))
    frames.set_thumbnail(wanted[0], image)
    first = list(wanted)
    frames.view.verticalScrollBar().setValue(20_000)
    qtbot.waitUntil(lambda: len(left) > 0)
    assert sorted(left) == first[1:]
    frames.view.verticalScrollBar().setValue(0)
    qtbot.waitUntil(lambda: wanted[-1] == first[-1])
    assert wanted.count(first[0]) == 1


def test_a_row_under_the_mouse_is_lifted(qtbot, frames, document):
    document.set_study(Study("s", names(5)))
    view = frames.view
    before = view.viewport().grab().toImage()
    qtbot.mouseMove(view.viewport(), view.visualRect(frames.model.index(2)).center())
    qtbot.waitUntil(lambda: view.viewport().grab().toImage() != before)


def test_thumbnail_is_asked_for_once_and_shown(qtbot, frames, document):
    wanted: list[Path] = []
    frames.thumbnail_wanted.connect(wanted.append)
    document.set_study(Study("s", names(3)))
    qtbot.waitUntil(lambda: len(wanted) == 3)
    image = QImage(200, 100, QImage.Format.Format_RGB32)
    image.fill(QColor("red"))
    frames.set_thumbnail(wanted[0], image)
    pixmap = frames.model.index(0).data(THUMBNAIL_ROLE)
    assert pixmap.deviceIndependentSize().toSize().toTuple() == (76, 52)
    frames.view.look_again()
    qtbot.wait(120)
    assert len(wanted) == 3


def test_thumbnails_of_rows_seen_long_ago_make_room(frames, document):
    paths = names(thumbnails.KEPT + 5)
    document.set_study(Study("s", paths))
    image = QImage(8, 8, QImage.Format.Format_RGB32)
    image.fill(QColor("red"))
    frames.model.wanted(0, len(paths))
    for path in paths:
        frames.set_thumbnail(path, image)
    assert frames.model.wanted(0, len(paths)) == list(paths[:5])


def test_a_growing_study_keeps_the_place_in_the_list(frames, document):
    document.set_study(Study("s", names(500), scanning=True))
    frames.view.verticalScrollBar().setValue(3000)
    document.grow_study(names(10_000), scanning=False)
    assert frames.view.verticalScrollBar().value() == 3000
    assert frames.model.rowCount() == 10_000


def test_the_shown_file_is_brought_into_sight(frames, document):
    document.set_study(Study("s", names(500)))
    show_frame(document, str(names(500)[400]))
    rect = frames.view.visualRect(frames.model.index(400))
    assert frames.view.viewport().rect().contains(rect)


def test_stepping_through_a_cine_leaves_the_scrolled_list_alone(frames, document):
    document.set_study(Study("s", names(500)))
    show_frame(document, str(names(500)[400]), frame_count=9)
    frames.view.verticalScrollBar().setValue(0)
    show_frame(document, str(names(500)[400]), frame_count=9, index=1)
    assert frames.view.verticalScrollBar().value() == 0


def test_a_cine_says_how_many_frames_it_has(frames, document):
    document.set_study(Study("s", names(3)))
    show_frame(document, str(names(3)[1]), frame_count=65)
    said = frames.model.index(1).data(Qt.ItemDataRole.AccessibleTextRole)
    assert said == "00001, to do · 65 frames"


def test_a_head_leaves_with_the_last_folded_file_that_fits(frames, document):
    paths = names(4)
    heads = tuple(ListHead(f"s{at}", 0, f"S{at}", "", at, 2) for at in (0, 2))
    document.set_study(Study("s", paths, folder=Path("/data"), heads=heads))
    model = frames.model
    model.set_filter(FrameFilter.TO_DO)
    model.fold(0, folded=True)
    for path in paths[:2]:
        model.set_status(path, document.task.id, Status.ACCEPTED)
    assert [model.head_at(row) for row in range(model.rowCount())] == [heads[1], None, None]
    assert model.found_count == 2
