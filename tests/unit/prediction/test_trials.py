from __future__ import annotations

import json

import pytest

from sonichu_gui.prediction.trials import (
    REFERENCE,
    Choice,
    Drift,
    Trial,
    best,
    candidates,
    read_trials,
)

TORCH, OPENVINO = Choice("torch", "fp32"), Choice("openvino", "fp32")
TORCH_BF16, OPENVINO_BF16 = Choice("torch", "bf16"), Choice("openvino", "bf16")
NONE = Drift(0.0, 0.0, 0.0)
SMALL = Drift(0.003, 0.3, 0.8)


def trials(drift=SMALL, **seconds):
    names = {"t": TORCH, "o": OPENVINO, "tb": TORCH_BF16, "ob": OPENVINO_BF16}
    return [
        Trial(names[name], time, drift if names[name].precision == "bf16" else NONE)
        for name, time in seconds.items()
    ]


@pytest.mark.parametrize(
    ("engine", "precision", "bf16", "openvino", "expected"),
    [
        ("auto", "auto", False, False, [TORCH]),
        ("auto", "auto", True, False, [TORCH, TORCH_BF16]),
        ("auto", "auto", True, True, [TORCH, OPENVINO, TORCH_BF16, OPENVINO_BF16]),
        ("torch", "auto", True, True, [TORCH, TORCH_BF16]),
        ("openvino", "auto", False, True, [OPENVINO]),
        ("openvino", "fp32", True, False, [OPENVINO]),  # its absence is told, not passed over
        ("torch", "fp32", True, True, [REFERENCE]),
        ("auto", "bf16", False, False, [TORCH_BF16]),  # asked for by name
    ],
)
def test_only_what_is_allowed_and_there_is_tried(engine, precision, bf16, openvino, expected):
    found = candidates(engine, precision, has_bf16=bf16, has_openvino=openvino)
    assert list(found) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        ({"t": 0.30}, TORCH),
        ({"t": 0.30, "tb": 0.25}, TORCH),  # 1.2 times: not worth any drift
        ({"t": 0.30, "tb": 0.15}, TORCH_BF16),
        ({"t": 0.30, "o": 0.29}, TORCH),  # a trifle
        ({"t": 0.30, "o": 0.25}, OPENVINO),
        ({"t": 0.30, "o": 0.25, "tb": 0.15, "ob": 0.15}, TORCH_BF16),
        ({"t": 0.30, "o": 0.25, "tb": 0.15, "ob": 0.12}, OPENVINO_BF16),
        ({"t": 0.30, "o": 0.15, "tb": 0.29, "ob": 0.14}, OPENVINO),
    ],
)
def test_the_most_exact_is_taken_unless_another_is_worth_it(seconds, expected):
    allowed = [TORCH, OPENVINO, TORCH_BF16, OPENVINO_BF16]
    assert best(trials(**seconds), allowed) == expected


@pytest.mark.parametrize(
    "drift", [Drift(0.001, 1.2, 1.5), Drift(0.001, 0.1, 3.5), Drift(0.02), Drift(0.02, None, None)]
)
def test_one_that_drifts_is_not_taken_however_fast(drift):
    assert best(trials(drift, t=0.3, tb=0.01), [TORCH, TORCH_BF16]) == TORCH


def test_one_that_did_not_run_is_not_taken():
    assert best(trials(t=0.3, ob=0.1), [TORCH, OPENVINO, TORCH_BF16, OPENVINO_BF16]) == (
        OPENVINO_BF16
    )
    # The only one that was asked for is loaded all the same, and tells what is wrong.
    assert best(trials(t=0.3), [OPENVINO]) == OPENVINO


def test_what_is_remembered_is_read_back():
    known = trials(t=0.3, tb=0.1)
    text = json.dumps([trial.to_json() for trial in known])
    assert list(read_trials(json.loads(text))) == known


@pytest.mark.parametrize("value", [None, {}, "x", [3], [{}], [{"drift": {}}]])
def test_anything_else_is_nothing(value):
    assert read_trials(value) == ()


def test_trials_without_the_reference_are_nothing():
    rows = [trial.to_json() for trial in trials(t=0.3, tb=0.1)]
    assert read_trials(rows[1:]) == ()


def test_times_that_cannot_be_are_nothing():
    row = trials(t=0.3)[0].to_json()
    assert read_trials([{**row, "seconds": 10**400}]) == ()
    assert read_trials([{**row, "seconds": 0}]) == ()
    assert read_trials([{**row, "seconds": -1.0}]) == ()
