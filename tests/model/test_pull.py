"""Pulling from a hub: what is fetched, resumed, checked and refused, over real HTTP."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from sonichu_gui import paths
from sonichu_gui.errors import ModelError
from sonichu_gui.prediction import zoo
from sonichu_gui.prediction.hub import is_hub_id, pull_model
from sonichu_gui.prediction.work import WorkCancelled
from tests.model import hub_server
from tests.model.hub_server import COMMIT, standing_in
from tests.terminal import started

NAME = "someone/tiny-model"


@pytest.fixture
def hub(monkeypatch, home):
    """A hub that the library takes for the real one, and a cache and token store of its own."""
    with standing_in(monkeypatch, home) as hub:
        yield hub


@pytest.fixture
def files(folder):
    """The files of a small model of the app's own form, with code that must stay where it is."""
    content = {path.name: path.read_bytes() for path in folder.iterdir()}
    code = {"modeling_sonichu.py": b"raise SystemExit", "evil.py": b"raise SystemExit"}
    return {**content, **code, "LICENSE": b"as you like", "old/model.safetensors": b"x"}


@pytest.fixture
def weights(files):
    return files["model.safetensors"]


def refusal(*args, **kwargs):
    with pytest.raises(ModelError) as caught:
        pull_model(*args, **kwargs)
    assert caught.value.hint
    assert not list(paths.user_models().glob("*"))
    return caught.value.message


def parts(home):
    return list((home / "hub").rglob("*.part"))


def test_a_pulled_model_is_installed_with_where_it_came_from(hub, files, weights):
    hub.add(NAME, files)
    info = pull_model(NAME)
    assert info.folder == paths.user_models() / info.name
    assert (info.source.kind, info.source.origin, info.source.revision) == ("hub", NAME, COMMIT)
    assert info.source.original_sha256 == info.hash == hashlib.sha256(weights).hexdigest()
    assert info.license_text == "as you like"
    assert [found.name for found in zoo.installed_models()][-1] == info.name


def test_code_is_neither_fetched_nor_installed(hub, files):
    hub.add(NAME, files)
    info = pull_model(NAME)
    assert not [row.path for row in hub.asked if row.path.endswith(".py")]
    assert not (info.folder / "evil.py").exists()
    own = Path(zoo.__file__).parents[1] / "model" / "modeling_sonichu.py"
    assert (info.folder / own.name).read_bytes() == own.read_bytes()


def test_the_progress_counts_bytes_and_never_falls(hub, files):
    hub.add(NAME, files)
    hub.pause = 0.02
    told = []
    pull_model(NAME, report=lambda fraction, text: told.append((fraction, text)))
    fractions = [fraction for fraction, _ in told if fraction >= 0]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert any("MB" in text and "model.safetensors" in text for _, text in told)


