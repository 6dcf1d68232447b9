"""Models from the Hugging Face hub: asked for by name, downloaded, and added like any other.

Everything goes through huggingface_hub: its cache, its store of tokens (a token is neither asked
for nor written here), its offline mode and proxies. It is imported by the first pull alone. Files
of code are never fetched.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sonichu_gui.errors import ModelError
from sonichu_gui.model.weights_names import is_single, matching, weights_among
from sonichu_gui.prediction.adding import add_model
from sonichu_gui.prediction.folder_files import (
    CARD_FILE,
    CONFIG_FILE,
    LEGAL_PATTERNS,
    PREPROCESSOR_FILE,
)
from sonichu_gui.prediction.hub_failures import explained, first_line
from sonichu_gui.prediction.hub_transfer import LargeFile, Meter, fetch, waited_for
from sonichu_gui.prediction.model_making import Origin
from sonichu_gui.prediction.model_source import sha256_of
from sonichu_gui.prediction.work import IsCancelled, Report, never, stop_if, tell_nobody

if TYPE_CHECKING:
    from sonichu_gui.prediction.model_info import ModelInfo

_HUB_ID = re.compile(r"(?=.{3,96}$)[A-Za-z0-9][\w.-]*/[A-Za-z0-9_][\w.-]*", re.ASCII)
_DIGEST = re.compile(r"[0-9a-f]{64}")
_ADDRESS = re.compile(r"(?:hf://|https?://(?:www\.)?(?:huggingface\.co|hf\.co)/)(?:models/)?")

DOWNLOADED = 0.9
"""The share of the work that is downloading; the rest is adding what came."""

_SECONDS_FOR_AN_ANSWER = 10.0


def is_hub_id(text: str) -> bool:
    """Whether a text names a model on the hub, as `OWNER/NAME` or by its address."""
    name = _ADDRESS.sub("", text).rstrip("/")
    allowed = "--" not in name and ".." not in name and not name.endswith((".", "-", ".git"))
    # A file of weights in a folder reads alike, and is what a person who types it means.
    return bool(_HUB_ID.fullmatch(name)) and allowed and not weights_among([name])


def pull_model(
    hub_id: str,
    *,
    revision: str | None = None,
    name: str | None = None,
    image_size: int | None = None,
    task: str | None = None,
    report: Report = tell_nobody,
    is_cancelled: IsCancelled = never,
) -> ModelInfo:
    """Downloads a model from the hub and adds it to the installed ones.

    A broken or stopped download goes on where it ended. Without a network, or with HF_HUB_OFFLINE
    set, what the hub library's cache holds is used.

    Args:
        hub_id: `OWNER/NAME`, or its address on the hub.
        revision: A branch, tag or commit; the newest of the main branch when None.
        name: As in `add_model`; the hub's name when None.
        image_size: As in `add_model`.
        task: As in `add_model`.
        report: Told the progress.
        is_cancelled: Asked often; the work stops within a second.

    Raises:
        ModelError: With what to do: it is not there, private, gated, damaged, holds no weights,
            cannot be reached, or cannot be added.
        WorkCancelled: It was stopped; what was downloaded is kept for the next time.
    """
    if not is_hub_id(hub_id):
        raise ModelError(f"{hub_id!r} is no name of a model on the hub.", "It reads OWNER/NAME.")
    wanted = _Wanted(_ADDRESS.sub("", hub_id).rstrip("/"), revision)
    with _quiet_library():
        report(-1.0, f"Asking the hub for {wanted.hub_id}")
        snapshot = _downloaded(wanted, report=report, is_cancelled=is_cancelled)
    return add_model(
        snapshot.folder,
        name=name,
        image_size=image_size,
        task=task,
        report=lambda done, text: report(_scaled(done), text),
        is_cancelled=is_cancelled,
        origin=Origin("hub", wanted.hub_id, snapshot.commit),
    )


@dataclass(frozen=True, slots=True)
class _Wanted:
    hub_id: str
    revision: str | None

    def __str__(self) -> str:
        return self.hub_id if self.revision is None else f"{self.hub_id} at {self.revision}"


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """A folder of the library's cache that holds the files of one commit."""

    folder: Path
    commit: str


@dataclass(frozen=True, slots=True)
class _Listing:
    """What the hub says of a model: the commit, and the files that are needed of it."""

    commit: str
    sizes: Mapping[str, int]
    large: tuple[LargeFile, ...]


def _downloaded(wanted: _Wanted, *, report: Report, is_cancelled: IsCancelled) -> _Snapshot:
    import httpx2
    from huggingface_hub.errors import OfflineModeIsEnabled

    try:
        listing = waited_for(lambda _: _listing(wanted), is_cancelled=is_cancelled)
    except OfflineModeIsEnabled:
        return _from_cache(
            wanted, "HF_HUB_OFFLINE is set", "Unset it to ask the hub.", is_cancelled=is_cancelled
        )
    except httpx2.TransportError as error:
        reason = f"the hub cannot be reached ({first_line(error)})"
        return _from_cache(
            wanted, reason, "Check the network and try again.", is_cancelled=is_cancelled
        )
    except (httpx2.HTTPError, OSError, ValueError) as error:
        raise explained(error, hub_id=wanted.hub_id, revision=wanted.revision) from error
    meter = Meter(sum(listing.sizes.values()))
    try:
        folder = waited_for(
            lambda stopped: _fetch_all(wanted, listing, meter, stopped),
            is_cancelled=is_cancelled,
            while_waiting=lambda: report(DOWNLOADED * meter.fraction, str(meter)),
        )
    except (httpx2.HTTPError, OSError, ValueError) as error:
        raise explained(error, hub_id=wanted.hub_id, revision=wanted.revision) from error
    return _Snapshot(folder, listing.commit)


