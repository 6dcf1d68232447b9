"""Frames read by threads of their own: the wanted one first, then those a person comes to next.

There is one wanted frame at a time. Wanting another takes back what was wanted and planned before
it; a frame that is just being decoded is finished and kept, since no decoder can be stopped, and
one thread never reads ahead, so that a wanted frame does not wait for it.

Knows no Qt. The window holds one reader, asks `want` from its own thread and hears of the frame by
the future: done at once for a frame that was read ahead, else `add_done_callback`, which runs on a
reader's thread and there does no more than send a queued signal.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from sonichu_gui.domain.frame import FrameRef
from sonichu_gui.errors import SonichuError
from sonichu_gui.imaging.cache import FrameCache
from sonichu_gui.imaging.course import Course, FramePlace
from sonichu_gui.imaging.open_sources import OpenSources
from sonichu_gui.imaging.reading_plan import Plan, ReadFrame, Wanted, bytes_of, settle
from sonichu_gui.imaging.sources import open_source

if TYPE_CHECKING:
    from sonichu_gui.imaging.sources import FrameSource

__all__ = ["CACHE_BYTES", "FrameReader", "ReadFrame"]

log = logging.getLogger(__name__)

CACHE_BYTES = 160 * 1024 * 1024
"""Some hundred frames of a colour cine. What decoders leave between them takes half as much again,
and the whole window, Qt and all, is to stay below 500 MB."""
THREADS = 2 if (os.cpu_count() or 1) <= 2 else 3
"""One for the wanted frame, the others read ahead; more would take the window's own core."""
CLOSING_S = 1.5
"""How long `close` waits: more than a frame takes, less than makes a person end the program."""


