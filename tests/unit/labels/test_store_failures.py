"""A store that cannot be read or written says so, changes nothing, and works again afterwards."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import textwrap

import pytest

from sonichu_gui import paths
from sonichu_gui.domain.annotation import Annotation, Keypoint, Status
from sonichu_gui.domain.frame import FrameRef
from sonichu_gui.errors import StoreError
from sonichu_gui.labels.location import STORE_NAME
from sonichu_gui.labels.schema import SCHEMA_VERSION
from sonichu_gui.labels.store import LabelStore

FRAME = FrameRef("a" * 64)
PLACED = Annotation("fetal_femur", (Keypoint(1.5, 2.25), Keypoint(30.0, 4.0)), Status.EDITED)


@pytest.fixture
def folder(tmp_path):
    images = tmp_path / "images"
    images.mkdir()
    return images


@pytest.fixture
def store(folder):
    opened = LabelStore.open_for(folder)
    yield opened
    opened.close()


@pytest.fixture
def closed_store(folder):
    """The file of a store with some revisions."""
    store = LabelStore.open_for(folder)
    with store.batch():
        for index in range(200):
            store.append(FrameRef(FRAME.digest, index), PLACED, rater="r1")
    store.close()
    return store.path


@pytest.fixture
def mounted(tmp_path):
    """Mounts small or read-only file systems; skips where that is not allowed."""
    points = []

    def mount(options):
        if shutil.which("mount") is None:
            pytest.skip("file systems cannot be mounted here")
        point = tmp_path / f"mount{len(points)}"
        point.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(point)]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("file systems cannot be mounted here")
        points.append(point)
        return point

    yield mount
    for point in points:
        subprocess.run(["umount", "--lazy", str(point)], check=True)


# ---- killed ----------------------------------------------------------------------------------

WRITER = textwrap.dedent(
    """
    import sys
    from pathlib import Path
    from sonichu_gui.domain.annotation import Annotation, Keypoint, Status
    from sonichu_gui.domain.frame import FrameRef
    from sonichu_gui.labels.store import LabelStore

    store = LabelStore.open_for(Path(sys.argv[1]))
    for number in range(1_000_000):
        points = tuple(Keypoint(number + k / 7, k / 3) for k in range(22))
        store.append(FrameRef("a" * 64), Annotation("PLAX", points, Status.EDITED), rater="r1")
        print(number, flush=True)
    """
)


def test_kill_9_loses_no_committed_revision(folder):
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder)], stdout=subprocess.PIPE, text=True
    )
    target = random.randrange(40, 120)
    told = -1
    for line in writer.stdout:
        told = int(line)
        if told == target:
            os.kill(writer.pid, signal.SIGKILL)
    writer.wait()
    writer.stdout.close()
    assert writer.returncode == -signal.SIGKILL
    store = LabelStore.open_for(folder, create=False)
    numbers = [r.annotation.keypoints[0].x for r in store.history(FRAME, "PLAX")]
    store.close()
    # One more may have been committed before it could be told.
    assert numbers in (list(range(told + 1)), list(range(told + 2)))


# ---- while open --------------------------------------------------------------------------------


def test_locked_store_refuses_then_takes_the_same_edit(store):
    other = sqlite3.connect(store.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="another program is writing"):
        store.append(FRAME, PLACED, rater="r1")
    other.execute("ROLLBACK")
    other.close()
    store.append(FRAME, PLACED, rater="r1")
    assert len(store.history(FRAME, "fetal_femur")) == 1


def test_full_disk_refuses_then_takes_the_same_edit(mounted):
    disk = mounted("size=400k")
    store = LabelStore.open_for(disk)
    ballast = disk / "ballast"
    with pytest.raises(StoreError, match="the disk is full"):  # noqa: PT012 - fills up on the way
        with ballast.open("wb") as file:
            file.write(b"x" * (os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize - 8192))
        for _ in range(1000):
            store.append(FRAME, PLACED, rater="r1")
    kept = len(store.history(FRAME, "fetal_femur"))
    ballast.unlink()
    store.append(FRAME, PLACED, rater="r1")
    assert len(store.history(FRAME, "fetal_femur")) == kept + 1
    store.close()


def test_no_room_for_a_new_store_is_said_and_no_second_place_is_chosen(mounted):
    disk = mounted("size=64k")
    with pytest.raises(StoreError, match=r"the disk is full|No space left"):
        LabelStore.open_for(disk)
    assert not (paths.user_data() / "stores").exists()


def test_vanished_folder_refuses_then_takes_the_same_edit(store, folder):
    away = folder.rename(folder.with_name("away"))
    with pytest.raises(StoreError, match="is gone"):
        store.append(FRAME, PLACED, rater="r1")
    away.rename(folder)
    store.append(FRAME, PLACED, rater="r1")
    assert store.current(FRAME, "fetal_femur").annotation == PLACED


def test_vanished_store_is_not_made_again_in_silence(store, folder):
    shutil.rmtree(folder)
    folder.mkdir()
    for _ in range(2):
        with pytest.raises(StoreError, match="is gone"):
            store.append(FRAME, PLACED, rater="r1")
    assert list(folder.iterdir()) == []


def test_another_store_in_its_place_is_not_written_to(store, folder):
    shutil.rmtree(folder)
    folder.mkdir()
    other = LabelStore.open_for(folder)
    for _ in range(2):
        with pytest.raises(StoreError, match="was replaced"):
            store.append(FRAME, PLACED, rater="r1")
    assert other.history(FRAME, "fetal_femur") == []
    other.close()


# ---- not a store -------------------------------------------------------------------------------


def text_instead(path):
    path.write_text("my notes\n" * 100)


def nothing_instead(path):
    path.write_bytes(b"")


def cut_in_half(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def zeros_in_the_middle(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 8192] = bytes(8192)
    path.write_bytes(data)


def somebody_elses_database(path):
    path.unlink()
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE recipes (name)")
    other.commit()
    other.close()


def newer(path):
    data = bytearray(path.read_bytes())
    data[60:64] = (SCHEMA_VERSION + 1).to_bytes(4, "big")
    path.write_bytes(data)


@pytest.mark.parametrize(
    "spoil",
    [
        text_instead,
        nothing_instead,
        cut_in_half,
        zeros_in_the_middle,
        somebody_elses_database,
        newer,
    ],
)
def test_what_is_no_sound_store_is_refused_and_left_as_it_is(closed_store, spoil):
    spoil(closed_store)
    before = closed_store.read_bytes()
    with pytest.raises(StoreError) as refusal:
        LabelStore.open_for(closed_store.parent)
    assert closed_store.read_bytes() == before
    assert str(closed_store) in refusal.value.message
    assert refusal.value.hint


def test_newer_store_asks_for_an_update(closed_store):
    newer(closed_store)
    with pytest.raises(StoreError, match="made by a newer Sonichu") as refusal:
        LabelStore.open_for(closed_store.parent)
    assert "Update" in refusal.value.hint


def test_version_that_only_the_log_tells_of_is_refused_too(closed_store):
    other = sqlite3.connect(closed_store)
    other.execute(f"PRAGMA user_version={SCHEMA_VERSION + 1}")
    with pytest.raises(StoreError, match="made by a newer Sonichu"):
        LabelStore.open_for(closed_store.parent)
    other.close()


def test_folder_in_its_place_is_refused(folder):
    (folder / STORE_NAME).mkdir()
    with pytest.raises(StoreError, match="cannot be used"):
        LabelStore.open_for(folder)


def test_dangling_link_in_its_place_is_refused(folder):
    (folder / STORE_NAME).symlink_to(folder / "gone.sqlite")
    with pytest.raises(StoreError, match="is gone"):
        LabelStore.open_for(folder)


def test_row_of_nonsense_is_named(closed_store):
    other = sqlite3.connect(closed_store)
    other.execute(
        "INSERT INTO revisions VALUES (999, ?, 0, 'HC', 'annotation', 'r', 'edited', '[1]',"
        " NULL, NULL, '', NULL, NULL, '2026-01-01', '0')",
        (FRAME.digest,),
    )
    other.commit()
    other.close()
    store = LabelStore.open_file(closed_store)
    with pytest.raises(StoreError, match="revision 999"):
        store.current(FRAME, "HC")
    store.close()


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is protected from root")
@pytest.mark.parametrize(("folder_mode", "file_mode"), [(0o755, 0o444), (0o555, 0o644)])
def test_store_that_may_not_be_written_is_refused(closed_store, folder_mode, file_mode):
    before = closed_store.read_bytes()
    closed_store.chmod(file_mode)
    closed_store.parent.chmod(folder_mode)
    with pytest.raises(StoreError, match=r"Permission denied|may not be written"):
        LabelStore.open_for(closed_store.parent)
    closed_store.parent.chmod(0o755)
    assert closed_store.read_bytes() == before


# ---- where it lies -----------------------------------------------------------------------------


def test_store_lies_beside_the_images(store, folder):
    assert (store.path, store.beside_images, store.note) == (folder / STORE_NAME, True, "")
    assert store.folder == folder


def test_making_a_store_leaves_no_other_file(folder):
    LabelStore.open_for(folder).close()
    assert [p.name for p in folder.iterdir()] == [STORE_NAME]


def test_new_store_may_be_used_by_whoever_may_use_the_folder(folder):
    old = os.umask(0o002)
    try:
        LabelStore.open_for(folder).close()
    finally:
        os.umask(old)
    assert (folder / STORE_NAME).stat().st_mode & 0o777 == 0o664


def test_looking_makes_no_store(folder):
    assert LabelStore.open_for(folder, create=False) is None
    assert list(folder.iterdir()) == []


def test_missing_folder_is_said(tmp_path):
    with pytest.raises(StoreError, match="is not there"):
        LabelStore.open_for(tmp_path / "gone")


def test_missing_file_is_said(tmp_path):
    with pytest.raises(StoreError, match="is gone"):
        LabelStore.open_file(tmp_path / "gone.sqlite")


def test_labels_of_a_read_only_folder_are_kept_with_the_user(mounted):
    images = mounted("ro")
    store = LabelStore.open_for(images)
    store.append(FRAME, PLACED, rater="r1")
    store.close()
    again = LabelStore.open_for(images, create=False)
    assert again.current(FRAME, "fetal_femur").annotation == PLACED
    assert not again.beside_images
    assert again.path.is_relative_to(paths.user_data())
    assert str(again.path) in again.note
    assert again.folder == images
    again.close()


def test_store_with_the_user_knows_its_images_when_opened_by_its_path(mounted):
    images = mounted("ro")
    store = LabelStore.open_for(images)
    store.close()
    again = LabelStore.open_file(store.path)
    assert (again.folder, again.beside_images) == (images, False)
    again.close()


def test_labels_kept_with_the_user_are_found_once_the_folder_is_writable(mounted):
    images = mounted("ro")
    store = LabelStore.open_for(images)
    store.append(FRAME, PLACED, rater="r1")
    store.close()
    subprocess.run(["mount", "-o", "remount,rw", str(images)], check=True)
    again = LabelStore.open_for(images)
    assert again.path == store.path
    again.close()


def test_labels_in_both_places_are_told_of(mounted):
    images = mounted("ro")
    elsewhere = LabelStore.open_for(images)
    elsewhere.close()
    subprocess.run(["mount", "-o", "remount,rw", str(images)], check=True)
    shutil.copy(elsewhere.path, images / STORE_NAME)
    store = LabelStore.open_for(images)
    assert store.beside_images
    assert str(elsewhere.path) in store.note
    store.close()


def test_store_on_a_disk_that_has_become_read_only_is_refused(mounted):
    images = mounted("rw")
    LabelStore.open_for(images).close()
    subprocess.run(["mount", "-o", "remount,ro", str(images)], check=True)
    with pytest.raises(StoreError, match="Read-only file system"):
        LabelStore.open_for(images)
    assert not (paths.user_data() / "stores").exists()


def test_log_of_a_deleted_store_is_not_played_into_the_new_one(folder):
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder)], stdout=subprocess.PIPE, text=True
    )
    writer.stdout.readline()
    writer.kill()
    writer.wait()
    writer.stdout.close()
    (folder / STORE_NAME).unlink()
    leftover = folder / f"{STORE_NAME}-wal"
    log = leftover.read_bytes()
    # Times of files tick every few milliseconds: within one tick old and new cannot be told apart.
    second_ns = 10**9
    os.utime(leftover, ns=(0, leftover.stat().st_mtime_ns - second_ns))
    LabelStore.open_for(folder).close()
    store = LabelStore.open_for(folder)
    held = store.history(FRAME, "PLAX")
    store.close()
    assert held == []
    assert [path.read_bytes() for path in folder.glob("*.left-*-wal")] == [log]


def test_users_folder_out_of_reach_is_said(folder, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", f"/{'n' * 300}")
    with pytest.raises(StoreError, match="cannot be used"):
        LabelStore.open_for(folder)
