from __future__ import annotations

import hashlib
import os
import threading
from dataclasses import dataclass
from pathlib import Path

import pytest

from sonichu_gui import paths
from sonichu_gui.prediction.remembered import FILE, recall, remember, weights_hash


@dataclass
class Info:
    """As much of a model as its hash needs; counts how often the weights are read."""

    folder: Path
    read: int = 0

    @property
    def weights(self) -> Path:
        return self.folder / "model.safetensors"

    @property
    def hash(self) -> str:
        self.read += 1
        return hashlib.sha256(self.weights.read_bytes()).hexdigest()


@pytest.fixture
def info(tmp_path) -> Info:
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    return Info(tmp_path)


def test_what_was_remembered_comes_back():
    remember("a", [1, {"b": None}])
    remember("c", "d")
    assert (recall("a"), recall("c"), recall("x")) == ([1, {"b": None}], "d", None)


def test_the_oldest_leave():
    for number in range(230):
        remember(str(number), number)
    assert recall("0") is None
    assert recall("229") == 229


def test_only_whole_files_are_ever_seen():
    def write(name):
        for number in range(30):
            remember(f"{name} {number}", "x" * 1000)

    threads = [threading.Thread(target=write, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    seen = set()
    while any(thread.is_alive() for thread in threads):
        seen.add(type(recall("a 0")))
    for thread in threads:
        thread.join()
    assert seen <= {str, type(None)}
    assert [path.name for path in paths.user_cache().iterdir()] == [FILE]


def test_weights_are_read_once_while_the_file_is_the_same(info):
    digest = hashlib.sha256(b"weights").hexdigest()
    assert [weights_hash(info) for _ in range(3)] == [digest] * 3
    assert info.read == 1


def test_changed_weights_are_read_again_even_with_their_old_date(info):
    first = weights_hash(info)
    path = info.folder / "model.safetensors"
    before = path.stat()
    path.write_bytes(b"Weights")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert weights_hash(info) != first


def test_a_hash_that_was_damaged_is_read_again(info):
    digest = weights_hash(info)
    path = paths.user_cache() / FILE
    path.write_text(path.read_text().replace(digest, "nonsense"))
    assert weights_hash(info) == digest
