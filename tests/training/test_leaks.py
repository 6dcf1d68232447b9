from __future__ import annotations

import shutil

import cv2
import numpy as np
import pytest
from PIL import Image

from sonichu_gui.errors import FrameError
from sonichu_gui.training.data.fingerprint_cache import FingerprintCache
from sonichu_gui.training.data.fingerprints import Fingerprint, fingerprints, near_pairs
from sonichu_gui.training.data.labels import FrameRow, LabelRow
from sonichu_gui.training.data.leaks import LeakError, find_leaks, require_no_leaks

HEIGHT, WIDTH = 120, 160


def speckled(seed):
    """A picture with structure at all scales, as frames have: no two seeds look alike."""
    generator = np.random.default_rng(seed)
    picture = np.zeros((HEIGHT, WIDTH))
    for cells in (6, 12, 24):
        coarse = generator.normal(size=(cells, cells))
        picture += cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    return np.clip(110 + 40 * picture, 0, 255).astype(np.uint8)


def save(folder, name, pixels, *params):
    (folder / name).write_bytes(cv2.imencode(f".{name[-3:]}", pixels, params)[1].tobytes())
    return name


@pytest.fixture
def row(tmp_path):
    def made(name, subject=""):
        extra = {"subject_id": subject} if subject else {}
        return LabelRow(name, "HC", np.zeros((4, 2)), 2, extra=extra, images=tmp_path)

    return made


@pytest.fixture
def study(tmp_path, row):
    """Six pictures of six subjects."""
    return [row(save(tmp_path, f"s{n}.png", speckled(n)), f"p{n}") for n in range(6)]


def test_different_pictures_of_different_subjects_do_not_leak(study):
    assert find_leaks(study[:3], study[3:]) == []


def test_the_same_file_under_two_names_leaks(study, row, tmp_path):
    shutil.copy(tmp_path / "s0.png", tmp_path / "copy.png")
    (leak,) = find_leaks(study[:3], [row("copy.png", "other")])
    assert (leak.kind, leak.learned, leak.held_out) == (
        "file",
        f"{tmp_path}/s0.png",
        f"{tmp_path}/copy.png",
    )


def test_the_same_row_on_both_sides_leaks_as_file_and_subject(study):
    assert [leak.kind for leak in find_leaks(study[:3], study[2:])] == ["file", "subject"]


def test_a_subject_on_both_sides_is_one_leak_however_many_frames_it_has(tmp_path, row):
    rows = [row(save(tmp_path, f"{n}.png", speckled(n)), "p1") for n in range(6)]
    (leak,) = find_leaks(rows[:4], rows[4:])
    assert (leak.kind, leak.detail) == ("subject", "subject p1, 4 frames learned and 2 held out")


def test_frames_of_one_cine_under_two_names_leak(tmp_path, row):
    first, *others = [Image.fromarray(speckled(n)) for n in range(4)]
    first.save(tmp_path / "a.tif", save_all=True, append_images=others)
    shutil.copy(tmp_path / "a.tif", tmp_path / "b.tif")
    (leak,) = find_leaks([row("a.tif#0", "1")], [row("b.tif#3", "2")])
    assert (leak.kind, leak.detail) == ("subject", "frames of one cine")


def brightened(picture):
    return np.clip(picture * 1.3 + 10, 0, 255).astype(np.uint8)


COPIES = {
    "JPEG": lambda picture: cv2.imdecode(cv2.imencode(".jpg", picture, [1, 40])[1], 0),
    "smaller": lambda picture: cv2.resize(
        picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA
    ),
    "another shape": lambda picture: cv2.resize(picture, (256, 256)),
    "brighter": brightened,
    "darker": lambda picture: (picture * 0.7).astype(np.uint8),
    "mirrored": lambda picture: picture[:, ::-1],
    "upside down": lambda picture: picture[::-1],
    "in colour": lambda picture: cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR),
}


@pytest.mark.parametrize("change", COPIES.values(), ids=COPIES)
def test_a_changed_copy_of_a_picture_is_found(study, row, tmp_path, change):
    save(tmp_path, "copy.png", np.ascontiguousarray(change(speckled(1))))
    (leak,) = find_leaks(study[:3], [row("copy.png", "other")])
    assert (leak.kind, leak.learned) == ("near-duplicate", f"{tmp_path}/s1.png")
    assert "255 bits" in leak.detail


def test_unlabelled_frames_are_compared_as_well(study, tmp_path):
    save(tmp_path, "copy.png", brightened(speckled(4)))
    frame = FrameRow("copy.png", tmp_path, 0, "test_set/4")
    assert [leak.kind for leak in find_leaks([frame], study[3:])] == ["near-duplicate"]


def test_pictures_without_content_are_told_apart_by_their_files_alone(tmp_path, row):
    black = row(save(tmp_path, "a.png", np.zeros((40, 60), np.uint8)), "1")
    grey = row(save(tmp_path, "b.png", np.full((40, 60), 9, np.uint8)), "2")
    assert find_leaks([black], [grey]) == []


def test_a_split_by_image_may_ask_for_the_same_file_alone(tmp_path, row):
    rows = [row(save(tmp_path, f"{n}.png", speckled(n)), "p1") for n in range(2)]
    assert find_leaks(rows[:1], rows[1:], kinds=("file",)) == []


