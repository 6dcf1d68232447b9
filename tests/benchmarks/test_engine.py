"""How near the model comes to what the machine could do. Run by hand, on a quiet machine:

    pytest tests/benchmarks/test_engine.py --benchmark-enable --benchmark-columns=median,iqr,rounds

A ViT-B/16 of random weights, in torch. In every group the first row is what the others are held
against; `sonichu bench` prints the same as ratios with their budgets.
"""

from __future__ import annotations

import pytest
import torch

from sonichu_gui.model.modeling_sonichu import SonichuModel
from sonichu_gui.prediction import floors
from sonichu_gui.prediction.local import LocalPredictor
from sonichu_gui.tasks import load_tasks

TASKS = load_tasks()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    target = tmp_path_factory.mktemp("vit-b")
    floors.make_random_vit_b(target)
    return target


@pytest.fixture(scope="module")
def work(folder):
    return floors.work_of(SonichuModel.from_pretrained(folder))


@pytest.fixture(scope="module", params=["fp32", "bf16"])
def predictor(folder, request):
    made = LocalPredictor(folder, device="cpu", engine="torch", precision=request.param)
    made.load()
    return made


@pytest.fixture(scope="module")
def frames():
    return floors.new_frames()


@pytest.mark.benchmark(group="one pass")
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_floor_the_same_work_as_one_matrix_product(benchmark, work, precision):
    side = round((work.one_pass * 1e9 / 2) ** (1 / 3))
    dtype = {"fp32": torch.float32, "bf16": torch.bfloat16}[precision]
    matrix = torch.rand(side, side).to(dtype)
    product = floors.fastest_product(precision)
    with torch.inference_mode():
        benchmark(product, matrix, matrix)


@pytest.mark.benchmark(group="one pass")
@pytest.mark.parametrize("tta", [False, True])
def test_one_task_of_a_new_frame(benchmark, predictor, frames, tta):
    benchmark(lambda: predictor.predict(next(frames), TASKS["fetal_femur"], tta=tta))


@pytest.mark.benchmark(group="one pass")
def test_nine_tasks_of_a_new_frame(benchmark, predictor, frames):
    def nine() -> None:
        frame = next(frames)
        for task in TASKS.values():
            predictor.predict(frame, task, tta=False)

    benchmark(nine)


@pytest.mark.benchmark(group="one pass")
def test_second_task_of_a_frame(benchmark, predictor, frames):
    frame = next(frames)
    predictor.predict(frame, TASKS["HC"], tta=False)
    benchmark(lambda: predictor.predict(frame, TASKS["fetal_femur"], tta=False))


@pytest.mark.benchmark(group="load")
def test_floor_reading_the_file(benchmark, folder):
    benchmark(floors.read_whole, folder / "model.safetensors")


@pytest.mark.benchmark(group="load")
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_loading_the_model(benchmark, folder, precision):
    def load() -> None:
        LocalPredictor(folder, device="cpu", engine="torch", precision=precision).load()

    benchmark(load)
