"""OpenVINO as the engine of the encoder: the same answers, stopped as soon, and no word outside."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pytest
import torch

from sonichu_gui import paths
from sonichu_gui.domain.frame import Frame, FrameRef
from sonichu_gui.errors import ModelError
from sonichu_gui.prediction import openvino_engine
from sonichu_gui.prediction.api import PredictionCancelled
from sonichu_gui.prediction.local import LocalPredictor
from tests.model.answers import TASKS, coordinates

pytestmark = pytest.mark.skipif(
    not openvino_engine.is_installed(), reason="OpenVINO is not installed"
)


def predictor_of(folder, engine="openvino", precision="fp32") -> LocalPredictor:
    return LocalPredictor(folder, device="cpu", engine=engine, precision=precision)


def test_answers_are_the_references(folder_of_each, picture):
    ours, reference = predictor_of(folder_of_each), predictor_of(folder_of_each, "torch")
    for tta in (False, True):
        for task in ("HC", "PLAX"):
            found = ours.predict(picture, TASKS[task], tta=tta)
            assert (found.engine, found.precision, found.device) == ("openvino", "fp32", "cpu")
            np.testing.assert_allclose(
                coordinates(found),
                coordinates(reference.predict(picture, TASKS[task], tta=tta)),
                atol=1e-2,
            )


def test_its_features_are_not_overwritten_by_the_next_pass(folder, picture):
    ours, reference = predictor_of(folder), predictor_of(folder, "torch")
    other = Frame(FrameRef("b" * 64), np.flipud(picture.pixels).copy())
    for shown in (picture, other, picture):
        np.testing.assert_allclose(
            coordinates(ours.predict(shown, TASKS["HC"], tta=False)),
            coordinates(reference.predict(shown, TASKS["HC"], tta=False)),
            atol=1e-2,
        )


def test_bf16_stays_close(folder, picture):
    coarse = predictor_of(folder, precision="bf16")
    found = coarse.predict(picture, TASKS["HC"], tta=True)
    assert (found.engine, found.precision) == ("openvino", "bf16")
    expected = predictor_of(folder, "torch").predict(picture, TASKS["HC"], tta=True)
    np.testing.assert_allclose(coordinates(found), coordinates(expected), atol=8)
    assert coarse.report.drift.features < 0.05


def test_translation_is_made_once_and_kept(folder, monkeypatch):
    predictor_of(folder).load()
    kept = sorted(path.suffix for path in (paths.user_cache() / "openvino").iterdir())
    assert kept == [".bin", ".xml"]
    monkeypatch.setattr(openvino_engine, "_translate", lambda _: pytest.fail("translated again"))
    predictor_of(folder).load()


def test_the_same_weights_configured_otherwise_are_translated_anew(folder, picture):
    before = predictor_of(folder).predict(picture, TASKS["HC"], tta=False)
    config = json.loads((folder / "config.json").read_text())
    config["backbone"]["layer_norm_eps"] = 0.5
    (folder / "config.json").write_text(json.dumps(config))
    after = predictor_of(folder).predict(picture, TASKS["HC"], tta=False)
    reference = predictor_of(folder, "torch").predict(picture, TASKS["HC"], tta=False)
    np.testing.assert_allclose(coordinates(after), coordinates(reference), atol=1e-2)
    assert np.abs(coordinates(after) - coordinates(before)).max() > 1


@pytest.mark.parametrize("suffix", [".xml", ".bin"])
def test_damaged_translation_is_made_anew(folder, picture, suffix):
    before = predictor_of(folder).predict(picture, TASKS["HC"], tta=False)
    (path,) = (paths.user_cache() / "openvino").glob(f"*{suffix}")
    path.write_bytes(path.read_bytes()[:100])
    after = predictor_of(folder).predict(picture, TASKS["HC"], tta=False)
    np.testing.assert_allclose(coordinates(after), coordinates(before), atol=1e-3)


def test_cache_that_cannot_be_written_is_no_obstacle(folder, picture):
    paths.user_cache().parent.mkdir(parents=True, exist_ok=True)
    paths.user_cache().write_text("a file where the folder should be")
    assert predictor_of(folder).predict(picture, TASKS["HC"], tta=False).keypoints


def test_cache_that_cannot_be_looked_at_is_no_obstacle(folder, picture, tmp_path, monkeypatch):
    # A name that no file system takes fails where a folder without permission does, for root too.
    monkeypatch.setattr(paths, "user_cache", lambda: tmp_path / ("x" * 300))
    assert predictor_of(folder).predict(picture, TASKS["HC"], tta=False).keypoints


def test_old_translations_leave(tmp_path):
    openvino = openvino_engine.import_openvino()
    tiny = openvino.Model([openvino.op.Constant(np.ones(3, np.float32))], [], "tiny")
    for number in range(6):
        openvino_engine._keep(tiny, tmp_path / f"{number}.xml")
        os.utime(tmp_path / f"{number}.xml", (number, number))
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        f"{number}{suffix}" for number in (3, 4, 5) for suffix in (".bin", ".xml")
    ]


def test_pass_is_stopped_and_the_next_one_is_whole(vit, picture, monkeypatch):
    # Larger than the small network: a pass must last longer than the first question.
    monkeypatch.setattr(openvino_engine, "_ASK_EVERY_MS", 0)
    encoder = openvino_engine.OpenVinoEncoder(vit, "fp32", weights="f" * 64, threads=1)
    frames = torch.randn(32, 3, 256, 256)
    expected = encoder.encode(frames, lambda: False)
    asked = []

    def is_cancelled():
        asked.append(1)
        return len(asked) > 1

    with pytest.raises(PredictionCancelled):
        encoder.encode(frames, is_cancelled)
    torch.testing.assert_close(encoder.encode(frames, lambda: False), expected)


def test_one_cancelled_beforehand_does_not_start(folder, picture):
    predictor = predictor_of(folder)
    predictor.load()
    with pytest.raises(PredictionCancelled):
        predictor.predict(picture, TASKS["HC"], tta=False, is_cancelled=lambda: True)
    assert predictor._kept.size_bytes == 0


def test_without_it_the_person_is_told_how_to_install_it(folder, monkeypatch, caplog):
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(ModelError) as caught:
        predictor_of(folder).load()
    assert "OpenVINO cannot be loaded" in caught.value.message
    assert "pip install 'sonichu[openvino]'" in caught.value.hint
    assert not caplog.records  # nothing was tried before


def test_torch_never_imports_it(folder):
    code = (
        "import sys; from pathlib import Path; import numpy as np\n"
        "from sonichu_gui.prediction.local import LocalPredictor\n"
        f"LocalPredictor(Path({str(folder)!r}), device='cpu', engine='torch').load()\n"
        "sys.exit('openvino' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_nothing_is_sent_or_left_in_the_home_folder(folder, home):
    code = (
        "import socket, sys; from pathlib import Path\n"
        "def refuse(*_): raise SystemExit('it calls somebody')\n"
        "socket.socket.connect = socket.getaddrinfo = refuse\n"
        "from sonichu_gui.prediction.local import LocalPredictor\n"
        f"LocalPredictor(Path({str(folder)!r}), device='cpu', engine='openvino').load()\n"
        "sys.exit(' '.join(name for name, module in sys.modules.items()"
        " if module and name.startswith('openvino_telemetry')) or 0)"
    )
    before = {path.name for path in home.iterdir()}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert {path.name for path in home.iterdir()} == before
