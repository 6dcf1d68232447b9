"""What it costs to read a picture's ruler and scan area. Run by hand, on a quiet machine:

    pytest tests/benchmarks/test_picture_reading.py --benchmark-enable --benchmark-columns=median

In every group the first row is what the others are held against: the same frame decoded from PNG.
"""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from sonichu_gui.imaging.ruler import find_rulers
from sonichu_gui.imaging.scan_area import find_scan_area, hide_outside
from tests.unit.imaging import pictures

SHAPE = (768, 1024)


def plain():
    frame, _ = pictures.fan_frame(SHAPE, apex=(512.0, -60.0), near=120.0, far=800.0)
    pictures.vertical_ruler(frame, x=1000.0, period=41.3, side=-1)
    pictures.lines_of_text(frame, 8, 30)
    return frame


FRAMES = {"sector": plain, "speckle all over": lambda: pictures.speckle(SHAPE)}


@pytest.fixture(scope="module", params=FRAMES.values(), ids=FRAMES)
def frame(request):
    return request.param()


@pytest.mark.benchmark(group="a frame of 1024 x 768")
def test_floor_decoding_it(benchmark, frame):
    _, data = cv2.imencode(".png", frame)
    benchmark(cv2.imdecode, data, cv2.IMREAD_GRAYSCALE)


@pytest.mark.benchmark(group="a frame of 1024 x 768")
def test_its_rulers(benchmark, frame):
    benchmark(find_rulers, frame)


@pytest.mark.benchmark(group="a frame of 1024 x 768")
def test_its_scan_area(benchmark, frame):
    benchmark(find_scan_area, [frame])


@pytest.mark.benchmark(group="a frame of 1024 x 768")
def test_hiding_what_is_outside(benchmark, frame):
    area = find_scan_area([frame])
    assert np.count_nonzero(area.mask())
    benchmark(hide_outside, frame, area)
