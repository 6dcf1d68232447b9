"""PNG, JPEG, BMP, TIFF and WebP files. None of them is believed about the size of a pixel.

What a picture's "dots per inch" say is how large to print it, so a raster has no scale until a
person or a label file gives one. EXIF orientation is applied: pixels are as a person sees them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sonichu_gui.domain.calibration import Calibration, no_scale
from sonichu_gui.domain.frame import Frame, FrameRef, Pixels
from sonichu_gui.errors import FrameError
from sonichu_gui.imaging.animation import webp_times_ms
from sonichu_gui.imaging.intensity import full_range_to_8bit, grey_if_colourless, over_black
from sonichu_gui.imaging.source_file import SourceFile, decoding, identify
from sonichu_gui.imaging.storage import UNSTATED, Storage

if TYPE_CHECKING:
    from PIL import Image

    from sonichu_gui.imaging.windows import WindowPreset

_ORIENTATION = 0x0112
_TIFF_PHOTOMETRIC, _TIFF_WHITE_IS_ZERO = 262, 0

_STACKS = {"TIFF", "WebP"}

_COLORS = {
    "1": "grey", "L": "grey", "LA": "grey", "La": "grey", "I": "grey", "F": "grey",
    "P": "palette", "PA": "palette", "CMYK": "cmyk", "YCbCr": "ybr", "LAB": "lab",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class RasterSource:
    """A picture file as a source of frames; a TIFF holds a frame a page, a WebP may be animated.

    Attributes:
        path: Where the file is.
        digest: SHA-256 of its bytes.
        format: "PNG", "JPEG", "BMP", "TIFF" or "WebP".
        frame_count: Pages of a TIFF, pictures of a WebP, else 1.
        width: Of the first frame, in pixels; pages of a TIFF may differ.
        height: Likewise.
        color: How the file stores it: "grey", "rgb", "palette", "cmyk", "ybr" or "lab".
        calibration: No scale, and why.
        frame_time_ms: Mean time from frame to frame of an animated WebP, else None.
        times_ms: Time of each frame of one, else empty.
        presets: None.
        notes: None.
        storage: Bits of a sample.
    """

    path: Path
    digest: str
    format: str
    frame_count: int
    width: int
    height: int
    color: str
    calibration: Calibration
    file: SourceFile
    frame_time_ms: float | None = None
    presets: tuple[WindowPreset, ...] = ()
    notes: tuple[str, ...] = ()
    storage: Storage = UNSTATED
    times_ms: tuple[float, ...] = ()

    def frame(self, index: int) -> Frame:
        """Decodes one frame; safe to call from several threads.

        Raises:
            FrameError: There is no such frame, or it is damaged or cut short.
        """
        self.file.require_frame(index, self.frame_count)
        what = f"Page {index} of" if self.frame_count > 1 else "The picture"
        with _opened(self.file, self.format, what) as image:
            if index:
                image.seek(index)
            self.file.require_size(*image.size)
            pixels = grey_if_colourless(rgb) if (rgb := _pixels(image)).ndim == 3 else rgb
        time_ms = self.times_ms[index] if self.times_ms else None
        return Frame(FrameRef(self.digest, index), pixels, self.calibration, time_ms)

    def frame_with(self, index: int, preset: WindowPreset) -> Frame:  # noqa: ARG002
        """Decodes one frame; there are no presets to show it by."""
        return self.frame(index)

    def close(self) -> None:
        """Does nothing: the file is open only while a frame is read."""


def open_raster(path: Path, file_format: str) -> RasterSource:
    """Opens a picture file.

    Args:
        path: The file.
        file_format: What its content is: "PNG", "JPEG", "BMP", "TIFF" or "WebP".

    Raises:
        FrameError: It cannot be read, is damaged or too large.
    """
    file = identify(path)
    with _opened(file, file_format, "The header of") as image:
        file.require_size(*image.size)
        width, height = image.size
        if _is_turned(image):
            width, height = height, width
        frame_count = int(getattr(image, "n_frames", 1)) if file_format in _STACKS else 1
        color = _COLORS.get(image.mode, "grey" if image.mode.startswith("I;16") else "rgb")
        bits = _bits(image)
    times = _times_ms(file, frame_count) if file_format == "WebP" else ()
    article = "an" if file_format[0] in "AEIOU" else "a"
    reason = (
        f"{article} {file_format} states no pixel size; calibrate or import a label file that does"
    )
    return RasterSource(
        path=path,
        digest=file.digest,
        format=file_format,
        frame_count=frame_count,
        width=width,
        height=height,
        color=color,
        calibration=Calibration(spacing=no_scale(reason)),
        file=file,
        frame_time_ms=times[-1] / (len(times) - 1) if times else None,
        storage=Storage(bits=bits),
        times_ms=times,
    )


def _times_ms(file: SourceFile, count: int) -> tuple[float, ...]:
    """Gives when each picture of a WebP is shown, empty when it does not say so of all."""
    with file.open() as stream:
        times = webp_times_ms(stream)
    return times if len(times) == count else ()


def _bits(image: Image.Image) -> int:
    """Gives the bits of a stored sample, of which Pillow keeps eight where there are colours."""
    tiles = getattr(image, "tile", ())
    layout = str(tiles[0][3]) if tiles else ""
    if image.mode == "1":
        return 1
    if image.mode in {"I", "F"}:
        return 16 if "16" in layout else 32
    return 16 if "16" in image.mode or ";16" in layout else 8


@contextmanager
def _opened(file: SourceFile, file_format: str, what: str) -> Iterator[Image.Image]:
    # The plug-in is imported by itself: Pillow's own search for one would load all fifty.
    from PIL import Image, TiffImagePlugin, WebPImagePlugin  # noqa: F401

    with file.open() as stream, decoding(file.path, what):
        try:
            image = Image.open(stream, formats=(file_format.upper(),))
        except Image.DecompressionBombError:
            raise FrameError(
                f"{file.path} holds a picture too large to be read.",
                "Crop or scale it down, or check whether the file is damaged.",
            ) from None
        with image:
            yield image


def _is_turned(image: Image.Image) -> bool:
    """Whether the EXIF orientation swaps width and height; a TIFF's size is swapped already."""
    if image.format == "TIFF" or (image.format == "PNG" and "exif" not in image.info):
        return False  # asking a PNG without EXIF would decode it
    return image.getexif().get(_ORIENTATION, 1) in {5, 6, 7, 8}