def test_a_connection_that_breaks_is_taken_up_where_it_broke(hub, files, weights):
    hub.add(NAME, files)
    hub.drops = [len(weights) // 2]
    info = pull_model(NAME)
    assert hub.ranges() == ["", f"bytes={len(weights) // 2}-"]
    assert info.hash == hashlib.sha256(weights).hexdigest()


def test_a_download_that_was_stopped_goes_on_the_next_time(hub, files, weights, home):
    hub.add(NAME, files)
    hub.pause = 0.05
    stop = []

    def report(_fraction, text):
        if "model.safetensors: 0.0" not in text and "MB" in text:
            stop.append(time.monotonic())

    with pytest.raises(WorkCancelled):
        pull_model(NAME, report=report, is_cancelled=lambda: bool(stop))
    assert time.monotonic() - stop[0] < 1.0
    assert not list(paths.user_models().glob("*"))
    (part,) = parts(home)
    assert 0 < part.stat().st_size < len(weights)
    hub.pause = 0.0
    assert pull_model(NAME).hash == hashlib.sha256(weights).hexdigest()
    assert hub.ranges()[-1].startswith("bytes=")
    assert parts(home) == []


def test_a_server_that_knows_no_ranges_sends_all_again(hub, files, weights):
    hub.add(NAME, files)
    hub.drops, hub.ignores_range = [len(weights) // 2], True
    assert pull_model(NAME).hash == hashlib.sha256(weights).hexdigest()


def test_a_file_that_does_not_fit_its_digest_is_refused_and_deleted(hub, files, weights, home):
    hub.add(NAME, files)
    digest = hashlib.sha256(weights).hexdigest()
    hub.served[digest] = weights[:-1] + b"?"
    assert "model.safetensors is not what the hub says it is" in refusal(NAME)
    assert parts(home) == []
    hub.served[digest] = weights
    assert pull_model(NAME).hash == digest


def test_a_damaged_file_in_the_cache_is_fetched_again(hub, files, weights, home):
    hub.add(NAME, files)
    zoo.remove_model(pull_model(NAME))
    digest = hashlib.sha256(weights).hexdigest()
    (blob,) = (home / "hub").rglob(f"blobs/{digest}")
    blob.write_bytes(b"?" + weights[1:])
    assert pull_model(NAME).hash == digest


def test_what_is_in_the_cache_is_not_fetched_again(hub, files):
    hub.add(NAME, files)
    zoo.remove_model(pull_model(NAME))
    before = len(hub.ranges())
    pull_model(NAME)
    assert len(hub.ranges()) == before


def test_pulling_twice_gives_the_model_that_is_there(hub, files):
    hub.add(NAME, files)
    assert pull_model(NAME).folder == pull_model(NAME).folder
    assert len(list(paths.user_models().iterdir())) == 1


def test_a_name_a_tag_and_an_address_are_understood(hub, files):
    hub.add(NAME, files).revisions = ("main", "v2", COMMIT)
    info = pull_model(f"https://huggingface.co/{NAME}", revision="v2", name="Mine")
    assert (info.name, info.folder.name) == ("Mine", "Mine")
    assert info.source.revision == COMMIT


# --- refusals ---


def test_a_model_that_is_not_there(hub):
    assert refusal(NAME) == f"The hub has no model {NAME}, or it is private."


def test_a_revision_that_is_not_there(hub, files):
    hub.add(NAME, files)
    assert refusal(NAME, revision="v9") == f"{NAME} has no revision v9."


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ((403, "GatedRepo", "Access is restricted"), "is gated"),
        ((403, "", "Forbidden"), "does not give"),
        ((401, "", "Invalid credentials in Authorization header"), "does not accept the token"),
        ((429, "", "slow down"), "asks to wait"),
        ((503, "", "down"), "error 503"),
    ],
)
def test_what_the_hub_refuses_is_told_with_what_to_do(hub, files, answer, message):
    hub.add(NAME, files).refusal = answer
    assert message in refusal(NAME)


def test_a_server_that_makes_up_digests_writes_nowhere(hub, files, home, monkeypatch):
    hub.add(NAME, files)
    monkeypatch.setattr(hub_server, "digest_of", lambda _: "../../../../escaped")
    assert "is not the hub" in refusal(NAME)
    assert not list(home.rglob("*escaped*"))


def test_a_page_that_is_no_hub(hub, files):
    hub.add(NAME, files).refusal = (200, "", "Log in to the network of this house")
    assert "is not the hub" in refusal(NAME)


def test_a_repository_without_weights(hub, files):
    hub.add(NAME, {"config.json": files["config.json"], "weights.h5": b"x"})
    assert "and holds none" in refusal(NAME)


def test_a_repository_with_several_weights_names_them(hub):
    hub.add(NAME, {"a.pth": b"a", "b.pth": b"b"})
    assert "several: a.pth, b.pth" in refusal(NAME)


def test_pickles_stay_where_there_is_something_safe(hub, files):
    hub.add(NAME, {**files, "pytorch_model.bin": b"pickle"})
    pull_model(NAME)
    assert not [row.path for row in hub.asked if "pytorch_model.bin" in row.path]


