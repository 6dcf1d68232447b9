"""Transfer syntaxes that are seldom met, and what is said of those that cannot be decoded."""

from __future__ import annotations

import zlib

import numpy as np
import pydicom
import pytest
from pydicom import uid
from pydicom.encaps import encapsulate
from pydicom.pixels import pixel_array

from sonichu_gui.errors import FrameError, UnsupportedFrame
from sonichu_gui.imaging.palette_segments import expand_segments
from sonichu_gui.imaging.sources import open_source

ROOT = "1.2.840.10008.1.2"
DEFLATED_FRAMES, ENCAPSULATED = f"{ROOT}.8.1", f"{ROOT}.1.98"


def shown(path, index=0):
    return open_source(path).frame(index).pixels


@pytest.fixture
def of_syntax(write_dicom, jpeg, ramp):
    """A file whose header states a syntax that pydicom need not know."""

    def make(syntax, value=None, *, without_pixels=False, **elements):
        base = uid.JPEGBaseline8Bit if len(syntax) <= 22 else uid.HTJ2KLossless
        path = write_dicom(value or jpeg(ramp), syntax=base, **{"shape": ramp.shape, **elements})
        if without_pixels:
            dataset = pydicom.dcmread(path)
            del dataset.PixelData
            dataset.save_as(path)
        stated = base.encode() + b"\0" * (len(base) % 2)
        path.write_bytes(
            path.read_bytes().replace(stated, syntax.encode().ljust(len(stated), b"\0"))
        )
        return path

    return make


def deflated(frame):
    squeezer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return squeezer.compress(frame) + squeezer.flush()


@pytest.mark.parametrize("syntax", [ENCAPSULATED, DEFLATED_FRAMES])
@pytest.mark.parametrize("bits", [8, 16])
def test_frames_that_are_wrapped_uncompressed_or_deflated(of_syntax, syntax, bits):
    kind = np.uint8 if bits == 8 else np.uint16
    frames = [np.full((5, 7), level, kind) for level in (10, 120, 240)]
    for frame in frames:
        frame[0, 0] = 255
        frame[0, 1] = 0
    pack = deflated if syntax == DEFLATED_FRAMES else bytes
    value = encapsulate([pack(frame.tobytes()) for frame in frames])
    path = of_syntax(
        syntax, value, frames=3, shape=(5, 7), BitsAllocated=bits, BitsStored=8, HighBit=7
    )
    source = open_source(path)
    assert [int(source.frame(index).pixels[2, 3]) for index in (2, 0, 1)] == [240, 10, 120]


@pytest.mark.parametrize("syntax", [ENCAPSULATED, DEFLATED_FRAMES])
def test_wrapped_colours_are_exact(of_syntax, colours, syntax):
    pack = deflated if syntax == DEFLATED_FRAMES else bytes
    value = encapsulate([pack(colours.tobytes())])
    assert np.array_equal(
        shown(of_syntax(syntax, value, shape=(32, 48), photometric="RGB")), colours
    )


@pytest.mark.parametrize("syntax", [ENCAPSULATED, DEFLATED_FRAMES])
def test_wrapped_frame_cut_short(of_syntax, syntax, ramp):
    pack = deflated if syntax == DEFLATED_FRAMES else bytes
    path = of_syntax(syntax, encapsulate([pack(ramp.tobytes()[:-500])]))
    with pytest.raises(FrameError, match="cut short"):
        shown(path)


def test_frame_that_would_inflate_without_end_stops_at_its_size(of_syntax, ramp):
    path = of_syntax(DEFLATED_FRAMES, encapsulate([deflated(ramp.tobytes() + bytes(50_000_000))]))
    assert np.array_equal(shown(path), ramp)


@pytest.mark.parametrize(
    ("number", "name", "needed"),
    [
        (".4.110", "JPEG XL Lossless", "JPEG XL decoder"),
        (".4.111", "JPEG XL JPEG Recompression", "JPEG XL decoder"),
        (".4.112", "JPEG XL", "JPEG XL decoder"),
        (".4.92", "JPEG 2000 Part 2", "JPEG 2000 Part 2 decoder"),
        (".4.93", "JPEG 2000 Part 2", "JPEG 2000 Part 2 decoder"),
        (".4.53", "JPEG Spectral Selection", "retired JPEG process"),
        (".4.66", "JPEG Lossless, Hierarchical", "retired JPEG process"),
    ],
)
def test_syntax_without_a_decoder_says_which_it_is_and_what_it_needs(
    of_syntax, number, name, needed
):
    with pytest.raises(UnsupportedFrame) as caught:
        open_source(of_syntax(ROOT + number))
    for word in (name, needed, ROOT + number):
        assert word in caught.value.message