def test_leaks_stop_a_run_and_the_message_names_pairs_and_what_to_do(study, row, tmp_path):
    require_no_leaks(study[:3], study[3:])
    save(tmp_path, "copy.png", brightened(speckled(1)))
    with pytest.raises(LeakError) as refusal:
        require_no_leaks(study[:3], [row("copy.png", "other"), study[2]])
    assert refusal.value.message.startswith("3 leaks from held-out frames into training: ")
    assert (
        f"{tmp_path}/s1.png (learned) and {tmp_path}/copy.png (held out)" in refusal.value.message
    )
    for words in ("Take the file out", 'rule = "group"', "Look at both"):
        assert words in refusal.value.hint


def test_many_leaks_are_counted_and_the_first_told(tmp_path, row):
    rows = [row(save(tmp_path, f"{n}.png", speckled(n)), f"p{n}") for n in range(8)]
    with pytest.raises(LeakError, match=r"16 leaks .* and 6 more"):
        require_no_leaks(rows, rows)


def test_a_frame_that_cannot_be_read_cannot_be_cleared(study, row, tmp_path):
    (tmp_path / "broken.png").write_bytes((tmp_path / "s0.png").read_bytes()[:300])
    with pytest.raises(FrameError, match=r"broken\.png"):
        find_leaks(study, [row("broken.png", "x")])


# ---- the comparing itself --------------------------------------------------------------------


def random_prints(count, seed):
    generator = np.random.default_rng(seed)
    bits = generator.integers(0, 2, (count, 256), np.uint8)
    bits[:, 0] = 0
    packed = np.packbits(bits, axis=1, bitorder="little")
    return bits, [
        Fingerprint(str(n), 0, one.tobytes().hex(), (1, 1)) for n, one in enumerate(packed)
    ]


def test_blocks_of_pairs_give_what_comparing_one_by_one_gives(monkeypatch):
    monkeypatch.setattr("sonichu_gui.training.data.fingerprints._BLOCK", 100)
    bits, prints = random_prints(60, 1)
    near = bits[:20].copy()
    for number, own in enumerate(near):
        own[1 : 1 + 2 * number] ^= 1
    packed = np.packbits(near, axis=1, bitorder="little")
    others = [Fingerprint("x", 0, one.tobytes().hex(), (1, 1)) for one in packed]
    expected = [(n, n, 2 * n) for n in range(20) if 2 * n <= 32]
    assert near_pairs(prints, others) == expected


# ---- the cache -------------------------------------------------------------------------------


def test_a_known_file_is_not_decoded_again(study, tmp_path, monkeypatch):
    cache = tmp_path / "cache" / "prints.sqlite"
    before = fingerprints(study, cache=FingerprintCache(cache))
    monkeypatch.setattr("sonichu_gui.training.data.fingerprints.open_source", None)
    assert fingerprints(study, cache=FingerprintCache(cache)) == before


def test_a_file_that_has_changed_is_read_anew(study, tmp_path):
    cache = FingerprintCache(tmp_path / "prints.sqlite")
    (before,) = fingerprints(study[:1], cache=cache)
    save(tmp_path, "s0.png", speckled(50))
    (after,) = fingerprints(study[:1], cache=cache)
    assert after.digest != before.digest
    assert after.hash != before.hash


@pytest.mark.parametrize("content", [b"", b"no database at all" * 100, None])
def test_a_cache_that_is_damaged_or_cannot_be_made_costs_only_time(study, tmp_path, content):
    place = tmp_path / "prints.sqlite"
    if content is None:
        place.mkdir()
    else:
        place.write_bytes(content)
    before = fingerprints(study, cache=FingerprintCache(None))
    assert fingerprints(study, cache=FingerprintCache(place)) == before
    assert fingerprints(study, cache=FingerprintCache(place)) == before


def test_frames_of_a_cine_are_hashed_one_by_one(tmp_path, row):
    first, *others = [Image.fromarray(speckled(n)) for n in range(3)]
    first.save(tmp_path / "a.tif", save_all=True, append_images=others)
    cache = FingerprintCache(tmp_path / "prints.sqlite")
    (early,) = fingerprints([row("a.tif#1")], cache=cache)
    all_three = fingerprints([row(f"a.tif#{n}") for n in range(3)], cache=cache)
    assert len({one.hash for one in all_three}) == 3
    assert all_three[1] == early
    (unnamed,) = fingerprints([row("a.tif")], cache=cache)
    assert isinstance(unnamed, FrameError)


def test_real_examinations_keep_apart_and_changed_copies_do_not(shared_data, tmp_path):
    images = shared_data / "data" / "hc18" / "images"
    names = sorted(path.name for path in images.glob("*_HC.png"))[:40]
    rows = [FrameRow(name, images, 0, name) for name in names]
    copies = []
    for name in names[:10]:
        picture = cv2.imread(str(images / name), cv2.IMREAD_GRAYSCALE)
        small = cv2.resize(brightened(picture), None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        save(tmp_path, f"{name[:-4]}.jpg", small, cv2.IMWRITE_JPEG_QUALITY, 60)
        copies.append(FrameRow(f"{name[:-4]}.jpg", tmp_path, 0, f"copy of {name}"))
    assert find_leaks(rows[:20], rows[20:]) == []
    assert len(find_leaks(rows, copies)) == 10
