"""Which frames belong together where no column says so: those of one clip, exam or patient.

Neighbouring frames of one video look alike, so a split must not part them. File names of public
data tell clips apart:

- ``loop.dcm#12``: frames of one file;
- ``Patient00757_Plane5_1_of_2.png``: everything of one patient (FETAL_PLANES_DB, and the femur
  frames of the challenge, which come from it);
- ``010_2HC.png``, ``010_HC.png``: one examination (HC18);
- ``DCM_IM_0012_frame34.png``, ``PNG_IM_0012-0034.png``, ``clip7_034.png``: frames of one clip, the
  last number being the frame's (the challenge's cardiac data).

A last number is cut only where the rest still tells something apart, i.e. has a number of its own
or is followed by the word "frame": ``img_001.png`` and ``img_002.png`` stay two. Where the rule is
too coarse or too fine, the column `subject_id` decides.
"""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

from sonichu_gui.labels.frame_name import split_frame_name

__all__ = ["clip_of"]

_PATIENT = re.compile(r"(?P<clip>Patient\d+)_Plane\w*", re.IGNORECASE)
_HC18 = re.compile(r"(?P<clip>\d+)_\d*HC")
_FRAME = re.compile(r"(?P<clip>.+?)[-_ ]?frame[-_ ]?\d+", re.IGNORECASE)
_NUMBERED = re.compile(r"(?P<clip>.*\d.*)[-_]\d+")
_NAMINGS = (_PATIENT, _HC18, _FRAME, _NUMBERED)


def clip_of(image_path: str, images: Path | None = None) -> str:
    """Gives what frames of one clip, exam or patient have in common: a path, less its frame number.

    Args:
        image_path: The frame's name as label files write it.
        images: Folder it starts from; with it, equal names in two folders are two clips.
    """
    path, index = split_frame_name(image_path.replace("\\", "/"))
    if index is None:
        whole = PurePosixPath(path)
        for naming in _NAMINGS:
            if found := naming.fullmatch(whole.stem):
                path = str(whole.with_name(found["clip"]))
                break
    return path if images is None else (images / path).as_posix()