class FrameReader:
    """Reads frames from files, through what is already open and decoded.

    Whatever fails belongs to one frame: the error of a wanted frame is its future's, that of
    `read` is raised, and a frame that could not be read ahead is tried again when it is wanted.

    Args:
        max_bytes: Bytes of pixels kept at most. The frame wanted last stays whatever is read.
        threads: At least 2.
        open_source: Opens a file.
    """

    def __init__(
        self,
        *,
        max_bytes: int = CACHE_BYTES,
        threads: int = THREADS,
        open_source: Callable[[Path], FrameSource] = open_source,
    ) -> None:
        self._cache = FrameCache(max_bytes)
        self._sources = OpenSources(open_source)
        self._changed = threading.Condition()  # guards all below
        self._wanted: Wanted | None = None
        self._plan: Plan | None = None
        self._flights: dict[FramePlace, Future[ReadFrame]] = {}
        self._ahead_free = threads - 1
        self._closed = False
        self._threads = [
            threading.Thread(target=self._work, name=f"sonichu-frames-{number}", daemon=True)
            for number in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def want(self, path: Path, index: int, course: Course | None = None) -> Future[ReadFrame]:
        """Asks for the frame to be shown, instead of the one asked for before.

        Args:
            path: The file.
            index: The frame of it.
            course: Where the person is going; what is read ahead follows from it.

        Returns:
            The frame to come. It fails with `FrameError` where the frame cannot be read, and is
            cancelled when another is wanted first, or at `close`.
        """
        wanted = Wanted((path, index), course or Course(), Future())
        ready = self.ready(path, index)
        with self._changed:
            before, self._wanted, self._plan = self._wanted, wanted, None
            closed = self._closed
            wanted.answered = closed or ready is not None
            if ready is not None and not closed:
                self._plan = self._planned(wanted, ready)
            self._changed.notify_all()
        if before is not None:
            before.future.cancel()
        if closed:
            wanted.future.cancel()
        elif ready is not None:
            settle(wanted.future, ready)
        return wanted.future

    def ready(self, path: Path, index: int) -> ReadFrame | None:
        """Gives a frame that is already decoded, or None; at once."""
        source = self._sources.known(path)
        frame = self._cache.get(FrameRef(source.digest, index)) if source else None
        return ReadFrame(path, source, frame) if source and frame else None

    def frame_count(self, path: Path) -> int:
        """Gives how many frames a file holds, 0 while it is not open; at once."""
        source = self._sources.known(path)
        return source.frame_count if source else 0

    def read(self, path: Path, index: int, *, keep: bool = True) -> ReadFrame:
        """Opens and decodes on the calling thread, or waits for whoever is at it; slow.

        Args:
            path: The file.
            index: The frame of it.
            keep: Whether it will be asked for again. A pass over many files, as for their
                thumbnails, says no and so leaves alone what was read ahead.

        Raises:
            FrameError: The file cannot be opened or the frame not decoded.
        """
        place = path, index
        with self._changed:
            flight = self._flights.get(place)
            is_ours = flight is None
            if flight is None:
                flight = self._flights[place] = Future()
        if is_ours:
            self._fly(place, flight, keep=keep and not self._closed)
        return flight.result()

    def forget(self, path: Path) -> None:
        """Forgets a file that has changed or gone, so that it is read as it is now.

        What is just being read of it reaches only those who asked before.
        """
        self._sources.forget(path)
        with self._changed:
            for place in [each for each in self._flights if each[0] == path]:
                del self._flights[place]
            self._changed.notify_all()

    def close(self) -> None:
        """Takes back what is wanted and ends the threads; not from a future's callback.

        Waits for what is being decoded, but not for a drive that does not answer.
        """
        with self._changed:
            self._closed, self._plan = True, None
            wanted = self._wanted
            self._changed.notify_all()
        if wanted is not None:
            wanted.future.cancel()
        deadline = time.monotonic() + CLOSING_S
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        self._sources.close()
        self._cache.clear()

    # ---- on a reader's thread ----------------------------------------------------------------

    def _work(self) -> None:
        while (task := self._next()) is not None:
            task()

    def _next(self) -> Callable[[], None] | None:
        """Waits for something to do; None once the reader is closed."""
        with self._changed:
            while not self._closed:
                wanted, plan = self._wanted, self._plan
                if wanted and not wanted.answered and wanted.place not in self._flights:
                    flight = self._flights[wanted.place] = Future()
                    return partial(self._fly, wanted.place, flight)
                if plan is not None and plan.places and self._ahead_free:
                    self._ahead_free -= 1
                    return partial(self._go_ahead, plan, plan.places.popleft())
                self._changed.wait()
        return None

    def _fly(self, place: FramePlace, flight: Future[ReadFrame], *, keep: bool = True) -> None:
        """Reads a frame and tells everybody who waits for it."""
        try:
            read = self._decoded(place, keep=keep)
        except BaseException as error:  # noqa: BLE001 - the worker boundary: told to who asked
            self._land(place, flight, error)
        else:
            self._land(place, flight, read)

    def _decoded(self, place: FramePlace, *, keep: bool) -> ReadFrame:
        path, index = place
        with self._sources.borrowed(path, keep=keep) as source:
            try:
                return self._decoded_from(source, path, index, keep=keep)
            except SonichuError:
                if not self._sources.forget_outdated(path, source):
                    raise
        with self._sources.borrowed(path, keep=keep) as source:
            return self._decoded_from(source, path, index, keep=keep)

    def _decoded_from(
        self, source: FrameSource, path: Path, index: int, *, keep: bool
    ) -> ReadFrame:
        frame = self._cache.get(FrameRef(source.digest, index))
        if frame is None:
            frame = source.frame(index)
            if keep:
                self._cache.put(frame)
        return ReadFrame(path, source, frame)

    def _land(
        self, place: FramePlace, flight: Future[ReadFrame], result: ReadFrame | BaseException
    ) -> None:
        with self._changed:
            wanted = None
            if self._flights.get(place) is flight:  # not so once its file was forgotten
                del self._flights[place]
                wanted = self._wanted
            if wanted is not None and (wanted.answered or wanted.place != place):
                wanted = None
            if wanted is not None:
                wanted.answered = True
                if isinstance(result, ReadFrame) and not self._closed:
                    self._plan = self._planned(wanted, result)
            self._changed.notify_all()
        settle(flight, result)
        if wanted is not None:
            settle(wanted.future, result)

    # ---- ahead -------------------------------------------------------------------------------

    def _planned(self, wanted: Wanted, read: ReadFrame) -> Plan:
        """Makes the wanted frame the one that stays, and plans what to read next to it."""
        self._sources.hold(read.path)
        size = read.frame.pixels.nbytes
        plan = Plan(read.path, size, deque(), self._cache.max_bytes - size)
        # The farthest first: those that are there count as used last, and the nearest shall stay.
        for place in reversed([*wanted.course.ahead(*wanted.place, read.source.frame_count)]):
            ready = self.ready(*place)
            if ready is None:
                plan.places.appendleft(place)
            else:
                plan.room -= ready.frame.pixels.nbytes
        self._cache.pin(read.frame.ref)  # first, or the frame before would be kept in place of it
        self._cache.put(read.frame)
        return plan

    def _go_ahead(self, plan: Plan, place: FramePlace) -> None:
        try:
            self._read_ahead(plan, place)
        except SonichuError as error:
            # Told when it is wanted. Its words name a file, and so do not go into the log.
            log.debug("not read ahead: %s", type(error).__name__)
        except Exception:
            log.exception("reading ahead failed")
        finally:
            with self._changed:
                self._ahead_free += 1
                self._changed.notify_all()

    def _read_ahead(self, plan: Plan, place: FramePlace) -> None:
        path = place[0]
        # Opened before it is begun: opening may take long, and the person may have gone on.
        with self._sources.borrowed(path) as source:
            size = plan.frame_bytes if path == plan.path else bytes_of(source)
            with self._changed:
                if self._plan is not plan or self._closed or place in self._flights:
                    return
                if size > plan.room:
                    plan.places.clear()
                    return
                plan.room -= size
                flight = self._flights[place] = Future()
            self._fly(place, flight)
        taken = 0 if flight.exception() else flight.result().frame.pixels.nbytes
        with self._changed:
            plan.room += size - taken
