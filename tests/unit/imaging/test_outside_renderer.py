"""Every real file that can be shown looks as DCMTK draws it, or GDCM where that has no decoder."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pydicom
import pytest

from sonichu_gui.errors import SonichuError
from sonichu_gui.imaging.sources import open_source
from tests.unit.imaging import dcmtk

COLLECTION = Path(pydicom.__file__).parent / "data"
LOSSY = ("JPEG baseline", "JPEG extended", "JPEG-LS near-lossless", "JPEG 2000")

TWINS = {
    # DCMTK swaps the halves of 32-bit numbers that are stored big-endian.
    "rtdose_expb.dcm": "rtdose.dcm",
    "rtdose_expb_1frame.dcm": "rtdose_1frame.dcm",
}

pytestmark = pytest.mark.skipif(not dcmtk.is_installed(), reason="dcmtk is not installed")


def differences(paths, scratch):
    """Gives the file, frame and largest difference of every frame that is too far off."""
    found, compared = [], 0
    for path in paths:
        try:
            source = open_source(path)
            frames = {index: source.frame(index) for index in {0, source.frame_count - 1}}
        except SonichuError:
            continue
        for index, frame in frames.items():
            off = worst_difference(path, source, frame, index, scratch)
            compared += 1
            if off > tolerance(source):
                found.append((path.name, index, off))
    return found, compared


def worst_difference(path, source, frame, index, scratch):
    has_window = bool(source.presets) and source.presets[0].center is not None
    witness = path.with_name(TWINS.get(path.name, path.name))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom's, of the files themselves
        expected = dcmtk.render(
            witness, index, scratch, windowed=has_window, narrow=source.storage.bits == 8
        )
    ours = frame.pixels if expected.ndim == 2 else frame.rgb()
    assert ours.shape == expected.shape, path.name
    return int(np.abs(ours.astype(int) - expected.astype(int)).max())


def tolerance(source):
    """Nothing where samples are only moved about; a level where they are computed with.

    DCMTK rounds a window's grey down and ours goes to the nearest; decoders of lossy streams, and
    conversions from YBR, may round either way.
    """
    is_windowed = source.color == "grey" and (bool(source.presets) or source.storage.bits != 8)
    is_converted = source.color == "ybr" or source.format.endswith(LOSSY)
    return int(is_windowed or is_converted)


def test_collection_of_pydicom(tmp_path):
    files = sorted(path for path in COLLECTION.rglob("*") if path.is_file())
    found, compared = differences(files, tmp_path)
    assert found == []
    assert compared > 100  # so many of its files hold a picture that is not damaged


def test_real_ultrasound_files(shared_data, tmp_path):
    files = sorted((shared_data / "data" / "dicom").glob("*.dcm"))
    if not files:
        pytest.skip("no real DICOM files")
    found, compared = differences(files, tmp_path)
    assert found == []
    assert compared > len(files)
