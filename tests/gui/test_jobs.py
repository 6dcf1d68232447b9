"""Jobs: order, making room, superseding, the end."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future

import pytest

from sonichu_gui.gui.jobs import JobRunner, Lane, Urgency


@pytest.fixture
def jobs(qapp):
    runner = JobRunner()
    yield runner
    runner.close()


@pytest.fixture
def log():
    """What happened, in order, as told by work and by what came home."""
    return []


class Gate:
    """Work that runs until it is let go."""

    def __init__(self):
        self.entered, self.open = threading.Event(), threading.Event()

    def __call__(self, is_cancelled, report):
        self.entered.set()
        assert self.open.wait(10)


def submit(jobs, log, name, work=None, lane=Lane.MODEL, **options):
    def run(is_cancelled, report):
        log.append(f"{name} runs")
        return name if work is None else work(is_cancelled, report)

    return jobs.submit(lane, run, key=name, done=log.append, failed=log.append, **options)


def submit_steps(jobs, log, name, work, urgency=Urgency.BATCH):
    return jobs.submit_steps(
        Lane.MODEL,
        work,
        key=name,
        stepped=log.append,
        done=lambda result: log.append(f"{name} done: {result}"),
        failed=log.append,
        urgency=urgency,
    )


def test_the_most_urgent_of_those_that_wait_goes_first(jobs, log, qtbot):
    gate = Gate()
    submit(jobs, log, "first", gate)
    for urgency in (Urgency.AHEAD, Urgency.BATCH, Urgency.SHOWN, Urgency.ASKED):
        submit(jobs, log, urgency.name, urgency=urgency)
    gate.open.set()
    qtbot.waitUntil(lambda: not jobs.running)
    assert [entry for entry in log if entry and entry.endswith("runs")] == [
        "first runs", "ASKED runs", "SHOWN runs", "BATCH runs", "AHEAD runs",
    ]  # fmt: skip


def test_jobs_of_one_urgency_run_in_the_order_they_came(jobs, log, qtbot):
    gate = Gate()
    submit(jobs, log, "gate", gate)
    for name in "abc":
        submit(jobs, log, name)
    gate.open.set()
    qtbot.waitUntil(lambda: not jobs.running)
    ran = [entry for entry in log if entry and entry.endswith("runs")]
    assert ran == ["gate runs", "a runs", "b runs", "c runs"]
    assert [entry for entry in log if entry not in ran] == [None, "a", "b", "c"]


def test_work_in_steps_makes_room_and_goes_on_from_there(jobs, log, qtbot):
    entered, asked = threading.Event(), threading.Event()

    def steps(is_cancelled, report):
        yield "one"
        entered.set()
        assert asked.wait(10)
        while not is_cancelled():
            pass
        log.append("stopped half-way")
        yield
        yield "two"
        return 2

    submit_steps(jobs, log, "batch", steps)
    assert entered.wait(10)
    submit(jobs, log, "asked")
    asked.set()
    qtbot.waitUntil(lambda: not jobs.running)
    worked = [entry for entry in log if entry in ("stopped half-way", "asked runs")]
    assert worked == ["stopped half-way", "asked runs"]
    assert [entry for entry in log if entry not in worked] == [
        "one", "asked", "two", "batch done: 2",
    ]  # fmt: skip


def test_less_urgent_work_does_not_interrupt(jobs, log, qtbot):
    def steps(is_cancelled, report):
        for number in range(3):
            submitted.wait(10)
            assert not is_cancelled()
            yield number

    submitted = threading.Event()
    submit_steps(jobs, log, "batch", steps)
    submit(jobs, log, "ahead", urgency=Urgency.AHEAD)
    submitted.set()
    qtbot.waitUntil(lambda: not jobs.running)
    assert log.index("batch done: None") < log.index("ahead")
    assert [entry for entry in log if isinstance(entry, int)] == [0, 1, 2]


def test_stopped_steps_end_and_clean_up_but_what_they_gave_comes_home(jobs, log, qtbot):
    stepped, closed = threading.Event(), threading.Event()

    def steps(is_cancelled, report):
        try:
            yield "one"
            stepped.set()
            while True:
                yield
        finally:
            closed.set()

    submit_steps(jobs, log, "batch", steps)
    assert stepped.wait(10)
    jobs.cancel("batch")
    assert closed.wait(10)
    qtbot.waitUntil(lambda: not jobs._jobs)
    assert log == ["one"]


def test_a_later_job_of_the_key_supersedes_the_earlier(jobs, log, qtbot):
    gate = Gate()
    jobs.submit(Lane.MODEL, gate, key="predict", done=log.append, failed=log.append)
    assert gate.entered.wait(10)
    later = jobs.submit(
        Lane.MODEL, lambda *_: "later", key="predict", done=log.append, failed=log.append
    )
    assert jobs.running == (later,)
    gate.open.set()
    qtbot.waitUntil(lambda: not jobs.running)
    assert log == ["later"]


def test_a_failure_in_a_step_comes_home(jobs, log, qtbot):
    def steps(is_cancelled, report):
        yield "one"
        raise OSError("disk")

    submit_steps(jobs, log, "batch", steps)
    qtbot.waitUntil(lambda: len(log) == 2)
    assert str(log[1]) == "disk"


def test_closing_ends_what_runs_and_what_waits(qapp, log):
    jobs = JobRunner()
    cleaned = threading.Event()
    running, go = threading.Event(), threading.Event()

    def put_aside(is_cancelled, report):
        try:
            running.set()
            assert go.wait(10)
            while not is_cancelled():
                pass
            yield
        finally:
            cleaned.set()

    submit_steps(jobs, log, "batch", put_aside)
    assert running.wait(10)
    blocker = Gate()
    submit(jobs, log, "asked", blocker)
    submit(jobs, log, "never", urgency=Urgency.AHEAD)
    go.set()
    assert blocker.entered.wait(10)  # the batch is put aside now
    threading.Timer(0.1, blocker.open.set).start()
    jobs.close()
    assert cleaned.is_set()
    assert log == ["asked runs"]
    assert not [t for t in threading.enumerate() if t.name.startswith("sonichu-")]


@pytest.mark.parametrize("lane", [Lane.FOLDERS, Lane.THUMBNAILS])
def test_the_end_does_not_wait_for_a_drive_that_does_not_answer(jobs, log, lane):
    drive = Gate()
    submit(jobs, log, "look", drive, lane=lane)
    assert drive.entered.wait(10)
    begun = time.monotonic()
    jobs.close()
    took = time.monotonic() - begun
    left = [t for t in threading.enumerate() if t.name.startswith("sonichu-")]
    drive.open.set()
    for thread in left:
        thread.join(10)
    assert took < 2
    assert [thread.daemon for thread in left] == [True]  # nor does the end of the program


def test_a_lane_begins_no_more_threads_than_it_may_and_no_fewer(jobs, log):
    gates = [Gate() for _ in range(3)]
    for gate in gates:
        submit(jobs, log, str(id(gate)), gate, lane=Lane.READING)
    assert all(gate.entered.wait(10) for gate in gates[:2])
    assert not gates[2].entered.wait(0.05)
    gates[0].open.set()
    assert gates[2].entered.wait(10)
    for gate in gates:
        gate.open.set()


# ---- what threads of another package come to -----------------------------------------------


def follow(jobs, log, future, key="frame"):
    return jobs.follow(future, key=key, done=log.append, failed=log.append, text="Reading")


def test_a_future_comes_home_as_a_job_does_and_not_before_the_caller_has_gone_on(jobs, log, qtbot):
    future = Future()
    follow(jobs, log, future)
    assert [job.text for job in jobs.running] == ["Reading"]
    answered_by = threading.Thread(target=future.set_result, args=["a frame"])
    answered_by.start()
    answered_by.join()
    assert log == []
    qtbot.waitUntil(lambda: log == ["a frame"])
    assert jobs.running == ()


def test_a_future_that_fails_is_told_as_a_failure(jobs, log, qtbot):
    future, error = Future(), OSError("gone")
    future.set_exception(error)
    follow(jobs, log, future)
    assert log == []
    qtbot.waitUntil(lambda: log == [error])


def test_the_later_future_of_a_key_is_the_only_one_that_comes_home(jobs, log, qtbot):
    first, second = Future(), Future()
    follow(jobs, log, first)
    follow(jobs, log, second)
    second.set_result("second")
    first.set_result("first")
    qtbot.waitUntil(lambda: not jobs._jobs)
    assert log == ["second"]


def test_a_future_that_was_taken_back_comes_to_nothing(jobs, log, qtbot):
    future = Future()
    follow(jobs, log, future)
    future.cancel()
    qtbot.waitUntil(lambda: not jobs._jobs)
    assert (log, jobs.running) == ([], ())


def test_after_the_end_no_future_comes_home(jobs, log, qtbot):
    future = Future()
    follow(jobs, log, future)
    jobs.close()
    future.set_result("late")
    assert follow(jobs, log, Future()).is_cancelled()
    qtbot.wait(20)
    assert log == []
