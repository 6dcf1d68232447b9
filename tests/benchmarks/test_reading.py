"""What it takes to list a folder, to show a frame and to change its look. Run by hand:

    pytest tests/benchmarks/test_reading.py --benchmark-enable \
        --benchmark-columns=median,iqr,rounds

In every group the first row is what the others are held against: the same without us.
"""

from __future__ import annotations

import os
from itertools import count

import cv2
import numpy as np
import pytest
from PIL import Image

from sonichu_gui.imaging.course import Course
from sonichu_gui.imaging.folder_scan import scan_in_chunks
from sonichu_gui.imaging.folder_watch import FolderWatch
from sonichu_gui.imaging.frame_reader import FrameReader
from sonichu_gui.imaging.look import Look

GREY = np.random.default_rng(1).integers(0, 256, (600, 800), dtype=np.uint8)
COLOUR = np.repeat(GREY[:, :, None], 3, axis=2)
LOOK = Look(brightness=0.1, contrast=1.3, gamma=1.4)


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    folder = tmp_path_factory.mktemp("many")
    for number in range(10_000):
        (folder / f"frame{number}.png").touch()
    return folder


@pytest.mark.benchmark(group="folder of 10,000")
def test_bare_listing(benchmark, many):
    benchmark(os.listdir, many)


@pytest.mark.benchmark(group="folder of 10,000")
def test_scan(benchmark, many):
    benchmark(lambda: [*scan_in_chunks(many)])


@pytest.mark.benchmark(group="folder of 10,000")
def test_first_chunk_of_a_scan(benchmark, many):
    benchmark(lambda: next(scan_in_chunks(many)))


@pytest.mark.benchmark(group="folder of 10,000")
def test_look_whether_something_has_changed(benchmark, many):
    watch = FolderWatch(many, [path for chunk in scan_in_chunks(many) for path in chunk.paths])
    watch.look()
    benchmark(watch.look)


@pytest.fixture
def cine(tmp_path):
    """A TIFF of 60 pages."""
    pages = [Image.fromarray(np.roll(GREY, page)) for page in range(60)]
    pages[0].save(tmp_path / "cine.tif", save_all=True, append_images=pages[1:])
    return tmp_path / "cine.tif"


@pytest.fixture
def reader():
    made = FrameReader()
    yield made
    made.close()


@pytest.mark.benchmark(group="frame")
def test_bare_copy_of_a_frame(benchmark):
    benchmark(GREY.copy)


@pytest.mark.benchmark(group="frame")
def test_frame_that_was_read_ahead(benchmark, reader, cine):
    for index in range(60):
        reader.read(cine, index)
    turns = count()
    benchmark(lambda: reader.want(cine, next(turns) % 60, Course()).result())


@pytest.mark.benchmark(group="frame")
def test_frame_that_must_be_decoded(benchmark, cine):
    reader = FrameReader(max_bytes=0)
    turns = count()
    try:
        benchmark(lambda: reader.want(cine, next(turns) * 7 % 60).result())
    finally:
        reader.close()


@pytest.mark.benchmark(group="look, grey 800x600")
def test_grey_equalised_by_opencv(benchmark):
    benchmark(cv2.equalizeHist, GREY)


@pytest.mark.benchmark(group="look, grey 800x600")
def test_grey_copied(benchmark):
    benchmark(GREY.copy)


@pytest.mark.benchmark(group="look, grey 800x600")
@pytest.mark.parametrize("look", [LOOK, Look(clahe=2)], ids=["table", "clahe"])
def test_grey_looked_at(benchmark, look):
    benchmark(look.apply, GREY)


@pytest.mark.benchmark(group="look, colour 800x600")
def test_colour_to_brightness_and_back_by_opencv(benchmark):
    def there_and_back():
        return cv2.cvtColor(cv2.cvtColor(COLOUR, cv2.COLOR_RGB2YCrCb), cv2.COLOR_YCrCb2RGB)

    benchmark(there_and_back)


@pytest.mark.benchmark(group="look, colour 800x600")
@pytest.mark.parametrize("look", [LOOK, Look(clahe=2)], ids=["table", "clahe"])
def test_colour_looked_at(benchmark, look):
    benchmark(look.apply, COLOUR)
