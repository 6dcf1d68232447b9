"""The demo study: drawn frames with known pixel sizes, and a real cine without a usable one.

It is a folder of the person's own like any other: what they place there stays. The cine is
pydicom's apical four-chamber example; its region is larger than the image, which is why the app
gives no millimetres for it.
"""

from __future__ import annotations

import csv
import tempfile
from pathlib import Path

from sonichu_gui import paths
from sonichu_gui.domain.calibration import Calibration, ScaleSource, given_scale
from sonichu_gui.errors import SonichuError

__all__ = ["make_demo_study"]

CINE_NAME = "07-apical-four-chamber.dcm"
LABELS_NAME = "labels.csv"

_AUTHOR = "demo study"


def make_demo_study(folder: Path | None = None) -> Path:
    """Gives the folder of the demo study, made or completed where needed.

    Points and scales that are in its label store already stay as they are.

    Args:
        folder: Where it is to be; None means a folder of its own among the user's data.

    Raises:
        SonichuError: It cannot be written, or the installation lacks its files.
        StoreError: Its label store cannot be used; it is left as it is.
    """
    folder = paths.user_data() / "demo" if folder is None else folder
    originals = _originals()
    labels = originals.pop(LABELS_NAME)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, original in originals.items():
            _copy(original, folder / name)
        # The label file comes last: where it is, everything else has once been in place.
        if not (folder / LABELS_NAME).exists():
            _save_scales(folder, labels)
            _copy(labels, folder / LABELS_NAME)
    except OSError as error:
        raise SonichuError(
            f"The demo study cannot be made in {folder}: {error.strerror or error}.",
            "Free some space, or open files of your own instead.",
        ) from error
    return folder


def _originals() -> dict[str, Path]:
    """Gives the study's files by their names in it."""
    from pydicom import examples

    source = paths.resources("demo")
    files = {path.name: path for path in sorted(source.glob("*.png"))}
    files[CINE_NAME] = Path(examples.get_path("ybr_color"))
    files[LABELS_NAME] = source / LABELS_NAME
    missing = [str(path) for path in files.values() if not path.is_file()]
    if missing or len(files) < 3:
        raise SonichuError(
            f"The demo study is incomplete: {', '.join(missing) or source} is missing.",
            "Install Sonichu again.",
        )
    return files


def _copy(original: Path, copy: Path) -> None:
    """Puts a copy in place, whole or not at all; one that is right already is not touched."""
    data = original.read_bytes()
    if copy.is_file() and copy.read_bytes() == data:
        return
    with tempfile.TemporaryDirectory(dir=copy.parent, prefix=".demo-") as room:
        draft = Path(room) / copy.name
        draft.write_bytes(data)
        draft.replace(copy)


def _save_scales(folder: Path, labels: Path) -> None:
    """Keeps the pixel sizes of the label file in the study's store, and none of its points.

    The points are what the person, or the model, is there to place.
    """
    from sonichu_gui.imaging.sources import digest_of
    from sonichu_gui.labels.store import LabelStore

    with labels.open(encoding="utf-8", newline="") as stream:
        sizes = {row["image_path"]: float(row["pixel_size_mm"]) for row in csv.DictReader(stream)}
    store = LabelStore.open_for(folder)
    try:
        with store.batch():
            for name, size in sizes.items():
                digest = digest_of(folder / name)
                if store.calibration_for(digest, Calibration()).override is None:
                    scale = given_scale(
                        dx_mm=size,
                        dy_mm=size,
                        source=ScaleSource.LABEL_FILE,
                        reason=f"pixel_size_mm of {LABELS_NAME}",
                    )
                    store.save_scale(digest, scale, author=_AUTHOR)
    finally:
        store.close()