def _listing(wanted: _Wanted) -> _Listing:
    from huggingface_hub import HfApi, hf_hub_url

    hub = HfApi()
    info = hub.model_info(
        wanted.hub_id,
        revision=wanted.revision,
        files_metadata=True,
        timeout=_SECONDS_FOR_AN_ANSWER,
    )
    # Lets the cache know the branch or tag by its name, for the day when there is no network.
    hub.resolve_revision(wanted.hub_id, revision=wanted.revision)
    files = {row.rfilename: row for row in info.siblings or ()}
    weights = weights_among(name for name in files if "/" not in name)
    if not weights or not is_single(weights):
        found = f"several: {', '.join(weights[:6])}" if weights else "none"
        raise ModelError(
            f"{wanted.hub_id} must hold one file of weights in its top folder (.safetensors, "
            f"else .bin, .pt or .pth) and holds {found}.",
            "Download the right file from the hub, then `sonichu models add` it.",
        )
    commit, needed = str(info.sha), needed_files(files)
    large = []
    for name in needed:
        stored = files[name].lfs
        if stored is not None and not _DIGEST.fullmatch(stored.sha256):
            raise ValueError(f"{stored.sha256!r} is no SHA-256")  # it becomes the name of a file
        if stored is not None:
            url = hf_hub_url(wanted.hub_id, name, revision=commit)
            large.append(LargeFile(name, url, size=stored.size, sha256=stored.sha256))
    return _Listing(commit, {name: files[name].size or 0 for name in needed}, tuple(large))


def needed_files(names: Iterable[str]) -> tuple[str, ...]:
    """Gives those files of a repository's top folder that a model is made from; never code."""
    top = [name for name in names if "/" not in name]
    described = (CONFIG_FILE, PREPROCESSOR_FILE, CARD_FILE, *LEGAL_PATTERNS)
    return (*matching(top, described), *weights_among(top))


def _fetch_all(wanted: _Wanted, listing: _Listing, meter: Meter, stopped: IsCancelled) -> Path:
    """Brings every needed file into the library's cache and gives the folder that shows them."""
    from huggingface_hub import constants, hf_hub_download
    from huggingface_hub.file_download import repo_folder_name
    from huggingface_hub.utils._headers import build_hf_headers
    from huggingface_hub.utils.tqdm import silent_tqdm

    cache = Path(constants.HF_HUB_CACHE)
    storage = cache / repo_folder_name(repo_id=wanted.hub_id, repo_type="model")
    headers = build_hf_headers()
    for file in listing.large:
        fetch(file, storage / "blobs" / file.sha256, headers=headers, meter=meter, stopped=stopped)
    shown = storage
    for name, size in listing.sizes.items():
        stop_if(stopped)
        # Finds a large file in its place and only shows it in the folder of the commit.
        shown = Path(
            hf_hub_download(
                wanted.hub_id,
                name,
                revision=listing.commit,
                tqdm_class=silent_tqdm,
            )
        )
        if all(file.name != name for file in listing.large):
            meter.add(size)
    return shown.parent


def _from_cache(wanted: _Wanted, reason: str, hint: str, *, is_cancelled: IsCancelled) -> _Snapshot:
    """Gives what the library's cache holds of a model.

    Raises:
        ModelError: It lacks the model, or what it holds is damaged.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    try:
        # No pattern: the folder is asked for, whatever else of the repository is not in it.
        found = snapshot_download(
            wanted.hub_id, revision=wanted.revision, local_files_only=True, allow_patterns=[]
        )
    except LocalEntryNotFoundError as error:
        raise ModelError(
            f"{wanted} cannot be pulled: {reason}, and it is not in the cache.", hint
        ) from error
    files = [path for path in Path(found).iterdir() if path.is_file()]
    if not weights_among(path.name for path in files):
        raise ModelError(
            f"{wanted} cannot be pulled: {reason}, and the cache lacks its weights.", hint
        )
    for path in files:
        # The library names what it keeps of a large file by its digest.
        blob = path.resolve()
        if _DIGEST.fullmatch(blob.name) and sha256_of(blob, is_cancelled=is_cancelled) != blob.name:
            raise ModelError(
                f"{wanted} cannot be pulled: {reason}, and {path.name} is damaged in the cache.",
                hint,
            )
    return _Snapshot(Path(found), Path(found).name)


def _scaled(done: float) -> float:
    return done if done < 0 else DOWNLOADED + (1 - DOWNLOADED) * done


@contextmanager
def _quiet_library() -> Iterator[None]:
    """Lets the library tell nobody about this machine, and leaves the telling of failures to us."""
    from huggingface_hub import constants

    constants.HF_HUB_DISABLE_TELEMETRY = True
    constants.HF_HUB_DISABLE_SYMLINKS_WARNING = True
    log = logging.getLogger("huggingface_hub")
    before = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(before)
