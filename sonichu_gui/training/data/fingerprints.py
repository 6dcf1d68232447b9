"""What two frames are compared by: the digest of their file, and a hash of what they show.

The hash is the signs of 255 low coefficients of the cosine transform of the frame at 64x64 pixels.
Scaling the grey values or the frame leaves them as they are; noise and compression turn few.

Measured on HC18 (1,198 frames, 863 labelled and 335 not), of 255 bits:

- copies of one frame differ in at most 7 when saved as JPEG (quality 90 to 20), resized (a quarter
  to one and a half, or to a square) or given noise of 8 grey values, in at most 16 when brightened
  or darkened by a third, in at most 30 under a gamma of 0.7 or 1.5;
- frames of different examinations differ in at least 47 (717,000 pairs; 1 in 100,000 in fewer than
  54) or, mirrored left to right or top to bottom, in at least 58, with one exception: two frames of
  the unlabelled set, 263_HC.png and 280_HC.png, differ in 6 and are the same picture but for the
  rectangle that hides the screen's text;
- frames of one examination differ in 112 at the median; fewer than 47 in one of twenty pairs.

So `NEAR_BITS` = 32: every such copy is found, no two different patients of HC18 are taken for one.
A line of text burnt in (up to 42) or a border cut off by a fiftieth (up to 55) may hide a copy.
A frame without any content (one grey value) has no hash and is compared by its digest alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

from sonichu_gui.errors import FrameError
from sonichu_gui.imaging.sources import open_source
from sonichu_gui.training.data.fingerprint_cache import FingerprintCache, KnownFile
from sonichu_gui.training.data.frame_files import frame_file

if TYPE_CHECKING:
    from sonichu_gui.domain.frame import Pixels
    from sonichu_gui.training.data.labels import FrameRow, LabelRow

__all__ = [
    "NEAR_BITS",
    "Fingerprint",
    "fingerprints",
    "near_pairs",
    "perceptual_hash",
]

NEAR_BITS = 32
"""Hashes that differ in at most so many bits are of one picture."""

_SIDE, _KEPT = 64, 16
_BITS = _KEPT * _KEPT  # the first is always 0
_FLAT = 2.0  # standard deviation in grey values below which a frame shows nothing
_BLOCK = 1 << 23  # pairs compared at once: 32 MB


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """A frame's identity and likeness.

    Attributes:
        digest: SHA-256 of its file.
        index: of the frame in the file.
        hash: the bits in hex; empty for a frame that shows nothing.
        size: width and height in pixels.
    """

    digest: str
    index: int
    hash: str
    size: tuple[int, int]


def perceptual_hash(pixels: Pixels) -> str:
    """Gives the hash of a frame, (H, W) grey or (H, W, 3) RGB."""
    grey = pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA).astype(np.float64)
    if small.std() < _FLAT:
        return ""
    signs = (cv2.dct(small)[:_KEPT, :_KEPT] > 0).ravel()
    signs[0] = False  # the mean: brightness, no content
    return np.packbits(signs, bitorder="little").tobytes().hex()


def fingerprints(
    rows: Sequence[LabelRow | FrameRow],
    *,
    cache: FingerprintCache | None = None,
    report: Callable[[str], None] = lambda _line: None,
) -> list[Fingerprint | FrameError]:
    """Gives the fingerprint of every row's frame, or why it cannot be read.

    A file is opened once for all its frames, and not at all where the cache knows it.

    Args:
        rows: each knows its images' folder.
        cache: what is known from before; None for the user's own.
        report: is told now and then how far it is.
    """
    found: dict[int, Fingerprint | FrameError] = {}
    by_file: dict[Path, list[tuple[int, int | None]]] = {}
    for number, row in enumerate(rows):
        try:
            path, index = frame_file(row)
        except FrameError as error:
            found[number] = error
        else:
            by_file.setdefault(path, []).append((number, index))
    with cache or FingerprintCache.of_user() as known:
        for done, (path, wanted) in enumerate(by_file.items(), start=1):
            found.update(_of_file(path, wanted, known))
            if done % 500 == 0:
                report(f"{done} of {len(by_file)} files compared")
    return [found[number] for number in range(len(rows))]


def _of_file(
    path: Path, wanted: Sequence[tuple[int, int | None]], cache: FingerprintCache
) -> dict[int, Fingerprint | FrameError]:
    """Fingerprints of a file's frames by the number of their row."""
    indices = {index or 0 for _, index in wanted}
    known = cache.get(path)
    failed: dict[int, FrameError] = {}
    if known is None or not indices <= known.frames.keys():
        try:
            known, failed = _read(path, sorted(indices), known)
        except FrameError as error:
            return {number: error for number, _ in wanted}
        cache.put(path, known)
    found: dict[int, Fingerprint | FrameError] = {}
    for number, index in wanted:
        if index is None and known.frame_count > 1:
            found[number] = FrameError(
                f"{path} has {known.frame_count} frames, and the row names none.",
                f"Write for example {path.name}#0 for the first.",
            )
        elif failure := failed.get(index or 0):
            found[number] = failure
        else:
            bits, width, height = known.frames[index or 0]
            found[number] = Fingerprint(known.digest, index or 0, bits, (width, height))
    return found


