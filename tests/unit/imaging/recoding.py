"""GDCM's own change of a file's transfer syntax: for lossless JPEG, and as a witness."""

from __future__ import annotations

from typing import TYPE_CHECKING

import gdcm

if TYPE_CHECKING:
    from pathlib import Path


def recode_by_gdcm(path: Path, target: Path, syntax: str) -> None:
    """Writes a file again in another transfer syntax."""
    reader = gdcm.ImageReader()
    reader.SetFileName(str(path))
    assert reader.Read(), path.name
    change = gdcm.ImageChangeTransferSyntax()
    change.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.GetTSType(syntax)))
    change.SetInput(reader.GetImage())
    assert change.Change(), path.name
    writer = gdcm.ImageWriter()
    writer.SetFileName(str(target))
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    assert writer.Write(), path.name
