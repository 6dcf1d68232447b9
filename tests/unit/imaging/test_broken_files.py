"""Files that cannot be shown: one clear error each, which names the file and nobody in it."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom import uid
from pydicom.data import get_testdata_file

from sonichu_gui.errors import FrameError, UnsupportedFrame
from sonichu_gui.imaging.sources import open_source


def refusal(path, index=0, kind=FrameError):
    """The error of opening a file and reading a frame of it."""
    with pytest.raises(kind) as caught:
        open_source(path).frame(index)
    assert type(caught.value) is kind
    assert str(path) in caught.value.message
    return str(caught.value)


def test_missing_file(tmp_path):
    assert "does not exist" in refusal(tmp_path / "gone.png")


def test_folder(tmp_path):
    assert "is a folder" in refusal(tmp_path)


def test_empty_file(tmp_path):
    path = tmp_path / "empty.dcm"
    path.touch()
    assert "is empty" in refusal(path)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may read everything")
def test_file_that_may_not_be_read(tmp_path):
    path = tmp_path / "secret.png"
    path.write_bytes(b"x")
    path.chmod(0)
    assert "may read it" in refusal(path)


@pytest.mark.parametrize("name", ["notes.dcm", "notes.png", "notes.tif", "notes"])
@pytest.mark.parametrize(
    "content",
    ["Dear colleague,\n" * 40, "BMI,age\n" * 40, "x"],
    ids=["letter", "table", "letter x"],
)
def test_text_under_another_name(tmp_path, name, content):
    path = tmp_path / name
    path.write_text(content)
    assert "neither DICOM, a PNG, JPEG, BMP, TIFF or WebP" in refusal(path)


@pytest.mark.parametrize("size", [140, 1000, 100_000])
def test_noise(tmp_path, size):
    path = tmp_path / "noise.dcm"
    path.write_bytes(np.random.default_rng(7).bytes(size))
    refusal(path)


def test_structured_report(write_dicom):
    path = write_dicom(None, SOPClassUID=uid.ComprehensiveSRStorage)
    assert "without pixels (Comprehensive SR Storage)" in refusal(path)


def test_table_of_contents_of_a_disc():
    assert "Open the folder that it lies in" in refusal(Path(get_testdata_file("DICOMDIR")))


def test_presentation_state(write_dicom):
    path = write_dicom(None, SOPClassUID=uid.GrayscaleSoftcopyPresentationStateStorage)
    assert "without pixels" in refusal(path)


def test_header_without_its_pixels(write_dicom, ramp):
    path = write_dicom(ramp)
    dataset = pydicom.dcmread(path)
    del dataset.PixelData
    dataset.save_as(path)
    assert "ends before its pixels" in refusal(path)


@pytest.mark.parametrize("kept", [0.3, 0.8, 0.99])
def test_uncompressed_dicom_cut_short(write_dicom, ramp, kept):
    path = write_dicom(ramp)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) - int(ramp.size * (1 - kept))])
    assert "cut short" in refusal(path)


def test_jpeg_dicom_cut_short(write_dicom, jpeg, ramp):
    path = write_dicom(jpeg(ramp), syntax=uid.JPEGBaseline8Bit, shape=ramp.shape)
    data = path.read_bytes()
    path.write_bytes(data[:-200])
    assert "cut short" in refusal(path)


@pytest.mark.parametrize("syntax", [uid.RLELossless, uid.JPEG2000Lossless, uid.JPEGLosslessSV1])
def test_losslessly_compressed_dicom_cut_short(write_dicom, recode, colours, syntax):
    path = recode(write_dicom(colours, photometric="RGB"), syntax)
    path.write_bytes(path.read_bytes()[:-60])
    assert "cut short" in refusal(path)


def test_whole_frames_of_a_cine_cut_short_are_still_shown(write_dicom):
    frames = np.full((5, 8, 8), 9, np.uint8)
    path = write_dicom(frames, frames=5)
    path.write_bytes(path.read_bytes()[:-100])
    assert open_source(path).frame(2).pixels.max() == 9
    assert "Frame 4" in refusal(path, index=4)


@pytest.mark.parametrize("side", ["Rows", "Columns"])
def test_picture_of_no_size(write_dicom, ramp, side):
    assert "a picture of" in refusal(write_dicom(ramp, **{side: 0}))


@pytest.mark.parametrize("side", ["Rows", "Columns"])
def test_picture_whose_size_is_missing(write_dicom, ramp, side):
    assert "Rows or Columns are missing" in refusal(write_dicom(ramp, **{side: None}))


def test_number_of_frames_that_is_no_number(write_dicom, ramp):
    path = write_dicom(ramp, NumberOfFrames="15")
    path.write_bytes(path.read_bytes().replace(b"IS\x02\x0015", b"IS\x02\x001A"))
    assert np.array_equal(open_source(path).frame(0).pixels, ramp)


def test_picture_of_absurd_size(write_dicom, ramp):
    assert "65535×65535" in refusal(write_dicom(ramp, Rows=65535, Columns=65535))


def test_palette_that_is_incomplete(write_dicom, ramp, palette):
    elements = {**palette(), "GreenPaletteColorLookupTableData": b"\0\0"}
    assert "palette" in refusal(write_dicom(ramp, photometric="PALETTE COLOR", **elements))


def test_palette_that_is_missing(write_dicom, ramp):
    assert "palette" in refusal(write_dicom(ramp, photometric="PALETTE COLOR"))


def test_uncompressed_pixels_under_a_compressed_syntax(write_dicom, ramp):
    path = write_dicom(ramp)
    dataset = pydicom.dcmread(path)
    dataset.file_meta.TransferSyntaxUID = uid.RLELossless
    dataset["PixelData"].is_undefined_length = False
    data = path.read_bytes().replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.5\0")
    path.write_bytes(data)
    assert "stored uncompressed" in refusal(path)


def test_jpeg_of_another_size_than_the_header_says(write_dicom, jpeg, ramp):
    path = write_dicom(jpeg(ramp), syntax=uid.JPEGBaseline8Bit, shape=(16, 64))
    assert "64×16" in refusal(path)


@pytest.mark.parametrize(
    ("syntax", "word"),
    [
        ("1.2.840.113619.5.2", "no decoder"),
    ],
)
def test_syntax_without_a_decoder(write_dicom, jpeg, ramp, syntax, word):
    path = write_dicom(jpeg(ramp), syntax=uid.JPEGBaseline8Bit, shape=ramp.shape)
    dataset = pydicom.dcmread(path)
    dataset.file_meta.TransferSyntaxUID = uid.UID(syntax)
    dataset.save_as(path, implicit_vr=False, little_endian=True, enforce_file_format=False)
    message = refusal(path, kind=UnsupportedFrame)
    assert word in message
    assert uid.UID(syntax).name in message


def test_syntax_that_nobody_knows(write_dicom, jpeg, ramp):
    path = write_dicom(jpeg(ramp), syntax=uid.JPEGBaseline8Bit, shape=ramp.shape)
    unknown = b"1.2.840.10008.1.2.4.99"
    path.write_bytes(path.read_bytes().replace(uid.JPEGBaseline8Bit.encode(), unknown))
    assert unknown.decode() in refusal(path, kind=UnsupportedFrame)


@pytest.mark.parametrize("behind", [b"", b"\0", b"\0\0", b"anything else" * 9])
def test_large_deflated_file_with_something_behind_its_end_is_shown(write_dicom, behind):
    path = write_dicom(np.zeros((1500, 1500), np.uint8), syntax=uid.DeflatedExplicitVRLittleEndian)
    path.write_bytes(path.read_bytes() + behind)
    assert open_source(path).frame(0).width == 1500


def test_deflated_file_that_grows_beyond_memory(write_dicom, ramp, monkeypatch):
    path = write_dicom(ramp.repeat(64, axis=0), syntax=uid.DeflatedExplicitVRLittleEndian)
    assert open_source(path).height == 64 * len(ramp)
    monkeypatch.setattr("sonichu_gui.imaging.dicom_header._MOST_INFLATED", 100_000)
    assert "more memory than there is" in refusal(path)


def test_12_bit_jpeg(write_dicom, jpeg, ramp):
    path = write_dicom(
        jpeg(ramp), syntax=uid.JPEGExtended12Bit, shape=ramp.shape, BitsAllocated=16, BitsStored=12
    )
    assert "12-bit" in refusal(path, kind=UnsupportedFrame)


def test_samples_that_no_picture_has(write_dicom, ramp):
    assert "4 samples" in refusal(write_dicom(ramp, SamplesPerPixel=4))


def test_damaged_optional_elements_do_not_keep_the_picture_from_being_shown(write_dicom, ramp):
    path = write_dicom(ramp, WindowCenter=128, WindowWidth=256, FrameTime=40)
    data = path.read_bytes()
    data = data.replace(b"DS\x02\x0040", b"DS\x02\x00x!")
    data = data.replace(b"DS\x04\x00128 ", b"DS\x04\x00one ")
    path.write_bytes(data)
    assert np.array_equal(open_source(path).frame(0).pixels, ramp)


def test_no_error_names_the_patient(write_dicom, ramp, tmp_path):
    path = write_dicom(ramp)
    data = path.read_bytes()
    for cut in range(140, len(data) - 1, 7):
        broken = tmp_path / "broken.dcm"
        broken.write_bytes(data[:cut])
        with pytest.raises(FrameError) as caught:
            open_source(Path(broken)).frame(0)
        error = caught.value
        assert "Unverwechselbar" not in f"{error}{error.__cause__}"
        assert "4711" not in f"{error}{error.__cause__}"


def test_pipe_is_refused_instead_of_waited_for(tmp_path):
    pipe = tmp_path / "frame.png"
    os.mkfifo(pipe)
    assert "a pipe or a device" in refusal(pipe)


def test_name_too_long_for_the_system(tmp_path):
    assert "cannot be read" in refusal(tmp_path / ("n" * 300))
