"""The same words for a head wherever a task or a model is picked."""

from __future__ import annotations

import pytest

from sonichu_gui.prediction.head_words import draft_reason, head_note, head_sentence
from sonichu_gui.prediction.model_info import HeadInfo


def head(**changes):
    told = {
        "trained": True,
        "training_data": "HC18, train split (CC BY 4.0); cited",
        "accuracy": {},
    }
    return HeadInfo(("a", "b"), **{**told, **changes})


@pytest.mark.parametrize(
    ("told", "note", "sentence", "reason"),
    [
        (
            {"real_frames": 719, "phantom_frames": 0, "accuracy": {"mae_mm": 1.92}},
            "719 real frames · 1.9 mm",
            "trained on 719 real frames, 1.9 mm",
            "",
        ),
        (
            {"real_frames": 719, "phantom_frames": 2000, "accuracy": {"mre_px_unordered": 9.5}},
            "719 real frames and 2000 phantoms · 9.5 px",
            "trained on 719 real frames and 2000 phantoms, 9.5 px",
            "",
        ),
        (
            {
                "real_frames": 0,
                "phantom_frames": 2000,
                "is_draft": True,
                "accuracy": {"mre_percent_width": 1.83, "phantoms": True, "mae_mm": 0.9},
            },
            "phantoms only, draft",
            "trained on phantoms only, 1.8 % of the width, draft",
            "from phantoms only",
        ),
        (
            {"real_frames": 12, "is_draft": True, "accuracy": {"mae_deg": 6.04}},
            "12 real frames · 6.0°, draft",
            "trained on 12 real frames, 6.0°, draft",
            "from 12 real frames",
        ),
        (
            {"is_draft": True, "training_data": ""},
            "draft",
            "trained, data not stated, draft",
            "by its makers' own word",
        ),
        (
            {"accuracy": {"mae_mm": 1.952}},
            "HC18, train split · 2.0 mm",
            "trained on HC18, train split, 2.0 mm",
            "",
        ),
        ({"training_data": ""}, "", "trained, data not stated", ""),
    ],
)
def test_what_a_head_is_worth_in_words(told, note, sentence, reason):
    assert head_note(head(**told)) == note
    assert head_sentence(head(**told)) == sentence
    assert draft_reason(head(**told)) == reason
