"""A frame of each kind of file, and headers told apart, beside the bare libraries. Run by hand:

    pytest tests/benchmarks/test_decoding.py --benchmark-enable --benchmark-columns=median

In every group the first row is what the others are held against. `sonichu bench` prints the same as
ratios with their budgets.
"""

from __future__ import annotations

import hashlib
import os
from collections import deque

import pydicom
import pytest

from sonichu_gui.commands.bench_files import FRAMES, write_frames, write_headers
from sonichu_gui.commands.bench_reading import bare_decoding
from sonichu_gui.imaging.series_header import KEYWORDS, group_by_series
from sonichu_gui.imaging.source_file import digest_of
from sonichu_gui.imaging.sources import open_source

KINDS = (
    "PNG", "TIFF", "DICOM, plain", "DICOM, RLE", "DICOM, JPEG", "DICOM, JPEG 2000",
)  # fmt: skip


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return write_frames(tmp_path_factory.mktemp("frames"))


@pytest.fixture(scope="module")
def headers(tmp_path_factory):
    return write_headers(tmp_path_factory.mktemp("headers"), 2000)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("part", ["bare library", "frame of an open file", "opened and decoded"])
def test_decoding(benchmark, files, kind, part):
    benchmark.group = kind
    path = files[kind]
    index = FRAMES - 1 if path.suffix == ".dcm" else 0
    source = open_source(path)
    work = {
        "bare library": bare_decoding(path, index),
        "frame of an open file": lambda: source.frame(index),
        "opened and decoded": lambda: open_source(path).frame(index),
    }
    benchmark(work[part])


@pytest.mark.benchmark(group="2,000 headers")
def test_headers_read_by_pydicom(benchmark, headers):
    def read():
        for path in headers:
            dataset = pydicom.dcmread(path, stop_before_pixels=True)
            for keyword in KEYWORDS:
                dataset.get(keyword)

    benchmark(read)


@pytest.mark.benchmark(group="2,000 headers")
def test_headers_grouped_by_series(benchmark, headers):
    benchmark(lambda: deque(group_by_series(headers), maxlen=1))


@pytest.mark.benchmark(group="digest of 64 MB")
def test_digest_of_bytes_at_hand(benchmark):
    octets = bytes(64_000_000)
    benchmark(lambda: hashlib.sha256(octets).digest())


@pytest.mark.benchmark(group="digest of 64 MB")
def test_digest_of_a_file(benchmark, tmp_path):
    path = tmp_path / "large"
    path.write_bytes(bytes(64_000_000))

    def anew():
        os.utime(path)  # it would be known otherwise
        return digest_of(path)

    benchmark(anew)
