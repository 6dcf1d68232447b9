"""DCMTK's own rendering of DICOM files, to hold ours against; what it cannot read GDCM unpacks."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import numpy as np
import pydicom
from PIL import Image
from pydicom import uid
from pydicom.dataset import Dataset

from tests.unit.imaging.recoding import recode_by_gdcm

if TYPE_CHECKING:
    from pathlib import Path

_PROGRAMS = {
    uid.JPEGBaseline8Bit: "dcmj2pnm",
    uid.JPEGExtended12Bit: "dcmj2pnm",
    uid.JPEGLossless: "dcmj2pnm",
    uid.JPEGLosslessSV1: "dcmj2pnm",
    uid.JPEGLSLossless: "dcml2pnm",
    uid.JPEGLSNearLossless: "dcml2pnm",
}
_PICTURE_GROUPS = {0x0028, 0x7FE0}


def is_installed() -> bool:
    return all(shutil.which(program) for program in ("dcm2pnm", "dcmj2pnm", "dcml2pnm"))


def render(path: Path, index: int, scratch: Path, *, windowed: bool, narrow: bool) -> np.ndarray:
    """Gives (height, width) or (height, width, 3) of a frame.

    Args:
        path: The file.
        index: Frame, from 0.
        scratch: Folder for copies.
        windowed: Whether the file has a window, whose first is used; else grey of more or less
            than eight bits is stretched by its own range.
        narrow: Whether a sample has eight bits.
    """
    options = ["+Wi", "1"] if windowed else ["-W"] if narrow else ["+Wm"]
    options += ["-O", "+F", str(index + 1)]
    pixels = _rendered(path, scratch, options)
    for copy in (_only_the_picture, _unpacked):
        if pixels is None:
            pixels = _rendered(copy(path, scratch), scratch, options)
    assert pixels is not None, f"neither DCMTK nor GDCM can read {path.name}"
    return pixels


def _rendered(path: Path, scratch: Path, options: list[str]) -> np.ndarray | None:
    target = scratch / "rendered.png"
    target.unlink(missing_ok=True)
    program = _PROGRAMS.get(_syntax_of(path), "dcm2pnm")
    subprocess.run([program, "+on", *options, path, target], capture_output=True, check=False)
    if not target.is_file() or not target.stat().st_size:
        return None
    with Image.open(target) as image:
        return np.asarray(image)


def _syntax_of(path: Path) -> str:
    return pydicom.dcmread(path, stop_before_pixels=True).file_meta.TransferSyntaxUID


def _only_the_picture(path: Path, scratch: Path) -> Path:
    """Copies a file without what DCMTK stumbles over before it comes to the picture."""
    whole, picture = pydicom.dcmread(path), Dataset()
    for tag in whole.keys():  # noqa: SIM118 - elements would be read, and that is what fails
        if tag.group in _PICTURE_GROUPS:
            picture[tag] = whole[tag]
    picture.file_meta = whole.file_meta
    target = scratch / "picture.dcm"
    picture.save_as(target, enforce_file_format=True)
    return target


def _unpacked(path: Path, scratch: Path) -> Path:
    """Lets GDCM decompress a file."""
    target = scratch / "unpacked.dcm"
    recode_by_gdcm(path, target, uid.ExplicitVRLittleEndian)
    return target
