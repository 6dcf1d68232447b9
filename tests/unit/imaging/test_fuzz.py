"""Damaged bytes: whatever is flipped, cut or put in, only a `SonichuError` comes out."""

from __future__ import annotations

import os
import signal
import time

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from sonichu_gui.imaging.codestream import (
    Picture,
    is_jpeg_2000_of,
    is_jpeg_ls_of,
    is_lossless_jpeg_of,
)
from tests.fuzz.mutation import case
from tests.fuzz.run import MOST_BYTES, save
from tests.fuzz.run import run as fuzz
from tests.fuzz.seeds import make_seeds
from tests.fuzz.trial import outcome

CASES = int(os.environ.get("SONICHU_FUZZ_CASES", "300"))
SEED = int(os.environ.get("SONICHU_FUZZ_SEED", "1" if os.environ.get("CI") else time.time_ns()))
bounded = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def test_damaged_files_of_every_kind_are_shown_or_refused(tmp_path):
    report = fuzz(range(CASES), seed=SEED)
    save(report, tmp_path / "findings", seed=SEED)
    found = [
        f"{each.number}: {each.seed.kind} {each.seed.name}: {each.words}"
        for each in report.findings
    ]
    assert found == [], f"python -m tests.fuzz.run --seed {SEED} --cases {CASES}"
    assert report.outcomes["shown"] > CASES // 20
    assert report.outcomes["refused"] > CASES // 20


def test_same_number_is_the_same_damage():
    seeds = make_seeds()
    for number in range(20):
        once, again = (case(seeds, seed=3, number=number) for _ in range(2))
        assert once == again
    assert case(seeds, seed=3, number=0) != case(seeds, seed=4, number=0)


def test_sound_files_are_all_shown(tmp_path):
    for seed in make_seeds():
        path = tmp_path / "sound"
        path.write_bytes(seed.data)
        assert outcome(path) == "shown", (seed.kind, seed.name)


def dies(_path):
    os.kill(os.getpid(), signal.SIGSEGV)


def hangs(_path):
    time.sleep(60)


def swells(_path):
    bytearray(MOST_BYTES + (64 << 20)).count(1)
    return "shown"


def errs(_path):
    return "Traceback …"


@pytest.mark.parametrize(
    ("trial", "words"),
    [(dies, "crash: exit code -11"), (hangs, "hang"), (swells, "memory"), (errs, "Traceback")],
)
def test_what_goes_wrong_in_a_case_is_found_and_kept_and_the_run_goes_on(tmp_path, trial, words):
    starting = 1 if trial is hangs else 30
    report = fuzz([4, 5], seed=1, trial=trial, seconds=0.2, starting=starting)
    assert [each.number for each in report.findings] == [4, 5]
    assert all(each.words.startswith(words) for each in report.findings)
    save(report, tmp_path, seed=1)
    assert (tmp_path / "1-5").read_bytes() == report.findings[1].data
    assert "--seed 1 --only 5" in (tmp_path / "1-5.txt").read_text()


@given(st.binary(max_size=400))
@example(b"DICM" * 40)
@settings(bounded, max_examples=100)
def test_bytes_of_nothing(tmp_path, content):
    path = tmp_path / "nothing"
    path.write_bytes(bytes(128) + b"DICM" + content)
    assert outcome(path) == "refused"


@pytest.mark.parametrize("check", [is_lossless_jpeg_of, is_jpeg_ls_of, is_jpeg_2000_of])
@given(content=st.binary(max_size=80))
def test_stream_checks_take_any_bytes(check, content):
    for start in (b"", b"\xff\xd8\xff\xc3", b"\xff\xd8\xff\xf7", b"\xff\x4f\xff\x51"):
        assert check(Picture(48, 32, 3, 8), start + content) in {True, False}
