"""One large file from the hub into the hub library's own cache: resumed, checked, stoppable.

huggingface_hub deletes what a broken download had got, and looks at nothing while it waits for ten
megabytes. Half a gigabyte over a poor line needs better: the part that came stays beside the place
where the library keeps the file, the next attempt asks for the rest, and the whole is held against
the digest that the hub states before the library is told of it.
"""

from __future__ import annotations

import hashlib
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeVar

from sonichu_gui.errors import ModelError
from sonichu_gui.prediction.model_source import sha256_of
from sonichu_gui.prediction.work import IsCancelled, stop_if

if TYPE_CHECKING:
    import httpx2

_Result = TypeVar("_Result")

ATTEMPTS = 5
"""In a row that bring nothing before the download is given up."""

SECONDS_OF_SILENCE = 10.0
"""After which a connection counts as broken."""

SECONDS_BETWEEN_ATTEMPTS = 1.0

_LOOK_EVERY = 0.1  # seconds
_BLOCK = 4 << 20  # bytes


@dataclass(slots=True)
class Meter:
    """How far the downloads are; written by the thread that downloads, read by the one that waits.

    Attributes:
        total: Bytes of all files.
        done: Bytes that are on the disk.
        name: The file that is being downloaded.
    """

    total: int
    done: int = 0
    name: str = ""
    _fetched: int = 0
    _started: float = field(default_factory=time.monotonic)

    def add(self, count: int) -> None:
        """Counts bytes that came over the line."""
        self.done += count
        self._fetched += count

    @property
    def fraction(self) -> float:
        """Which part is done, 0 to 1."""
        return self.done / self.total if self.total else 0.0

    def __str__(self) -> str:
        seconds = time.monotonic() - self._started
        rate = self._fetched / seconds / 1e6 if seconds > 0.5 else 0.0
        text = f"{self.name}: {self.done / 1e6:.1f} of {self.total / 1e6:.1f} MB"
        return f"{text}, {rate:.1f} MB/s" if rate >= 0.05 else text


@dataclass(frozen=True, slots=True)
class LargeFile:
    """A file as the hub describes it.

    Attributes:
        name: Its name there.
        url: Where it is.
        size: Bytes.
        sha256: Its digest, lower-case hex.
    """

    name: str
    url: str
    size: int
    sha256: str


def waited_for(
    call: Callable[[IsCancelled], _Result],
    *,
    is_cancelled: IsCancelled,
    while_waiting: Callable[[], None] = lambda: None,
) -> _Result:
    """Runs a call that waits for the network, and comes back at once when the work is stopped.

    A read from a socket cannot be interrupted from outside, so the call has a thread of its own; it
    is told to stop and ends by itself, at the next bytes or at the end of its patience.

    Args:
        call: Is given a function that says whether to stop.
        is_cancelled: Asked a few times a second.
        while_waiting: Called as often.

    Raises:
        WorkCancelled: The work was stopped.
    """
    stop = threading.Event()
    future: Future[_Result] = Future()

    def work() -> None:
        try:
            future.set_result(call(stop.is_set))
        except BaseException as error:  # noqa: BLE001 - a thread's boundary: told by result()
            future.set_exception(error)

    threading.Thread(target=work, name="sonichu-hub", daemon=True).start()
    try:
        while not future.done():
            stop_if(is_cancelled)
            while_waiting()
            try:
                future.exception(timeout=_LOOK_EVERY)
            except TimeoutError:
                continue
        return future.result()
    finally:
        stop.set()


def fetch(
    file: LargeFile, target: Path, *, headers: dict[str, str], meter: Meter, stopped: IsCancelled
) -> None:
    """Downloads a file to where the library keeps it, going on where an earlier attempt ended.

    Args:
        file: What to download.
        target: The library's own place for it: `HUB/models--OWNER--NAME/blobs/SHA256`.
        headers: Of the library, with the person's token where there is one.
        meter: Counts the bytes.
        stopped: Whether to give up; what came so far is kept.

    Raises:
        WorkCancelled: It was stopped.
        ModelError: The disk is too small, or the file does not fit its digest.
        httpx2.HTTPError: The hub cannot be reached, or refuses.
        OSError: The disk.
    """
    meter.name = file.name
    storage = target.parent.parent
    target.parent.mkdir(parents=True, exist_ok=True)
    with _alone(storage.parent / ".locks" / storage.name / f"{target.name}.lock", stopped):
        if target.is_file():
            whole = target.stat().st_size == file.size
            if whole and sha256_of(target, is_cancelled=stopped) == file.sha256:
                meter.done += file.size
                return
            target.unlink()
        part_path = target.with_name(target.name + ".part")
        with part_path.open("a+b") as out:
            digest = _fetch_rest(file, _Part(out, meter, stopped), headers)
        if digest != file.sha256:
            part_path.unlink()
            raise ModelError(
                f"{file.name} is not what the hub says it is: its SHA-256 is {digest[:16]}…, "
                f"the hub states {file.sha256[:16]}….",
                "What came was deleted. Pull it again; if that repeats, tell the model's authors.",
            )
        part_path.replace(target)


