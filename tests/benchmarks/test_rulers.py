"""How many rulers are read, and how often one is read that is none. Prints the figures.

    pytest -s tests/benchmarks/test_rulers.py

Phantoms of every task whose rulers' drawing is listened to, on seeds that no threshold was set on,
and every real file that is here. A ruler counts where a person can see six of its ticks.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from pydicom import examples

from sonichu_gui.imaging.ruler import find_rulers
from sonichu_gui.imaging.ruler_scale import likely_distances
from sonichu_gui.imaging.sources import open_source
from sonichu_gui.training.phantoms import phantom
from tests.training.test_phantom_readings import draw, read_of
from tests.unit.imaging.test_real_rulers import RULERS

SEEDS = range(52000, 52008)


@pytest.mark.slow
def test_hit_rate_and_false_rate_on_phantoms(capsys):
    drawn = read = wrong = false = frames = likeliest = 0
    errors = []
    with pytest.MonkeyPatch.context() as patch:
        for task_id in phantom.ANATOMY:
            for seed in SEEDS:
                with patch.context() as own:
                    one = draw(task_id, seed, own)
                frames += 1
                rulers = find_rulers(one.pixels)
                hits = 0
                for ruler in one.rulers:
                    drawn += ruler.visible >= 6
                    reading = read_of(ruler, rulers)
                    if reading is None:
                        continue
                    hits += 1
                    off = abs(reading.period_px / ruler.period - 1)
                    errors.append(off)
                    wrong += off > 0.02
                    read += ruler.visible >= 6
                    mm = ruler.period * ruler.mm_per_px
                    likeliest += abs(likely_distances(reading)[0].mm - mm) < 0.5
                false += len(rulers) - hits
    with capsys.disabled():
        print(  # noqa: T201 - its figures are what it is run for
            f"\n{frames} phantoms, {drawn} rulers to be seen: read {read}, of them more than 2 %"
            f" off {wrong}, largest error {100 * max(errors):.2f} %, likeliest distance right"
            f" {likeliest} of {len(errors)}; read where none was drawn: {false}"
        )
    assert read >= 0.7 * drawn
    assert wrong + false <= 0.03 * frames


def test_hit_rate_and_false_rate_on_real_files(capsys, shared_data):
    seen = read = false = 0
    for name, wanted in RULERS.items():
        path = shared_data / "data/dicom" / name
        if not name.endswith(".dcm"):
            path = Path(examples.get_path(name))
        if not path.is_file():
            continue
        rulers = find_rulers(open_source(path).frame(0).pixels)
        found = sorted((str(ruler.axis), likely_distances(ruler)[0].mm) for ruler in rulers)
        seen += len(wanted)
        read += sum(one in wanted for one in found)
        false += sum(one not in wanted for one in found)
    with capsys.disabled():
        print(f"\nreal files: {seen} rulers, read {read}, false {false}")  # noqa: T201 - as above
    assert (read, false) == (seen, 0)