@pytest.mark.parametrize("number", [".4.94", ".4.95", ".4.204", ".4.205"])
def test_pixels_that_are_with_a_server_are_told_as_that(of_syntax, number):
    with pytest.raises(
        UnsupportedFrame, match="not in the file, but with a server that speaks JPIP"
    ):
        open_source(of_syntax(ROOT + number, without_pixels=True))


@pytest.mark.parametrize(
    "syntax", [uid.ImplicitVRLittleEndian, uid.ExplicitVRLittleEndian, uid.ExplicitVRBigEndian]
)
@pytest.mark.parametrize("photometric", ["YBR_FULL", "RGB", "YBR_FULL_422"])
@pytest.mark.parametrize("shape", [(5, 8), (7, 6), (3, 2)])
def test_odd_rows_agree_with_pydicom(write_dicom, shape, photometric, syntax):
    samples = 2 if photometric == "YBR_FULL_422" else 3
    values = np.random.default_rng(3).integers(0, 256, shape[0] * shape[1] * samples)
    path = write_dicom(
        values.astype(np.uint8).tobytes(), photometric=photometric, syntax=syntax, shape=shape
    )
    np.testing.assert_allclose(shown(path).astype(int), pixel_array(path).astype(int), atol=1)


@pytest.mark.parametrize("photometric", ["RGB", "YBR_FULL"])
def test_planes_of_run_lengths_agree_with_pydicom(write_dicom, recode, photometric):
    values = np.random.default_rng(3).integers(0, 256, (8, 10, 3)).astype(np.uint8)
    path = recode(write_dicom(values, photometric=photometric), uid.RLELossless)
    dataset = pydicom.dcmread(path)
    dataset.PlanarConfiguration = 1
    dataset.save_as(path)
    np.testing.assert_allclose(shown(path).astype(int), pixel_array(path).astype(int), atol=1)


@pytest.mark.parametrize(
    "missing", ["BitsStored", "HighBit", "PixelRepresentation", "PhotometricInterpretation"]
)
def test_missing_elements_have_their_usual_values(write_dicom, ramp, missing):
    assert np.array_equal(shown(write_dicom(ramp, **{missing: None})), ramp)


def test_missing_samples_and_planes_are_guessed(write_dicom, ramp):
    assert np.array_equal(shown(write_dicom(ramp, SamplesPerPixel=None)), ramp)


RUN, RAMP, REPEAT = 0, 1, 2


@pytest.mark.parametrize("big_endian", [False, True])
@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("preamble", [False, True])
def test_segmented_palette_in_either_order_of_bytes(write_dicom, bits, big_endian, preamble):
    top = 255 if bits == 8 else 0xFFFF
    codes = [RUN, 1, 0, RAMP, 255, top]
    order = ">u2" if big_endian else "<u2"
    if bits == 16:
        data = np.array(codes).astype(order).tobytes()
    else:
        data = np.array(codes, np.uint8).view("<u2").astype(order).tobytes()
    elements = {}
    for colour in ("Red", "Green", "Blue"):
        elements[f"{colour}PaletteColorLookupTableDescriptor"] = [256, 0, bits]
        elements[f"Segmented{colour}PaletteColorLookupTableData"] = data
    stored = np.arange(256, dtype=np.uint8).reshape(8, 32)
    path = write_dicom(
        stored,
        photometric="PALETTE COLOR",
        syntax=uid.ExplicitVRBigEndian if big_endian else uid.ExplicitVRLittleEndian,
        preamble=preamble,
        **elements,
    )
    np.testing.assert_allclose(shown(path).astype(int), stored, atol=1)


@pytest.mark.parametrize("bits", [8, 16])
def test_repeated_segments_are_found_by_their_place_in_bytes(bits):
    place = [4, 0] if bits == 16 else [4, 0, 0, 0]
    if bits == 16:
        place = [8, 0]
    codes = [RUN, 2, 10, 20, RUN, 1, 90, RAMP, 2, 110, REPEAT, 2, *place]
    expanded = expand_segments(codes, bits=bits, count=8)
    assert expanded.tolist() == [10, 20, 90, 100, 110, 90, 100, 110]


@pytest.mark.parametrize(
    "codes", [[RAMP, 4, 9], [REPEAT, 1, 0, 0], [7, 1, 1], [RUN, 2, 5, 6], [RUN], []]
)
def test_segments_that_make_no_sense_are_refused(codes):
    with pytest.raises(ValueError, match="palette"):
        expand_segments(codes, bits=16, count=4)
