"""Rulers and scan areas are read from phantoms of every task, whose drawing is listened to.

Thresholds are those of what was measured on other seeds, less what few frames may differ by chance.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
import pytest

from sonichu_gui.imaging.ruler import find_rulers
from sonichu_gui.imaging.scan_area import find_scan_area
from sonichu_gui.training.phantoms import overlay, phantom
from sonichu_gui.training.phantoms.style import Style

SEEDS = range(31000, 31004)
LIT = 12
"""Grey that a person sees on black."""


@dataclass
class Drawn:
    """A phantom and what was drawn into it."""

    pixels: np.ndarray = None
    sector: np.ndarray = None
    furniture: np.ndarray = None
    hidden: np.ndarray = None
    rulers: list[DrawnRuler] = field(default_factory=list)


@dataclass
class DrawnRuler:
    ticks: list[tuple[int, int]]
    mm_per_px: float
    visible: int = 0

    @property
    def period(self) -> float:
        """Pixels between ticks: whole or half centimetres; ticks are drawn on whole rows."""
        rows = np.median(np.diff([y for _, y in self.ticks]))
        return min((mm / self.mm_per_px for mm in (5.0, 10.0)), key=lambda px: abs(px - rows))


def draw(task_id: str, seed: int, patch: pytest.MonkeyPatch) -> Drawn:
    drawn, ticks = Drawn(), []
    real = {name: getattr(cv2, name) for name in ("line", "circle")}
    real_ruler, real_dress = overlay.ruler, phantom.dress

    def listening(name):
        def call(image, place, *rest):
            ticks.append(place)
            return real[name](image, place, *rest)

        return call

    def ruler(frame, sector, *rest):
        ticks.clear()
        with pytest.MonkeyPatch.context() as inner:
            for name in real:
                inner.setattr(cv2, name, listening(name))
            real_ruler(frame, sector, *rest)
        drawn.rulers.append(DrawnRuler(list(ticks), sector.mm_per_px))

    def dress(frame, keypoints, sector, machine, rng):
        before = frame.copy()
        sees = in_sector(sector, frame.shape)
        # The frame may be mirrored; its echo tells.
        mirrored = (sees[:, ::-1] & (before > 3)).sum() > (sees & (before > 3)).sum()
        drawn.sector = sees[:, ::-1] if mirrored else sees
        real_dress(frame, keypoints, sector, machine, rng)
        drawn.furniture, drawn.hidden = frame != before, (frame != before) & (frame == 0)
        for one in drawn.rulers:
            one.visible = sum(0 <= y < frame.shape[0] and frame[y, x] >= 90 for x, y in one.ticks)

    patch.setattr(overlay, "ruler", ruler)
    patch.setattr(phantom, "dress", dress)
    width, height = phantom.frame_size(task_id, seed, Style.VARIED)
    drawn.pixels = phantom.draw_phantom(
        task_id, seed=seed, width=width, height=height, style=Style.VARIED
    ).pixels
    return drawn


def in_sector(sector, shape):
    x, y = (np.arange(size, dtype=np.float32) * sector.mm_per_px for size in shape[::-1])
    depth, angle = sector.beams_at(x[None, :], y[:, None])
    return (depth >= 0) & (depth <= sector.depth_mm) & (np.abs(angle) <= sector.probe.half_angle)


@pytest.fixture(scope="module")
def phantoms():
    with pytest.MonkeyPatch.context() as patch:
        frames = []
        for task_id in phantom.ANATOMY:
            for seed in SEEDS:
                with patch.context() as own:
                    frames.append(draw(task_id, seed, own))
        return frames


@pytest.fixture(scope="module")
def readings(phantoms):
    return [find_rulers(drawn.pixels) for drawn in phantoms]


def read_of(ruler, rulers):
    """The reading that lies where a ruler was drawn, or None."""
    columns = [x for x, _ in ruler.ticks]
    return next((r for r in rulers if min(columns) - 12 <= r.origin[0] <= max(columns) + 12), None)


@pytest.mark.slow
def test_most_rulers_are_read_and_their_period_is_right(phantoms, readings):
    errors, readable = [], 0
    for drawn, rulers in zip(phantoms, readings, strict=True):
        for ruler in drawn.rulers:
            reading = read_of(ruler, rulers)
            readable += ruler.visible >= 6
            if reading is not None:
                errors.append(abs(reading.period_px / ruler.period - 1))
    assert readable >= 15
    assert len(errors) >= 0.7 * readable
    assert max(errors) <= 0.005


@pytest.mark.slow
def test_no_ruler_is_read_where_none_was_drawn(phantoms, readings):
    without = [rulers for drawn, rulers in zip(phantoms, readings, strict=True) if not drawn.rulers]
    assert len(without) >= 8
    assert not any(without)
    for drawn, rulers in zip(phantoms, readings, strict=True):
        assert len(rulers) <= len(drawn.rulers)


@pytest.mark.slow
def test_the_scan_area_holds_the_echo_and_little_else(phantoms):
    cut, kept, overlap = [], [0, 0], []
    for drawn in phantoms:
        inside = find_scan_area([drawn.pixels]).mask()
        echo, lit = drawn.sector & ~drawn.hidden, drawn.pixels > LIT
        seen = echo & lit & ~drawn.furniture
        cut.append((seen & ~inside).sum() / seen.sum())
        beside = drawn.furniture & ~drawn.sector & lit
        kept[0] += (beside & inside).sum()
        kept[1] += beside.sum()
        overlap.append((echo & inside).sum() / (echo | inside).sum())
    assert np.mean(cut) < 0.003
    assert max(cut) < 0.05
    assert np.median(overlap) > 0.93
    assert kept[0] < 0.15 * kept[1]