class _Part:
    """What has come of a file: bytes on the disk, their digest, and their share of the meter."""

    def __init__(self, out: BinaryIO, meter: Meter, stopped: IsCancelled) -> None:
        self._out, self._meter, self.stopped = out, meter, stopped
        self._digest = hashlib.sha256()
        self.size = 0
        out.seek(0)
        while block := out.read(_BLOCK):
            stop_if(stopped)
            self._digest.update(block)
            self.size += len(block)
        meter.done += self.size

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    @property
    def folder(self) -> Path:
        return Path(self._out.name).parent

    def append(self, chunk: bytes) -> None:
        stop_if(self.stopped)
        self._out.write(chunk)
        self._digest.update(chunk)
        self._meter.add(len(chunk))
        self.size += len(chunk)

    def start_over(self) -> None:
        self._out.truncate(0)
        self._digest = hashlib.sha256()
        self._meter.done -= self.size
        self.size = 0


def _fetch_rest(file: LargeFile, part: _Part, headers: dict[str, str]) -> str:
    """Appends what is missing, in as many attempts as bring something, and gives the digest."""
    import httpx2
    from huggingface_hub.errors import HfHubHTTPError

    if part.size > file.size:
        part.start_over()
    missing, free = file.size - part.size, shutil.disk_usage(part.folder).free
    if free < missing:
        raise ModelError(
            f"{file.name} does not fit the disk: {missing / 1e6:.0f} MB are missing, "
            f"{free / 1e6:.0f} MB are free in {part.folder}.",
            "Make room, or set HF_HOME to a folder on a larger disk.",
        )
    attempts = 0
    while part.size < file.size:
        had = part.size
        try:
            _ask_for_rest(file, part, headers)
        except (httpx2.TransportError, HfHubHTTPError) as error:
            refused = isinstance(error, HfHubHTTPError) and error.response.status_code < 500
            if refused or (part.size == had and attempts + 1 >= ATTEMPTS):
                raise
            _pause(SECONDS_BETWEEN_ATTEMPTS, part.stopped)
        attempts = 0 if part.size > had else attempts + 1
        if attempts >= ATTEMPTS:
            raise ModelError(
                f"{file.name} ends after {part.size} of {file.size} bytes on the hub.",
                "Try again later; if that repeats, tell the model's authors.",
            )
    return part.sha256


def _ask_for_rest(file: LargeFile, part: _Part, headers: dict[str, str]) -> None:
    """Makes one request for what is missing and appends what comes."""
    from huggingface_hub import get_session, hf_raise_for_status

    asked = {**headers, "Accept-Encoding": "identity"}
    if part.size:
        asked["Range"] = f"bytes={part.size}-"
    with get_session().stream(
        "GET", file.url, headers=asked, timeout=SECONDS_OF_SILENCE
    ) as response:
        hf_raise_for_status(response)
        if part.size and not _goes_on_at(response, part.size):
            part.start_over()  # the server sends the whole again
        for chunk in response.iter_bytes():
            if len(chunk) > file.size - part.size:
                raise ModelError(
                    f"{file.name} is longer than the {file.size} bytes that the hub states.",
                    "Try again later; if that repeats, tell the model's authors.",
                )
            part.append(chunk)


def _goes_on_at(response: httpx2.Response, offset: int) -> bool:
    content_range: str = response.headers.get("Content-Range", "")
    return response.status_code == 206 and content_range.startswith(f"bytes {offset}-")


@contextmanager
def _alone(path: Path, stopped: IsCancelled) -> Iterator[None]:
    """Waits until nobody else, a stopped download of ours included, writes the same file."""
    from filelock import FileLock, Timeout

    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path)
    while True:
        stop_if(stopped)
        try:
            lock.acquire(timeout=0.2)
            break
        except Timeout:
            continue
    try:
        yield
    finally:
        lock.release()


def _pause(seconds: float, stopped: IsCancelled) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        stop_if(stopped)
        time.sleep(_LOOK_EVERY)