def _read(
    path: Path, indices: Iterable[int], known: KnownFile | None
) -> tuple[KnownFile, dict[int, FrameError]]:
    """The file with the frames of these indices added, and those that cannot be read."""
    source = open_source(path)
    frames = dict(known.frames) if known else {}
    failed: dict[int, FrameError] = {}
    try:
        for index in indices:
            if index in frames:
                continue
            try:
                pixels = source.frame(index).pixels
            except FrameError as error:
                failed[index] = error
            else:
                frames[index] = perceptual_hash(pixels), pixels.shape[1], pixels.shape[0]
        return KnownFile(source.digest, source.frame_count, frames), failed
    finally:
        source.close()


def near_pairs(
    first: Sequence[Fingerprint], second: Sequence[Fingerprint], within: int = NEAR_BITS
) -> list[tuple[int, int, int]]:
    """Gives (index in first, index in second, bits) of every two frames that show the same.

    The mirrored picture counts as the same. Bits as signs make the number that differ a product of
    matrices, block by block: 100 million pairs take seconds.
    """
    ours = [index for index, one in enumerate(first) if one.hash]
    theirs = [index for index, one in enumerate(second) if one.hash]
    if not ours or not theirs:
        return []
    a, b = _signs([first[i].hash for i in ours]), _signs([second[i].hash for i in theirs])
    found: dict[tuple[int, int], int] = {}
    step = max(_BLOCK // len(b), 1)
    for turned in (b * mirror for mirror in _MIRRORS):
        for start in range(0, len(a), step):
            alike = a[start : start + step] @ turned.T
            rows, columns = np.nonzero(alike >= _BITS - 2 * within)
            for row, column in zip(rows, columns, strict=True):
                pair = ours[start + int(row)], theirs[int(column)]
                bits = round((_BITS - float(alike[row, column])) / 2)
                found[pair] = min(found.get(pair, bits), bits)
    return sorted((i, j, bits) for (i, j), bits in found.items())


def _signs(hashes: Sequence[str]) -> npt.NDArray[np.float32]:
    """(N, 256) of hashes in hex: -1 where a bit is set, else 1."""
    data = np.frombuffer(b"".join(map(bytes.fromhex, hashes)), dtype=np.uint8)
    bits = np.unpackbits(data.reshape(-1, _BITS // 8), axis=1, bitorder="little")
    return (1 - 2 * bits.astype(np.int8)).astype(np.float32)


def _mirror(*, x: bool, y: bool) -> npt.NDArray[np.float32]:
    """(256,) -1 where a bit turns in a mirrored frame: at odd frequencies along that axis."""
    odd = np.arange(_KEPT) % 2 == 1
    turns = (x & odd)[None, :] ^ (y & odd)[:, None]
    return np.where(turns.ravel(), -1, 1).astype(np.float32)


_MIRRORS = (_mirror(x=False, y=False), _mirror(x=True, y=False), _mirror(x=False, y=True))
