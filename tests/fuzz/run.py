"""Damages files by the thousand and opens them: `python -m tests.fuzz.run --cases 10000 --seed 1`.

Each case runs in a child process that is ended when it takes too long. A finding is a crash, a
hang, more memory than allowed, or anything but a `SonichuError`; its file is kept with the words
and the command that shows it again. Exit code 1 tells that there are findings.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tests.fuzz.mutation import case
from tests.fuzz.seeds import Seed, make_seeds
from tests.fuzz.trial import outcome, serve

SECONDS, MOST_BYTES, CASES_A_CHILD = 10.0, 1 << 30, 500
_STARTING_S = 60.0
_FINDINGS = Path("fuzz-findings")
_SOUND = {"shown", "refused"}

Trial = Callable[[Path], str]


@dataclass(frozen=True, slots=True)
class Finding:
    """A case that went wrong.

    Attributes:
        number: Of the case in its run.
        seed: The sound file that was damaged.
        words: What went wrong.
        data: The damaged file.
    """

    number: int
    seed: Seed
    words: str
    data: bytes


@dataclass(slots=True)
class Report:
    """What a run has come to.

    Attributes:
        outcomes: How many cases were shown and refused.
        findings: Those that went wrong.
        slowest: The longest time of a case in seconds, and its number.
        largest: The most memory of a child in bytes, and the case that needed it.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)
    slowest: tuple[float, int] = (0.0, 0)
    largest: tuple[int, int] = (0, 0)

    def __str__(self) -> str:
        return (
            f"{self.outcomes.total()} cases: {self.outcomes['shown']} shown,"
            f" {self.outcomes['refused']} refused, {len(self.findings)} findings; at most"
            f" {self.slowest[0]:.2f} s (case {self.slowest[1]}),"
            f" {self.largest[0] / 1e6:.0f} MB (case {self.largest[1]})"
        )


class Child:
    """A process that tries cases one after the other.

    Args:
        seeds: Sound files.
        seed: Of the run.
        scratch: A folder of its own.
        trial: What it does with a file.
        seconds: How long a case may take.
        starting: How much longer its first one may take.
    """

    def __init__(
        self,
        seeds: list[Seed],
        seed: int,
        scratch: Path,
        *,
        trial: Trial,
        seconds: float,
        starting: float,
    ) -> None:
        self._scratch = scratch
        self._seconds, self._starting = seconds, starting
        process = multiprocessing.get_context("spawn")
        self._ours, theirs = process.Pipe()
        self._process = process.Process(
            target=serve, args=(theirs, seeds, seed, scratch, trial), daemon=True
        )
        self._process.start()
        theirs.close()
        self._tried = 0

    @property
    def is_done(self) -> bool:
        """Whether it has died, or has tried so much that a new one should go on."""
        return self._tried >= CASES_A_CHILD or not self._process.is_alive()

    def tries(self, number: int) -> tuple[str, int, float]:
        """Gives the outcome of a case, peak bytes and seconds, both 0 when the child has died."""
        self._ours.send(number)
        # The first one waits for the child's libraries too.
        limit = self._seconds + (0 if self._tried else self._starting)
        self._tried += 1
        try:
            if self._ours.poll(limit):
                words, peak, took = self._ours.recv()
                return words, peak, took
        except (EOFError, ConnectionError):
            self._process.join()
            return f"crash: exit code {self._process.exitcode}\n{self._words()}", 0, 0.0
        self.end()
        return f"hang: more than {self._seconds:g} s\n{self._words()}", 0, 0.0

    def end(self) -> None:
        """Ends it, whatever it is doing."""
        self._process.kill()
        self._process.join()
        self._ours.close()

    def _words(self) -> str:
        said = self._scratch / "words"
        return said.read_text(errors="replace")[-2000:] if said.is_file() else ""


def run(
    numbers: Iterable[int],
    *,
    seed: int,
    told: bool = False,
    trial: Trial = outcome,
    seconds: float = SECONDS,
    starting: float = _STARTING_S,
) -> Report:
    """Tries cases by their numbers.

    Args:
        numbers: Which.
        seed: Of the run.
        told: Whether progress goes to stderr.
        trial: What is done with a file.
        seconds: How long a case may take.
        starting: How much longer the first one of a child may take.
    """
    seeds, report, child = make_seeds(), Report(), None
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="sonichu-fuzz-") as scratch:
        try:
            for done, number in enumerate(numbers, start=1):
                if child is None or child.is_done:
                    if child is not None:
                        child.end()
                    child = Child(
                        seeds, seed, Path(scratch), trial=trial, seconds=seconds, starting=starting
                    )
                words, peak, took = child.tries(number)
                report.slowest = max(report.slowest, (took, number))
                if peak > report.largest[0]:
                    report.largest = peak, number
                if peak > MOST_BYTES:
                    words = f"memory: {peak / 1e6:.0f} MB"
                    child.end()
                report.outcomes[words if words in _SOUND else "finding"] += 1
                if words not in _SOUND:
                    whole, data = case(seeds, seed=seed, number=number)
                    report.findings.append(Finding(number, whole, words, data))
                if told and done % 500 == 0:
                    rate = done / (time.monotonic() - began)
                    print(f"{report}; {rate:.0f} a second", file=sys.stderr, flush=True)
        finally:
            if child is not None:
                child.end()
    return report


def save(report: Report, folder: Path, *, seed: int) -> None:
    """Writes every finding's file, and beside it what went wrong and how to see it again."""
    folder.mkdir(parents=True, exist_ok=True)
    for finding in report.findings:
        name = f"{seed}-{finding.number}"
        (folder / name).write_bytes(finding.data)
        (folder / f"{name}.txt").write_text(
            f"{finding.seed.kind} {finding.seed.name}\n"
            f"python -m tests.fuzz.run --seed {seed} --only {finding.number}\n\n{finding.words}\n"
        )


def main() -> int:
    """Runs from the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.run", description=__doc__)
    parser.add_argument("--cases", type=int, default=1000, metavar="N", help="default: 1000")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="default: 1")
    parser.add_argument("--only", type=int, metavar="CASE", help="one case of the run")
    parser.add_argument("--findings", type=Path, default=_FINDINGS, metavar="DIR")
    args = parser.parse_args()
    numbers = range(args.cases) if args.only is None else [args.only]
    report = run(numbers, seed=args.seed, told=True)
    print(report)
    for finding in report.findings:
        last = finding.words.strip().splitlines()[-1]
        print(f"  case {finding.number}, {finding.seed.kind} {finding.seed.name}: {last}")
    if report.findings:
        save(report, args.findings, seed=args.seed)
        print(f"kept in {args.findings}")
    return 1 if report.findings else 0


if __name__ == "__main__":
    sys.exit(main())