def _pixels(image: Image.Image) -> Pixels:
    """Decodes into (height, width) or (height, width, 3)."""
    from PIL import ImageOps

    image.load()
    inverted = image.format == "TIFF" and _is_inverted(image)
    ImageOps.exif_transpose(image, in_place=True)
    if image.mode in {"I", "F"} or image.mode.startswith("I;16"):
        grey = full_range_to_8bit(np.asarray(image))
        return 255 - grey if inverted else grey
    if image.has_transparency_data:
        has_color = image.mode not in {"1", "L", "LA", "La"}
        layers = np.asarray(_of_mode(image, "RGBA" if has_color else "LA"))
        colour = layers[..., :3] if has_color else layers[..., 0]
        return over_black(colour, layers[..., -1])
    return np.asarray(_of_mode(image, "L" if image.mode in {"1", "L"} else "RGB"))


def _of_mode(image: Image.Image, mode: str) -> Image.Image:
    """Converts a picture, or gives the very one: asking Pillow would copy it."""
    return image if image.mode == mode else image.convert(mode)


def _is_inverted(image: Image.Image) -> bool:
    """Whether a TIFF counts from white, which Pillow turns round only up to 8 bits."""
    tags = getattr(image, "tag_v2", {})
    return bool(tags.get(_TIFF_PHOTOMETRIC, 1) == _TIFF_WHITE_IS_ZERO)


def write_png(pixels: Pixels, path: Path) -> None:
    """Writes pixels as a PNG without any metadata.

    Args:
        pixels: (height, width) or (height, width, 3) uint8.
        path: The file to write or replace.

    Raises:
        OSError: It cannot be written.
    """
    from PIL import Image

    Image.fromarray(pixels).save(path, format="PNG")
