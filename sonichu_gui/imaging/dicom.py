"""DICOM files: single frames and cine loops, in colours as the scanner showed them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sonichu_gui.domain.frame import Frame, FrameRef, Pixels
from sonichu_gui.errors import UnsupportedFrame
from sonichu_gui.imaging.dicom_decoding import Samples, decode, require_decoder
from sonichu_gui.imaging.dicom_header import DicomHeader, read_header
from sonichu_gui.imaging.dicom_video import is_video, open_dicom_video
from sonichu_gui.imaging.intensity import grey_if_colourless
from sonichu_gui.imaging.palette import Palette, read_palette
from sonichu_gui.imaging.shading import Shading, Shadings
from sonichu_gui.imaging.source_file import SourceFile, decoding, identify
from sonichu_gui.imaging.storage import UNSTATED, Storage, dicom_storage
from sonichu_gui.imaging.transfer_syntaxes import short_name
from sonichu_gui.imaging.ultrasound_regions import read_calibration

if TYPE_CHECKING:
    from sonichu_gui.domain.calibration import Calibration
    from sonichu_gui.imaging.video import VideoSource
    from sonichu_gui.imaging.windows import WindowPreset

_PALETTE = "PALETTE COLOR"
_GREY = {"MONOCHROME1", "MONOCHROME2"}


@dataclass(frozen=True, slots=True)
class DicomSource:
    """A DICOM file as a source of frames.

    Attributes:
        path: Where the file is.
        digest: SHA-256 of its bytes.
        format: "DICOM · " and how its pixels are stored.
        frame_count: Number of frames it states.
        width: In pixels.
        height: In pixels.
        color: How the file stores it: "grey", "rgb", "ybr" or "palette".
        frame_time_ms: Mean time from frame to frame, None for a still or when not stated.
        calibration: What it says about the size of a pixel.
        times_ms: Time of each frame where the file states them one by one, else empty.
        presets: Windows and tables that the file offers, for grey frames; the first is used.
        notes: None.
        storage: Transfer syntax, photometric interpretation and bits.
    """

    path: Path
    digest: str
    format: str
    frame_count: int
    width: int
    height: int
    color: str
    frame_time_ms: float | None
    calibration: Calibration
    file: SourceFile
    _header: DicomHeader
    times_ms: tuple[float, ...]
    _coloring: Palette | Shadings | None
    presets: tuple[WindowPreset, ...] = ()
    notes: tuple[str, ...] = ()
    storage: Storage = UNSTATED

    def frame(self, index: int) -> Frame:
        """Decodes one frame; safe to call from several threads.

        Raises:
            FrameError: There is no such frame, or it is damaged or cut short.
        """
        return self._frame(index, 0)

    def frame_with(self, index: int, preset: WindowPreset) -> Frame:
        """Decodes one frame and shows it by another of the file's presets.

        Raises:
            FrameError: As for `frame`.
        """
        return self._frame(index, preset.place)

    def _frame(self, index: int, preset: int) -> Frame:
        self.file.require_frame(index, self.frame_count)
        with decoding(self.path, f"Frame {index} of"):
            pixels = self._pixels(decode(self._header, index), index, preset)
        return Frame(FrameRef(self.digest, index), pixels, self.calibration, self._time_ms(index))

    def close(self) -> None:
        """Does nothing: the file is open only while a frame is read."""

    def _time_ms(self, index: int) -> float | None:
        if self.times_ms:
            return self.times_ms[index]
        return None if self.frame_time_ms is None else index * self.frame_time_ms

    def _pixels(self, samples: Samples, index: int, preset: int) -> Pixels:
        if samples.values.ndim == 3:
            return grey_if_colourless(_rgb(samples))
        if isinstance(self._coloring, Palette):
            return grey_if_colourless(self._coloring.apply(samples.values))
        if self._coloring is not None:
            return self._coloring.of(index, preset).apply(samples.values)
        plain = Shading(self._header.dataset, bits=samples.bits, signed=False, inverted=False)
        return plain.apply(samples.values)


def open_dicom(path: Path) -> DicomSource | VideoSource:
    """Opens a DICOM file, one that holds a video as what it is.

    Raises:
        FrameError: It cannot be read, is not DICOM, holds no pixels or is damaged.
        UnsupportedFrame: It holds pixels that nothing installed can decode.
    """
    file = identify(path)
    header = read_header(file)
    if is_video(header.syntax):
        return open_dicom_video(header)
    require_decoder(header)
    what = "The palette of" if header.photometric == _PALETTE else "The header of"
    with decoding(path, what):
        coloring = _coloring(header)
        presets = coloring.presets() if isinstance(coloring, Shadings) else ()
        calibration = read_calibration(header.dataset, width=header.width, height=header.height)
    return DicomSource(
        path=path,
        digest=file.digest,
        format=f"DICOM · {short_name(header.syntax)}",
        frame_count=header.frame_count,
        width=header.width,
        height=header.height,
        color=_color(header),
        frame_time_ms=header.frame_time_ms,
        calibration=calibration,
        file=file,
        _header=header,
        times_ms=header.times_ms(),
        _coloring=coloring,
        presets=presets,
        storage=dicom_storage(header),
    )


def _color(header: DicomHeader) -> str:
    if header.photometric in _GREY:
        return "grey"
    if header.photometric == _PALETTE:
        return "palette"
    return "ybr" if header.photometric.startswith("YBR") else "rgb"


def _coloring(header: DicomHeader) -> Palette | Shadings | None:
    """Gives the way from single samples to what is shown, None where pixels have three."""
    if header.photometric == _PALETTE:
        return read_palette(header.dataset, little_endian=header.little_endian)
    if header.samples == 3:
        return None
    if header.photometric not in _GREY:
        raise UnsupportedFrame(
            f"{header.store.file.path} states the photometric interpretation"
            f" {header.photometric} for one sample a pixel, which is not defined.",
            "Export it anew from where it came from.",
        )
    return Shadings(header, bits=header.bits_stored)


def _rgb(samples: Samples) -> Pixels:
    """Gives (height, width, 3) RGB of three samples a pixel; windows never apply to colour."""
    values = samples.values
    if samples.bits > 8:
        values = values >> (samples.bits - 8)
    values = np.ascontiguousarray(values.astype(np.uint8, copy=False))
    if samples.photometric in {"YBR_FULL", "YBR_FULL_422"}:
        from PIL import Image

        size = (values.shape[1], values.shape[0])
        return np.asarray(Image.frombytes("YCbCr", size, values.tobytes()).convert("RGB"))
    if samples.photometric == "YBR_PARTIAL_422":
        return _from_studio_range(values)
    return values


def _from_studio_range(ybr: Pixels) -> Pixels:
    """Converts brightness of 16-235 and colour of 16-240 (DICOM PS3.3 C.7.6.3.1.2) to RGB."""
    brightness = (ybr[..., 0].astype(np.float64) - 16) * (255 / 219)
    blue, red = np.moveaxis((ybr[..., 1:].astype(np.float64) - 128) * (255 / 224), -1, 0)
    rgb = (
        brightness + 1.402 * red,
        brightness - 0.344136 * blue - 0.714136 * red,
        brightness + 1.772 * blue,
    )
    return np.asarray(np.clip(np.rint(np.stack(rgb, axis=-1)), 0, 255), dtype=np.uint8)
