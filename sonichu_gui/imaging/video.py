"""Video files: AVI, MP4, MOV and MKV. None of them states the size of a pixel.

A frame is a picture of the video in the order they are shown, counted from 0. The number is the
same in every session and on every machine: it is part of what a label is kept by. Turning that the
file asks for (telephones) is done; pixels that are not square are left as they are stored, and the
calibration knows their shape, as for all other files.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from sonichu_gui.domain.calibration import Calibration, no_scale
from sonichu_gui.domain.frame import Frame, FrameRef
from sonichu_gui.errors import FrameError, UnsupportedFrame
from sonichu_gui.imaging.containers import is_cut_short
from sonichu_gui.imaging.intensity import grey_if_colourless
from sonichu_gui.imaging.source_file import SourceFile, decoding, identify
from sonichu_gui.imaging.storage import UNSTATED, Storage
from sonichu_gui.imaging.video_capture import (
    UNCOMPRESSED,
    codec_of,
    grabs,
    letters,
    pictures_of,
    pixels_at_hand,
)
from sonichu_gui.imaging.video_decoder import VideoDecoder
from sonichu_gui.imaging.video_index import VideoIndex, read_index

if TYPE_CHECKING:
    import cv2

    from sonichu_gui.imaging.windows import WindowPreset

_CODECS = {
    UNCOMPRESSED: "uncompressed",
    "h264": "H.264", "hevc": "HEVC", "mpg1": "MPEG-1", "mpg2": "MPEG-2", "fmp4": "MPEG-4",
    "mjpg": "Motion JPEG", "mpng": "PNG", "ffv1": "FFV1", "hfyu": "HuffYUV", "vp80": "VP8",
    "vp90": "VP9", "av01": "AV1",
}  # fmt: skip
_TINT = 4
"""Levels between the colours of a pixel that come about by an encoder's rounding of grey."""
_STATING_A_NUMBER = {"AVI", "MP4", "MOV"}
_WITHOUT_DECODER = {"av01"}
_RGB_LAYOUTS, _GREY_LAYOUTS = (b"BGR", b"RGB", b"ABGR", b"ARGB", b"GBR"), (b"GREY", b"Y8", b"Y16")
_PALETTE_LAYOUT = b"PAL"


