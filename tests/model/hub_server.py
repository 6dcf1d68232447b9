"""A hub on this machine: speaks the protocol of the Hugging Face hub and fails as it is told."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from sonichu_gui.prediction import hub_transfer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pytest

COMMIT = "1f" * 20
BLOCK = 16 * 1024


@dataclass
class Repository:
    """Files of one model, and what is wrong with it.

    Attributes:
        files: Content by name.
        revisions: Names that lead to the one commit.
        refusal: Status, error code and message of every answer, or None.
    """

    files: dict[str, bytes]
    revisions: tuple[str, ...] = ("main", COMMIT)
    refusal: tuple[int, str, str] | None = None

    def is_large(self, name: str) -> bool:
        return name.endswith((".safetensors", ".bin", ".pth"))


@dataclass
class Asked:
    """One request that came."""

    method: str
    path: str
    headers: dict[str, str]


@dataclass
class Hub:
    """The server with its repositories and its faults.

    Attributes:
        drops: Each is used once: break the connection after so many bytes of a large file.
        pause: Seconds between two blocks of a large file.
        ignores_range: Send the whole file whatever part was asked for.
        served: What large files really hold, by digest.
        asked: All requests.
    """

    repositories: dict[str, Repository] = field(default_factory=dict)
    drops: list[int] = field(default_factory=list)
    pause: float = 0.0
    ignores_range: bool = False
    served: dict[str, bytes] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    port: int = 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def store(self) -> str:
        """Large files lie elsewhere: a host that must not see the token."""
        return f"http://localhost:{self.port}/store"

    def add(self, name: str, files: dict[str, bytes]) -> Repository:
        self.repositories[name] = Repository(files)
        for content in files.values():
            self.served[digest_of(content)] = content
        return self.repositories[name]

    def ranges(self) -> list[str]:
        """The parts of large files that were asked for, in order; empty for the whole."""
        return [
            row.headers.get("range", "")
            for row in self.asked
            if row.method == "GET" and row.path.startswith("/store/")
        ]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def log_message(self, *_: object) -> None:
        pass

    def _answer(self) -> None:
        hub, path = self.server.hub, unquote(urlsplit(self.path).path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        hub.asked.append(Asked(self.command, path, headers))
        if path.startswith("/store/"):
            self._large(hub, path.removeprefix("/store/"))
        elif path.startswith("/api/models/"):
            name, _, revision = path.removeprefix("/api/models/").partition("/revision/")
            self._listing(hub, name, revision or "main")
        elif "/resolve/" in path:
            name, _, rest = path[1:].partition("/resolve/")
            revision, _, file = rest.partition("/")
            self._file(hub, name, revision, file)
        else:
            self._refuse(404, "", "no such page")

    def _repository(self, hub: Hub, name: str, revision: str) -> Repository | None:
        repository = hub.repositories.get(name)
        if repository is None:
            self._refuse(401, "RepoNotFound", "Invalid username or password.")
        elif repository.refusal is not None:
            self._refuse(*repository.refusal)
        elif revision not in repository.revisions:
            self._refuse(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        else:
            return repository
        return None

    def _listing(self, hub: Hub, name: str, revision: str) -> None:
        repository = self._repository(hub, name, revision)
        if repository is None:
            return
        rows = []
        for file, content in repository.files.items():
            row = {"rfilename": file, "size": len(content), "blobId": _git_id(content)}
            if repository.is_large(file):
                digest = digest_of(content)
                row["lfs"] = {"size": len(content), "sha256": digest, "pointerSize": 134}
            rows.append(row)
        self._send(200, json.dumps({"id": name, "sha": COMMIT, "siblings": rows}).encode())

    def _file(self, hub: Hub, name: str, revision: str, file: str) -> None:
        repository = self._repository(hub, name, revision)
        if repository is None:
            return
        content = repository.files.get(file)
        if content is None:
            self._refuse(404, "EntryNotFound", f"{file} does not exist")
        elif repository.is_large(file):
            digest = digest_of(content)
            linked = {"X-Linked-Etag": f'"{digest}"', "X-Linked-Size": str(len(content))}
            place = {"Location": f"{hub.store}/{digest}", "X-Repo-Commit": COMMIT}
            self._send(302, b"", {**linked, **place})
        else:
            self._send(200, content, {"ETag": f'"{_git_id(content)}"', "X-Repo-Commit": COMMIT})

    def _large(self, hub: Hub, digest: str) -> None:
        content, wanted = hub.served[digest], self.headers.get("Range", "")
        start = 0
        if wanted and not hub.ignores_range:
            start = int(wanted.removeprefix("bytes=").rstrip("-"))
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(content) - start))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.end_headers()
        if self.command == "HEAD":
            return
        end = hub.drops.pop(0) + start if hub.drops else len(content)
        try:
            for at in range(start, min(end, len(content)), BLOCK):
                self.wfile.write(content[at : min(at + BLOCK, end)])
                time.sleep(hub.pause)
        except OSError:  # the other side left
            self.close_connection = True
        if end < len(content):
            self.close_connection = True

    def _refuse(self, status: int, code: str, message: str) -> None:
        headers = {"X-Error-Code": code} if code else {}
        self._send(status, b"<html>", {**headers, "X-Error-Message": message})

    def _send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    hub: Hub

    def handle_error(self, *_: object) -> None:
        """A client that leaves half-way is what some tests are about."""


def started(hub: Hub) -> _Server:
    """Serves the hub from a thread of its own; `shutdown` and `server_close` end it."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.hub, hub.port = hub, server.server_address[1]
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    return server


def digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@contextmanager
def standing_in(monkeypatch: pytest.MonkeyPatch, home: Path) -> Iterator[Hub]:
    """A hub that the library takes for the real one, and a cache and token store of its own."""
    from huggingface_hub import close_session, constants

    hub = Hub()
    server = started(hub)
    values = {
        "ENDPOINT": hub.address,
        "HUGGINGFACE_CO_URL_TEMPLATE": hub.address + "/{repo_id}/resolve/{revision}/{filename}",
        "HF_URL_HOSTS": frozenset({"127.0.0.1"}),
        "HF_HUB_CACHE": str(home / "hub"),
        "HF_TOKEN_PATH": str(home / "token"),
        "HF_STORED_TOKENS_PATH": str(home / "stored_tokens"),
        "HF_HUB_OFFLINE": False,
    }
    for name, value in values.items():
        monkeypatch.setattr(constants, name, value)
    monkeypatch.setattr(hub_transfer, "SECONDS_BETWEEN_ATTEMPTS", 0.1)
    yield hub
    close_session()
    server.shutdown()
    server.server_close()


def _git_id(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
