"""Leaks between what is learned from and what is measured on: an error, not a warning.

A figure measured on frames that the model has seen, or on their neighbours, tells nothing. Three
ways are looked for: the same file on both sides, the same subject, and a picture that shows the
same (re-encoded, resized, brightened or mirrored, see `fingerprints`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from sonichu_gui.errors import FrameError, LabelError
from sonichu_gui.training.data.fingerprints import Fingerprint, fingerprints, near_pairs
from sonichu_gui.training.data.labels import FrameRow, LabelRow

__all__ = [
    "LEAK_KINDS",
    "Leak",
    "LeakError",
    "LeakKind",
    "each_once",
    "find_leaks",
    "hint_for",
    "leaks_between",
    "name_of",
    "require_no_leaks",
]

LeakKind: TypeAlias = Literal["file", "subject", "near-duplicate"]
LEAK_KINDS: tuple[LeakKind, ...] = get_args(LeakKind)

_TOLD = 10
_HINTS: Mapping[LeakKind, str] = {
    "file": "Take the file out of one side.",
    "subject": 'Split by subject (rule = "group"); if two people of different studies share a'
    ' number, give each source its own study = "…".',
    "near-duplicate": "Look at both: if they are one picture, take it out of one side or give both"
    " the same subject_id.",
}
_Row: TypeAlias = LabelRow | FrameRow
_Known: TypeAlias = tuple[_Row, Fingerprint]


class LeakError(LabelError):
    """Frames that are learned from and measured on."""


@dataclass(frozen=True, slots=True)
class Leak:
    """A frame on either side, and what they have in common.

    Attributes:
        kind: which way it leaks.
        learned: file of the frame that is learned from.
        held_out: file of the frame that is measured on.
        detail: what they share, in words.
    """

    kind: LeakKind
    learned: str
    held_out: str
    detail: str

    def __str__(self) -> str:
        return f"{self.learned} (learned) and {self.held_out} (held out): {self.detail}"


def find_leaks(
    learn: Sequence[_Row],
    held_out: Sequence[_Row],
    *,
    kinds: Collection[LeakKind] = LEAK_KINDS,
    report: Callable[[str], None] = lambda _line: None,
) -> list[Leak]:
    """Every leak from one side to the other.

    Args:
        learn: labelled and unlabelled rows that are learned from.
        held_out: rows that are measured on.
        kinds: which ways to look for. A split by image parts subjects knowingly: there only "file"
            is an error.
        report: is told how far the reading of frames is.

    Raises:
        FrameError: a frame cannot be read, and so not compared.
    """
    learn, held_out = each_once(learn), each_once(held_out)
    prints: list[Fingerprint] = []
    for one in fingerprints([*learn, *held_out], report=report):
        if isinstance(one, FrameError):
            raise one
        prints.append(one)
    return leaks_between(
        list(zip(learn, prints[: len(learn)], strict=True)),
        list(zip(held_out, prints[len(learn) :], strict=True)),
        kinds=kinds,
    )


def leaks_between(
    learn: Sequence[_Known],
    held_out: Sequence[_Known],
    *,
    kinds: Collection[LeakKind] = LEAK_KINDS,
) -> list[Leak]:
    """Every leak between rows whose fingerprints are known; see `find_leaks`."""
    found: list[Leak] = []
    if "file" in kinds:
        found += _same_files(learn, held_out)
    if "subject" in kinds:
        found += _same_subjects(learn, held_out)
    if "near-duplicate" in kinds:
        found += _near_duplicates(learn, held_out)
    return found


def require_no_leaks(
    learn: Sequence[_Row],
    held_out: Sequence[_Row],
    *,
    kinds: Collection[LeakKind] = LEAK_KINDS,
    report: Callable[[str], None] = lambda _line: None,
) -> None:
    """Stops a run whose figures would mean nothing.

    Raises:
        LeakError: naming the pairs and what to do.
        FrameError: as for `find_leaks`.
    """
    if leaks := find_leaks(learn, held_out, kinds=kinds, report=report):
        raise _leak_error(leaks)


def _leak_error(leaks: Sequence[Leak]) -> LeakError:
    """The refusal that names the first leaks and what to do about each kind."""
    told = "; ".join(map(str, leaks[:_TOLD]))
    more = f"; and {len(leaks) - _TOLD} more" if len(leaks) > _TOLD else ""
    noun = "leak" if len(leaks) == 1 else "leaks"
    return LeakError(
        f"{len(leaks)} {noun} from held-out frames into training: {told}{more}.", hint_for(leaks)
    )


def hint_for(leaks: Sequence[Leak]) -> str:
    """What to do about leaks, a sentence for each kind there is."""
    kinds = {leak.kind for leak in leaks}
    return " ".join(hint for kind, hint in _HINTS.items() if kind in kinds)


def _same_files(learn: Sequence[_Known], held_out: Sequence[_Known]) -> Iterator[Leak]:
    seen = {(one.digest, one.index): row for row, one in learn}
    for row, one in held_out:
        if twin := seen.get((one.digest, one.index)):
            yield Leak("file", name_of(twin), name_of(row), "the same file, byte for byte")


def _same_subjects(learn: Sequence[_Known], held_out: Sequence[_Known]) -> Iterator[Leak]:
    """One leak a subject, and one a cine that lies on either side under two names."""
    sides = _by_subject(learn), _by_subject(held_out)
    for subject in sorted(sides[0].keys() & sides[1].keys()):
        first, second = sides[0][subject], sides[1][subject]
        detail = f"subject {subject}, {len(first)} frames learned and {len(second)} held out"
        yield Leak("subject", name_of(first[0]), name_of(second[0]), detail)
    cines = {one.digest: row for row, one in learn}
    whole = {(one.digest, one.index) for _, one in learn}
    for row, one in held_out:
        other = cines.get(one.digest)
        if other is None or (one.digest, one.index) in whole:
            continue
        if other.subject_id != row.subject_id:
            yield Leak("subject", name_of(other), name_of(row), "frames of one cine")


def _near_duplicates(learn: Sequence[_Known], held_out: Sequence[_Known]) -> Iterator[Leak]:
    """Pictures that show the same, where neither file nor subject has told so already."""
    pairs = near_pairs([one for _, one in learn], [one for _, one in held_out])
    for i, j, bits in pairs:
        (first, ours), (second, theirs) = learn[i], held_out[j]
        if ours.digest != theirs.digest and first.subject_id != second.subject_id:
            detail = f"they show the same ({bits} of 255 bits of their hashes differ)"
            yield Leak("near-duplicate", name_of(first), name_of(second), detail)


def _by_subject(rows: Sequence[_Known]) -> dict[str, list[_Row]]:
    found = defaultdict[str, list[_Row]](list)
    for row, _ in rows:
        found[row.subject_id].append(row)
    return found


def each_once(rows: Sequence[_Row]) -> list[_Row]:
    """One row for each frame: sources may repeat one, and a frame may have labels of two tasks."""
    return list({name_of(row): row for row in rows}.values())


def name_of(row: _Row) -> str:
    """A frame's whole name: its file's path, and its index in a cine."""
    return row.image_path if row.images is None else (row.images / row.image_path).as_posix()
