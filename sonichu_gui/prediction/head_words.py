"""What a head is worth, in the same words wherever a person picks a task or a model."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sonichu_gui.prediction.model_info import HeadInfo

DRAFT = "draft"

_ERRORS = (
    ("mae_mm", "{:.1f} mm"),
    ("mae_deg", "{:.1f}°"),
    ("mre_px_unordered", "{:.1f} px"),
    ("mre_px", "{:.1f} px"),
)


def head_note(head: HeadInfo) -> str:
    """What it learned from and how far off it was, short enough for a menu.

    "719 real frames · 1.9 mm", "phantoms only, draft".
    """
    if head.real_frames == 0:
        return f"phantoms only, {DRAFT}"
    known = " · ".join(part for part in (_data(head), _error(head)) if part)
    return ", ".join(part for part in (known, DRAFT if head.is_draft else "") if part)


def head_sentence(head: HeadInfo) -> str:
    """The same in full: "trained on 719 real frames, 1.9 mm"."""
    if head.real_frames == 0:
        return f"trained on phantoms only{_share(head)}, {DRAFT}"
    data = _data(head)
    parts = [f"trained on {data}" if data else "trained, data not stated", _error(head)]
    return ", ".join(part for part in (*parts, DRAFT if head.is_draft else "") if part)


def draft_reason(head: HeadInfo) -> str:
    """Why its points are a first guess; empty where they are more than that."""
    if not head.is_draft:
        return ""
    if head.real_frames is None:
        return "by its makers' own word"
    return f"from {_frames(head)}" if head.real_frames else "from phantoms only"


def _data(head: HeadInfo) -> str:
    if head.real_frames is None:
        return head.training_data.split(" (", maxsplit=1)[0]
    return _frames(head)


def _frames(head: HeadInfo) -> str:
    frames = f"{head.real_frames} real frames"
    return f"{frames} and {head.phantom_frames} phantoms" if head.phantom_frames else frames


def _share(head: HeadInfo) -> str:
    share = head.accuracy.get("mre_percent_width")
    return f", {share:.1f} % of the width" if _is_number(share) else ""


def _error(head: HeadInfo) -> str:
    for key, words in _ERRORS:
        value = head.accuracy.get(key)
        if _is_number(value):
            return words.format(value)
    return ""


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
