"""DICOM files that hold a video: MPEG-2, H.264 or HEVC, packed into Pixel Data as one stream.

The video library reads files only, so the stream is copied out of the fragments into a file of its
own. That file may show a patient. It has no name where the system allows that (it is never in any
folder, and gone with the program however that ends), else it lies in a folder of the user's alone
until the source is closed or the program ends.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from sonichu_gui.domain.calibration import Calibration, ScaleSource, no_scale
from sonichu_gui.errors import FrameError
from sonichu_gui.imaging.containers import BARE, SNIFFED_BYTES, container_of, is_cut_short
from sonichu_gui.imaging.source_file import decoding
from sonichu_gui.imaging.storage import dicom_storage
from sonichu_gui.imaging.transfer_syntaxes import full_name
from sonichu_gui.imaging.ultrasound_regions import read_calibration
from sonichu_gui.imaging.video import Video, VideoSource, mean_step, read_video
from sonichu_gui.imaging.video_capture import OPEN_FILES
from sonichu_gui.imaging.video_decoder import VideoDecoder

if TYPE_CHECKING:
    from pydicom.uid import UID

    from sonichu_gui.imaging.dicom_header import DicomHeader, PixelStore
    from sonichu_gui.imaging.whole_reader import WholeReader

# 100-108, and their forms in several fragments (.1): PS3.5 annex A.4.5-A.4.8 and A.4.12.
_VIDEO = re.compile(r"1\.2\.840\.10008\.1\.2\.4\.10[0-8](\.1)?$")
_ITEM = b"\xfe\xff\x00\xe0"
_PREFIX = "sonichu-"
_COPIED_AT_ONCE = 1 << 20


def is_video(syntax: UID) -> bool:
    """Whether a transfer syntax is one of the videos."""
    return _VIDEO.match(syntax) is not None


def open_dicom_video(header: DicomHeader) -> VideoSource:
    """Opens a DICOM file that holds a video.

    The decoder is believed about the number of frames and their size, the header about the size
    of a pixel and the time between frames.

    Raises:
        FrameError: The stream is damaged, cut short or none that is known.
        UnsupportedFrame: Its pictures cannot be decoded here.
    """
    file = header.store.file
    with decoding(file.path, "The video in"):
        stream_of = _Extraction(header.store)
        with stream_of() as stream:
            container = container_of(stream.read(SNIFFED_BYTES))
            if container is None:
                raise FrameError(
                    f"{file.path} states the transfer syntax {full_name(header.syntax)}, but holds"
                    " neither an MPEG stream nor an MP4.",
                    "Export it anew from where it came from.",
                )
            is_cut = stream_of.is_cut or is_cut_short(stream, container)
            video = read_video(file, stream, container, is_cut=is_cut, stated=header.frame_count)
        calibration = _calibration(header, video)
    times = _times_ms(header, video, container)
    return VideoSource(
        path=file.path,
        digest=file.digest,
        format=f"DICOM · {video.codec} video",
        frame_count=video.index.count,
        width=video.width,
        height=video.height,
        color=video.color,
        frame_time_ms=mean_step(times),
        calibration=calibration,
        notes=_notes(header, video, is_cut=is_cut),
        file=file,
        times_ms=times,
        _decoder=VideoDecoder(file.path, video.index, stream_of),
        storage=dicom_storage(header),
    )


class _Extraction:
    """Copies the stream out of its fragments, anew each time it is called.

    Args:
        store: Where the fragments are.

    Attributes:
        is_cut: Whether the file ends within a fragment, or before the first.
    """

    def __init__(self, store: PixelStore) -> None:
        self._store = store
        with store.open() as reader:
            self._spans, self.is_cut = _fragments(reader, store.end)

    @contextmanager
    def __call__(self) -> Iterator[BinaryIO]:
        """Gives the stream as a file of its own, for as long as the block lasts.

        Raises:
            FrameError: There is no room for it.
        """
        with ExitStack() as held:
            try:
                stream = held.enter_context(_private_file())
            except OSError as error:
                raise self._no_room(error) from error
            with self._store.open() as reader:
                for part in self._parts(reader):
                    self._write(stream, part)
            self._write(stream, b"")
            stream.seek(0)
            yield stream

    def _parts(self, reader: WholeReader) -> Iterator[bytes]:
        for start, length in self._spans:
            reader.seek(start)
            for done in range(0, length, _COPIED_AT_ONCE):
                yield reader.read(min(length - done, _COPIED_AT_ONCE))

    def _write(self, stream: BinaryIO, part: bytes) -> None:
        """Writes a part, or with an empty one all that is still on its way."""
        try:
            if part:
                stream.write(part)
            else:
                stream.flush()
        except OSError as error:
            raise self._no_room(error) from error

    def _no_room(self, error: OSError) -> FrameError:
        return FrameError(
            f"The video in {self._store.file.path} cannot be copied to a temporary file"
            f" for its decoder: {error.strerror or error}.",
            "Make room, or set TMPDIR to a folder that has some.",
        )


def _fragments(reader: WholeReader, end: int) -> tuple[list[tuple[int, int]], bool]:
    """Gives start and length of each fragment, and whether the last one is cut short."""
    spans: list[tuple[int, int]] = []
    while end - reader.tell() >= 8:
        head = reader.read(8)
        if head[:4] != _ITEM:
            break
        start, length = reader.tell(), int.from_bytes(head[4:], "little")
        spans.append((start, min(length, end - start)))
        if start + length > end:
            return spans[1:], True
        reader.seek(start + length)
    return spans[1:], len(spans) < 2  # the first is the table of offsets


@contextmanager
def _private_file() -> Iterator[BinaryIO]:
    if OPEN_FILES.is_dir():
        with tempfile.TemporaryFile(prefix=_PREFIX) as nameless:
            yield cast("BinaryIO", nameless)
        return
    with (
        tempfile.TemporaryDirectory(prefix=_PREFIX, ignore_cleanup_errors=True) as folder,
        (Path(folder) / "video").open("xb+") as named,
    ):
        yield named


def _calibration(header: DicomHeader, video: Video) -> Calibration:
    if (video.width, video.height) != (header.width, header.height):
        reason = (
            f"the header is of {header.width}×{header.height} pixels, the video has"
            f" {video.width}×{video.height}: its scale may not hold"
        )
        return Calibration(spacing=no_scale(reason, video.pixel_aspect))
    found = read_calibration(header.dataset, width=video.width, height=video.height)
    spacing = found.spacing
    if spacing.source is ScaleSource.NONE and spacing.aspect == 1.0:
        return replace(found, spacing=no_scale(spacing.reason, video.pixel_aspect))
    return found


def _times_ms(header: DicomHeader, video: Video, container: str) -> tuple[float, ...]:
    """Gives each frame's time since the first: by the header, else by the stream."""
    count = video.index.count
    counted = replace(header, frame_count=count)
    if stated := counted.times_ms():
        return stated
    if step := counted.frame_time_ms:
        return tuple(number * step for number in range(count))
    # A bare stream's rate may be one that the library made up.
    return () if container == BARE else video.index.times_ms()


def _notes(header: DicomHeader, video: Video, *, is_cut: bool) -> tuple[str, ...]:
    notes = []
    if is_cut:
        notes.append(f"the file is cut short: {video.index.count} whole frames are left")
    elif header.frame_count != video.index.count:
        notes.append(
            f"the header states {header.frame_count} frames, the video holds {video.index.count}"
        )
    if (video.width, video.height) != (header.width, header.height):
        notes.append(
            f"the header states {header.width}×{header.height} pixels, the video has"
            f" {video.width}×{video.height}"
        )
    return tuple(notes)
