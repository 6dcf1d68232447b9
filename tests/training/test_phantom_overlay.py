"""What lies over a phantom: settings of a machine and nothing that could be a person's."""

from __future__ import annotations

import re

import cv2
import numpy as np
import pytest

from sonichu_gui.training.phantoms import overlay
from sonichu_gui.training.phantoms.echo import Machine
from sonichu_gui.training.phantoms.sector import Probe, Sector

MACHINE = Machine(focus_mm=50.0)
SECTOR = Sector(Probe(50.0, 0.5, 4.0, 4.0), (100.0, 2.0), 100.0, 0.25, 800, 420)
NOWHERE = np.empty((0, 2))
"""No keypoints."""


def test_text_is_settings_of_a_machine() -> None:
    rng = np.random.default_rng(0)
    lines = {overlay.setting(rng) for _ in range(2000)}
    assert len(lines) > 100
    for line in lines:
        assert "{" not in line
        # No date or time, no number as long as one of a patient's, no word but a known one.
        assert not re.search(r"\d{3}|\d[/:.]\d\d|\d-\d-\d|:", line), line
        words = set(re.findall(r"[A-Za-z]{2,}", line))
        assert words <= {
            *("FR", "Hz", "MHz", "cm", "Depth", "Gn", "Gain", "dB", "DR", "MI", "TIs", "TIb"),
            *("Map", "PWR", "FPS", "Dyn", "FA", "XRes", "HAR", "Gen", "Res", "Pen", "Zoom"),
        }, line


def test_every_text_that_is_drawn_is_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []
    real = cv2.putText

    def listening(frame, text, *rest):
        drawn.append(text)
        return real(frame, text, *rest)

    given: list[str] = []
    setting = overlay.setting
    monkeypatch.setattr(cv2, "putText", listening)
    monkeypatch.setattr(overlay, "setting", lambda rng: given.append(setting(rng)) or given[-1])
    for seed in range(40):
        overlay.dress(
            np.zeros((420, 800), np.uint8), NOWHERE, SECTOR, MACHINE, np.random.default_rng(seed)
        )
    depths = {str(number) for number in range(21)}
    assert len(drawn) > 50
    assert set(drawn) <= set(given) | depths


def test_furniture_differs_from_seed_to_seed_and_is_the_same_for_one() -> None:
    frames = []
    for seed in (0, 0, *range(1, 12)):
        frame = np.full((420, 800), 60, np.uint8)
        overlay.dress(frame, NOWHERE, SECTOR, MACHINE, np.random.default_rng(seed))
        frames.append(frame)
    assert np.array_equal(frames[0], frames[1])
    assert len({frame.tobytes() for frame in frames}) > 8


def test_the_middle_of_the_frame_is_never_hidden() -> None:
    for seed in range(60):
        frame = np.full((420, 800), 60, np.uint8)
        overlay.dress(frame, NOWHERE, SECTOR, MACHINE, np.random.default_rng(seed))
        assert frame[150:270, 280:520].min() == 60


def test_black_boxes_hide_corners() -> None:
    for seed in range(20):
        frame = np.full((420, 800), 60, np.uint8)
        overlay.black_box(frame, NOWHERE, np.random.default_rng(seed), (1, 1))
        rows, columns = np.nonzero(frame == 0)
        assert 0 < rows.size < 0.1 * frame.size
        assert rows.min() > 200
        assert columns.min() > 400


def test_no_box_or_margin_hides_a_keypoint() -> None:
    points = np.array([[2.0, 200.0], [797.0, 200.0], [400.0, 2.0], [400.0, 417.0], [60.0, 30.0]])
    hidden = 0
    for seed in range(80):
        frames = [np.full((420, 800), 60, np.uint8) for _ in range(2)]
        for frame, kept in zip(frames, (points, NOWHERE), strict=True):
            overlay._crop(frame, kept, np.random.default_rng(seed))
            overlay.black_box(frame, kept, np.random.default_rng(seed), (0, 0))
        seen, free = ([frame[int(y), int(x)] for x, y in points] for frame in frames)
        assert min(seen) == 60
        hidden += min(free) == 0
    assert hidden > 20


@pytest.mark.parametrize("side", [-1, 1])
def test_rulers_stand_at_their_side_true_to_scale(side: int) -> None:
    for seed in range(6):
        frame = np.zeros((420, 800), np.uint8)
        overlay.ruler(frame, SECTOR, MACHINE, np.random.default_rng(seed), side)
        columns = np.flatnonzero(frame.any(axis=0))
        assert (columns.max() < 120) if side < 0 else (columns.min() > 680)
        marks = frame[:, columns.min() : columns.max() + 1].max(axis=1) > 0
        on, off = (
            np.mean(
                [
                    marks[max(round((2.0 + step * n + shift) / 0.25) - 1, 0) :][:3].any()
                    for n in range(1, 9)
                ]
            )
            for step, shift in ((10.0, 0.0), (10.0, 2.5))
        )
        assert on == 1.0
        assert off < 0.6
