"""Which image a label file means, and into which store its label goes."""

from __future__ import annotations

import shutil

import pytest

from sonichu_gui.labels.frame_name import frame_name, split_frame_name
from sonichu_gui.labels.place import StoresBelow
from sonichu_gui.labels.store import STORE_NAME, LabelStore


@pytest.fixture
def label_file(tmp_path):
    def write(*image_names, folder=tmp_path):
        file = folder / "labels.csv"
        rows = [f'"{name}",IVC,"[1, 2]","[3, 4]"' for name in image_names]
        file.write_text("\n".join(["image_path,task_id,point_1_xy,point_2_xy", *rows]))
        return file

    return write


def test_paths_count_from_the_label_file(read, label_file, images):
    assert read("csv", label_file("images/a.png", folder=images.parent)).imported == 1


def test_paths_count_from_the_folder_of_the_store(read, label_file):
    assert read("csv", label_file("a.png")).imported == 1


def test_paths_count_from_the_folder_that_was_given(read, label_file, images):
    assert read("csv", label_file("images/a.png"), images=images.parent).imported == 1


def test_absolute_paths_are_taken(read, label_file, images):
    assert read("csv", label_file(images / "a.png")).imported == 1


def test_backslashes_are_separators_too(read, label_file, images):
    assert read("csv", label_file("images\\a.png", folder=images.parent)).imported == 1


def test_name_alone_is_enough_when_nothing_else_fits(read, label_file):
    assert read("csv", label_file("/home/somebody/data/a.png")).imported == 1


def test_two_paths_of_one_name_do_not_become_one_picture(read, label_file):
    report = read("csv", label_file("left/a.png", "right/a.png"))
    assert report.imported == 0
    assert {row.reason for row in report.skipped} == {
        "the image left/a.png is not there, and several paths end in a.png",
        "the image right/a.png is not there, and several paths end in a.png",
    }


def test_two_pictures_of_one_name_are_not_chosen_from(read, label_file, images):
    (images / "left").mkdir()
    (images / "right").mkdir()
    shutil.copy(images / "a.png", images / "left" / "c.png")
    shutil.copy(images / "b.png", images / "right" / "c.png")
    report = read("csv", label_file("elsewhere/c.png"))
    assert report.skipped[0].reason.endswith("there are several called c.png")


def test_file_with_a_hash_in_its_name_is_found(read, label_file, images):
    (images / "a.png").rename(images / "scan#2")
    assert read("csv", label_file("scan#2")).imported == 1


def test_image_of_another_folder_is_not_put_where_nobody_looks(read, label_file, images, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(images, other)
    report = read("csv", label_file(other / "a.png"))
    assert report.skipped[0].reason == f"the image lies in {other}: import into that folder"


def test_store_under_its_own_name_takes_images_of_any_folder(read, label_file, images, tmp_path):
    LabelStore.open_for(images).close()
    own = (images / STORE_NAME).rename(tmp_path / "reading.sqlite")
    store = LabelStore.open_file(own)
    report = read("csv", label_file("study/images/a.png"), place=store)
    (row,) = store.rows()
    store.close()
    assert report.imported == 1
    assert row.file.path == "study/images/a.png"


def test_folder_of_folders_puts_each_label_beside_its_image(read, label_file, images, tmp_path):
    shutil.copytree(images, images.parent / "more", ignore=shutil.ignore_patterns("*.sqlite*"))
    (images.parent / "more" / "a.png").unlink()
    place = StoresBelow(images.parent)
    read("csv", label_file("images/a.png", "more/b.png", folder=images.parent), place=place)
    found = {(store.folder.name, row.file.path) for store in place.stores() for row in store.rows()}
    place.close()
    assert found == {("images", "a.png"), ("more", "b.png")}


def test_folder_without_any_image_gets_no_store(read, label_file, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    place = StoresBelow(empty)
    assert read("csv", label_file("gone.png"), place=place).imported == 0
    assert list(empty.iterdir()) == []


@pytest.mark.parametrize(
    ("path", "index", "count", "name"),
    [("a.png", 0, 1, "a.png"), ("a.dcm", 0, 2, "a.dcm#0"), ("b#1.dcm", 12, 40, "b#1.dcm#12")],
)
def test_frame_names_read_back(path, index, count, name):
    assert frame_name(path, index, count) == name
    assert split_frame_name(name) == (path, index if count > 1 else None)