@dataclass(frozen=True, slots=True)
class VideoSource:
    """A video as a source of frames.

    The file stays open from the first frame on; `close` lets it go, also while another thread is
    seeking a frame, which then gets a `FrameError`. A frame asked for later opens it again.

    Attributes:
        path: Where the file is.
        digest: SHA-256 of its bytes.
        format: Container and codec, e.g. "MP4 · H.264".
        frame_count: Pictures that the file holds, whatever its header says of their number.
        width: In pixels, as shown.
        height: Likewise.
        color: How the file stores it: "ybr", "rgb", "palette" or "grey".
        frame_time_ms: Mean time from frame to frame, None when the file does not state it.
        calibration: No scale, and why; the shape of a pixel where that is known.
        presets: None.
        notes: What was found wrong with the file but does not keep it from being shown.
        times_ms: Time of each frame, empty when the file does not state it.
        storage: What a DICOM file around it says of its pixels.
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
    notes: tuple[str, ...]
    file: SourceFile
    times_ms: tuple[float, ...]
    _decoder: VideoDecoder
    presets: tuple[WindowPreset, ...] = ()
    storage: Storage = UNSTATED

    def frame(self, index: int) -> Frame:
        """Decodes one frame; safe to call from several threads, which take turns.

        The one after the last costs least. Going far back, or ahead beyond what was decoded,
        decodes from the key picture before: a second or two at worst in files of long distances.

        Raises:
            FrameError: There is no such frame, it is damaged, or the source was closed meanwhile.
        """
        self.file.require_frame(index, self.frame_count)
        if index in self._decoder.index.foreign:
            raise UnsupportedFrame(
                f"Frame {index} of {self.path} has another size or colour sampling than the first"
                " one, or a damaged header.",
                "Cut the video where that changes, or convert it, e.g. with FFmpeg.",
            )
        with decoding(self.path, f"Frame {index} of"):
            pixels = self._decoder.picture(index)
        if pixels is None:
            raise FrameError(
                f"Frame {index} of {self.path} is not there, although the file announces it:"
                " its data is damaged or missing.",
                "Other frames may be sound; copy the file again from where it came from.",
            )
        if pixels.ndim == 3:
            pixels = grey_if_colourless(pixels, within=_TINT)
        time_ms = self.times_ms[index] if self.times_ms else None
        return Frame(FrameRef(self.digest, index), pixels, self.calibration, time_ms)

    def frame_with(self, index: int, preset: WindowPreset) -> Frame:  # noqa: ARG002
        """Decodes one frame; there are no presets to show it by."""
        return self.frame(index)

    def close(self) -> None:
        """Lets go the file and the decoder."""
        self._decoder.close()


@dataclass(frozen=True, slots=True)
class Video:
    """What a stream of pictures is, before anybody says what it is for.

    Attributes:
        index: Its pictures.
        width: Of a picture as shown, in pixels.
        height: Likewise.
        codec: What it is compressed by, for people.
        color: How it is stored: "ybr", "rgb", "palette" or "grey".
        pixel_aspect: Height of a pixel over its width, 1.0 when not stated.
    """

    index: VideoIndex
    width: int
    height: int
    codec: str
    color: str
    pixel_aspect: float


def open_video(path: Path, container: str) -> VideoSource:
    """Opens a video file.

    Reads it through once to know its pictures, and decodes a few of them; a file whose packets
    and pictures do not agree is decoded as a whole, which may take a while.

    Args:
        path: The file.
        container: What its content is: "AVI", "MP4", "MOV" or "MKV".

    Raises:
        FrameError: It cannot be read, is damaged, too large or holds no pictures.
        UnsupportedFrame: Its pictures are compressed in a way that nothing here decodes.
    """
    file = identify(path)
    with file.open() as stream, decoding(path, "The video"):
        is_cut = is_cut_short(stream, container)
        video = read_video(file, stream, container, is_cut=is_cut)
    times = video.index.times_ms()
    article = "an" if container[0] in "AEIOUM" else "a"
    reason = f"{article} {container} states no pixel size; calibrate or import a label file"
    return VideoSource(
        path=path,
        digest=file.digest,
        format=f"{container} · {video.codec}",
        frame_count=video.index.count,
        width=video.width,
        height=video.height,
        color=video.color,
        frame_time_ms=mean_step(times),
        calibration=Calibration(spacing=no_scale(f"{reason} that does", video.pixel_aspect)),
        notes=_notes(video.index, container, is_cut=is_cut),
        file=file,
        times_ms=times,
        _decoder=VideoDecoder(path, video.index, file.open),
    )


def read_video(
    file: SourceFile,
    stream: BinaryIO,
    container: str,
    *,
    is_cut: bool = False,
    stated: int | None = None,
) -> Video:
    """Finds out what a stream of pictures is.

    Args:
        file: The file it is from, to name it in errors.
        stream: The stream; it has a number that the system knows.
        container: As `containers.container_of` names it.
        is_cut: Whether it ends before it should.
        stated: Number of pictures by a header outside of it.

    Raises:
        FrameError: It is damaged, too large or holds no pictures.
        UnsupportedFrame: Nothing here decodes its pictures.
    """
    import cv2

    with pictures_of(stream) as capture:
        if not capture.isOpened():
            raise _not_a_video(file, container, is_cut=is_cut)
        file.require_size(
            int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)), int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
        )
        codec = codec_of(capture)
        pixels = pixels_at_hand(capture) if any(grabs(capture)) else None
        if pixels is None:
            raise _nothing_decoded(file, codec)
        color = _color(letters(capture, cv2.CAP_PROP_CODEC_PIXEL_FORMAT))
        aspect = _pixel_aspect(capture)
    index = read_index(stream, container, is_cut=is_cut, stated=stated)
    if index is None:
        raise _nothing_decoded(file, codec)
    if index.is_woven:
        raise UnsupportedFrame(
            f"{file.path} holds interlaced {_CODECS[codec]} pictures, which the video library here"
            " does not convert.",
            "Convert it, e.g. with FFmpeg: ffmpeg -i IN -vf yadif OUT.mp4.",
        )
    height, width = pixels.shape[:2]
    return Video(index, width, height, _CODECS.get(codec, codec.upper()), color, aspect)


def mean_step(times_ms: tuple[float, ...]) -> float | None:
    """Gives the mean time from one frame to the next, None for one frame or none with a time."""
    if len(times_ms) < 2 or times_ms[-1] <= times_ms[0]:
        return None
    return (times_ms[-1] - times_ms[0]) / (len(times_ms) - 1)


def _color(layout: bytes) -> str:
    if layout.startswith(_GREY_LAYOUTS):
        return "grey"
    if layout.startswith(_PALETTE_LAYOUT):
        return "palette"
    return "rgb" if layout.startswith(_RGB_LAYOUTS) else "ybr"


def _pixel_aspect(capture: cv2.VideoCapture) -> float:
    """Gives height over width of a pixel as shown; the file states width over height as stored."""
    import cv2

    across, down = capture.get(cv2.CAP_PROP_SAR_NUM), capture.get(cv2.CAP_PROP_SAR_DEN)
    if across <= 0 or down <= 0 or not 0.1 < down / across < 10:
        return 1.0
    is_turned = int(capture.get(cv2.CAP_PROP_ORIENTATION_META)) % 180 == 90
    return across / down if is_turned else down / across


def _notes(index: VideoIndex, container: str, *, is_cut: bool) -> tuple[str, ...]:
    stated = index.stated if container in _STATING_A_NUMBER else 0
    words = f"its header states {stated} frames, {index.count} can be shown"
    if is_cut:
        words = words if stated > index.count else f"{index.count} whole frames are left"
        return (f"the file is cut short: {words}",)
    return (words,) if stated not in {0, index.count} else ()


def _not_a_video(file: SourceFile, container: str, *, is_cut: bool) -> FrameError:
    if is_cut:
        return FrameError(
            f"{file.path} is cut short: the file ends before its pictures can be found.",
            "Copy the file again from where it came from.",
        )
    return FrameError(
        f"{file.path} is a damaged {container}, one without pictures, or compressed in a way that"
        " nothing here decodes.",
        "Copy the file again from where it came from, or convert it to H.264 (MP4).",
    )


def _nothing_decoded(file: SourceFile, codec: str) -> FrameError:
    name = _CODECS.get(codec, codec.upper())
    if codec in _WITHOUT_DECODER or codec not in _CODECS:
        return UnsupportedFrame(
            f"{file.path} holds pictures compressed as {name}, which needs a decoder of its own.",
            "Convert it to H.264 (MP4) or Motion JPEG (AVI).",
        )
    return FrameError(
        f"{file.path} holds {name} pictures, none of which can be decoded: they are damaged.",
        "Copy the file again from where it came from, or export it anew.",
    )
