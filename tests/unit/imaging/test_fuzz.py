"""Damaged bytes: whatever is flipped, cut or put in, only a `SonichuError` comes out."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from PIL import Image
from pydicom import uid

from sonichu_gui.errors import SonichuError
from sonichu_gui.imaging.codestream import (
    Picture,
    is_jpeg_2000_of,
    is_jpeg_ls_of,
    is_lossless_jpeg_of,
)
from sonichu_gui.imaging.sources import open_source

HEADER = 1200
bounded = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


@st.composite
def damages(draw):
    """A few edits, each at a place of the first bytes: replace, insert, cut out, cut off."""
    edit = st.tuples(
        st.sampled_from(["replace", "replace", "insert", "remove", "end"]),
        st.integers(0, HEADER),
        st.binary(min_size=1, max_size=8),
    )
    return draw(st.lists(edit, min_size=1, max_size=4))


def damaged(data, edits):
    for kind, place, patch in edits:
        at = place % max(1, min(len(data), HEADER))
        match kind:
            case "replace":
                data = data[:at] + patch + data[at + len(patch) :]
            case "insert":
                data = data[:at] + patch + data[at:]
            case "remove":
                data = data[:at] + data[at + len(patch) :]
            case "end":
                data = data[:at]
    return data


def open_all(path):
    try:
        source = open_source(path)
        source.calibration.scale_for()
        source.frame(0)
        source.frame(source.frame_count - 1)
    except SonichuError as error:
        assert str(path) in error.message  # noqa: PT017 - it need not fail


@pytest.fixture(scope="module")
def pictures():
    pixels = np.random.default_rng(1).integers(0, 256, (9, 11, 3)).astype(np.uint8)
    whole = {}
    for file_format in ("PNG", "JPEG", "BMP", "TIFF", "WEBP"):
        stream = io.BytesIO()
        Image.fromarray(pixels).save(stream, file_format)
        whole[file_format] = stream.getvalue()
    return whole


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "BMP", "TIFF", "WEBP"])
@given(edits=damages())
@bounded
def test_damaged_pictures(pictures, tmp_path, file_format, edits):
    path = tmp_path / "damaged"
    path.write_bytes(damaged(pictures[file_format], edits))
    open_all(path)


SYNTAXES = {
    "implicit": uid.ImplicitVRLittleEndian,
    "big endian": uid.ExplicitVRBigEndian,
    "deflated": uid.DeflatedExplicitVRLittleEndian,
    "RLE": uid.RLELossless,
    "JPEG lossless": uid.JPEGLosslessSV1,
    "JPEG-LS": uid.JPEGLSLossless,
    "JPEG 2000": uid.JPEG2000Lossless,
}


@pytest.fixture(params=SYNTAXES.values(), ids=SYNTAXES)
def whole(request, write_dicom, recode, colours):
    """The bytes of a sound file in each syntax."""
    if not request.param.is_encapsulated:
        return write_dicom(colours, photometric="RGB", syntax=request.param).read_bytes()
    return recode(write_dicom(colours, photometric="RGB"), request.param).read_bytes()


@given(edits=damages())
@bounded
def test_damaged_dicom(whole, tmp_path, edits):
    path = tmp_path / "damaged"
    path.write_bytes(damaged(whole, edits))
    open_all(path)


@given(st.binary(max_size=400))
@example(b"DICM" * 40)
@settings(bounded, max_examples=100)
def test_bytes_of_nothing(tmp_path, content):
    path = tmp_path / "nothing"
    path.write_bytes(bytes(128) + b"DICM" + content)
    open_all(path)


@pytest.mark.parametrize("check", [is_lossless_jpeg_of, is_jpeg_ls_of, is_jpeg_2000_of])
@given(content=st.binary(max_size=80))
def test_stream_checks_take_any_bytes(check, content):
    for start in (b"", b"\xff\xd8\xff\xc3", b"\xff\xd8\xff\xf7", b"\xff\x4f\xff\x51"):
        assert check(Picture(48, 32, 3, 8), start + content) in {True, False}