def test_a_disk_that_is_too_small_is_told_before_anything_is_fetched(hub, files, monkeypatch):
    hub.add(NAME, files)
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=10))
    assert "does not fit the disk" in refusal(NAME)
    assert hub.ranges() == []


# --- privacy ---


def test_the_stored_token_goes_to_the_hub_and_nowhere_else(hub, files, home):
    (home / "token").write_text("hf_secret")
    hub.add(NAME, files)
    pull_model(NAME)
    tokens = {row.path.startswith("/store/"): row.headers.get("authorization") for row in hub.asked}
    assert tokens == {False: "Bearer hf_secret", True: None}
    assert (home / "token").read_text() == "hf_secret"


def test_nothing_is_told_about_this_machine(hub, files):
    hub.add(NAME, files)
    pull_model(NAME)
    assert not [row for row in hub.asked if "torch" in row.headers.get("user-agent", "")]
    assert not [row for row in hub.asked if "harness" in row.path or "telemetry" in row.path]


# --- without a network ---


def test_without_a_network_the_cache_is_used(hub, files, monkeypatch):
    hub.add(NAME, files)
    info = pull_model(NAME)
    zoo.remove_model(info)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    before = len(hub.asked)
    again = pull_model(NAME)
    assert (again.hash, again.source.revision) == (info.hash, COMMIT)
    assert len(hub.asked) == before


def test_offline_and_not_in_the_cache(hub, files, monkeypatch):
    hub.add(NAME, files)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    assert refusal(NAME) == (
        f"{NAME} cannot be pulled: HF_HUB_OFFLINE is set, and it is not in the cache."
    )


def test_a_hub_that_cannot_be_reached(hub, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    message = refusal(NAME)
    assert "the hub cannot be reached" in message
    assert "Errno" not in message
    assert "it is not in the cache" in message


def test_a_damaged_cache_is_not_installed_offline(hub, files, weights, home, monkeypatch):
    hub.add(NAME, files)
    zoo.remove_model(pull_model(NAME))
    (blob,) = (home / "hub").rglob(f"blobs/{hashlib.sha256(weights).hexdigest()}")
    blob.write_bytes(b"?" + weights[1:])
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    assert "model.safetensors is damaged in the cache" in refusal(NAME)


def test_the_command_obeys_the_environment_of_the_library(hub, files, home):
    hub.add(NAME, files)
    environment = {**os.environ, "HF_ENDPOINT": hub.address, "HF_HOME": str(home / "hf")}
    command = [sys.executable, "-W", "error", "-m", "sonichu_gui", "models", "pull", NAME, "--json"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["source"]["origin"] == NAME
    assert "Warning" not in done.stderr


def test_ctrl_c_ends_a_pull_at_once_and_leaves_nothing(hub, files, home):
    hub.add(NAME, files)
    hub.pause = 0.2
    environment = {**os.environ, "HF_ENDPOINT": hub.address, "HF_HOME": str(home / "hf")}
    command = [sys.executable, "-m", "sonichu_gui", "models", "pull", NAME]
    with started(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        deadline = time.monotonic() + 60
        while not hub.ranges() and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        asked_to_end = time.monotonic()
        out, err = process.communicate(timeout=60)
    assert time.monotonic() - asked_to_end < 5.0
    assert (process.returncode, out) == (130, "")
    assert "stopped" in err
    assert "Traceback" not in err
    assert not list(paths.user_models().glob("*"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("someone/model", True),
        ("https://huggingface.co/someone/model", True),
        ("hf://someone/model.v2", True),
        ("model", False),
        ("a/b/c", False),
        ("../model", False),
        ("folder/weights.pth", False),
        ("~/model", False),
        ("./model", False),
        ("a/..", False),
        ("a/b--c", False),
        ("", False),
    ],
)
def test_names_of_the_hub(text, expected):
    assert is_hub_id(text) is expected
