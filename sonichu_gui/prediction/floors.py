"""How fast a model is here, and how fast it could be at best.

A network can be no faster than its multiplications at the rate of this machine's best matrix
product. That floor is measured in the same run as the model, since absolute times of a shared or
throttled machine mean little: what counts is the ratio.
"""

from __future__ import annotations

import re
import statistics
import sys
import time
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sonichu_gui.domain.frame import Frame, FrameRef
from sonichu_gui.errors import UntrainedHead
from sonichu_gui.prediction.torch_runtime import import_torch
from sonichu_gui.tasks import load_tasks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torch import Tensor

    from sonichu_gui.domain.task import Task
    from sonichu_gui.model.modeling_sonichu import SonichuModel
    from sonichu_gui.prediction.local import LocalPredictor

MATRIX_SIDES = (768, 1024, 2048)
"""The best of these counts: too small pays for threads, too large for memory."""

SECONDS_A_RATE = 0.25
ROUNDS = 7
BLOCK = 1 << 24


@dataclass(frozen=True, slots=True)
class Work:
    """What one frame costs.

    Attributes:
        is_transformer: Whether nearly all of it are matrix products, so that their rate is a floor;
            small convolutions are bound by memory.
        one_pass: Operations of the encoder and one head, in GFLOP; a multiplication and its
            addition are two.
        tta: The same for the frame and its mirror image.
    """

    is_transformer: bool
    one_pass: float
    tta: float


@dataclass(frozen=True, slots=True)
class Latency:
    """Seconds a frame, each the median over frames that are encoded anew.

    Attributes:
        one_pass: One task, without the mirror image.
        tta: One task with it.
        second_task: Another task of a frame that is encoded, without the mirror image; None where
            only one head is trained.
        all_tasks: Every trained head on one encoding, without the mirror image.
        tasks: How many heads that were.
    """

    one_pass: float
    tta: float
    second_task: float | None
    all_tasks: float
    tasks: int


def matrix_rate(precision: str) -> float:
    """Gives this machine's best rate of matrix products on the CPU, in GFLOP/s.

    Args:
        precision: "fp32" or "bf16".
    """
    product = fastest_product(precision)
    return max(_rate_of(product, _square(side, precision)) for side in MATRIX_SIDES)


def fastest_product(precision: str) -> Callable[[Tensor, Tensor], Tensor]:
    """Gives the matrix product that is fastest here: torch has two libraries for it.

    Args:
        precision: "fp32" or "bf16".
    """
    import torch

    from sonichu_gui.model.kernels import can_pack

    def plain(a: Tensor, b: Tensor) -> Tensor:
        return a @ b

    def by_onednn(a: Tensor, b: Tensor) -> Tensor:
        product: Tensor = torch.ops.mkldnn._linear_pointwise(  # noqa: SLF001
            a, b, None, "none", [], ""
        )
        return product

    matrix = _square(1024, precision)
    if not can_pack(torch.device("cpu"), matrix.dtype):
        return plain
    return max((plain, by_onednn), key=lambda product: _rate_of(product, matrix))


def work_of(network: SonichuModel) -> Work:
    """Counts what a frame costs a network as its folder holds it, by running it once."""
    import torch
    from torch.nn.attention import SDPBackend, sdpa_kernel
    from torch.utils.flop_counter import FlopCounterMode

    from sonichu_gui.model.modeling_sonichu import ViTConfig

    size = network.config.image_size
    counts = []
    for views in (1, 2):
        with (
            FlopCounterMode(display=False) as counter,
            # The counter knows products, but not the CPU's joined attention.
            sdpa_kernel(SDPBackend.MATH),
            torch.inference_mode(),
        ):
            features = network.encode(torch.zeros(views, 3, size, size))
            for task in list(network.config.tasks)[:1]:
                network.heatmaps(features, task)
        counts.append(counter.get_total_flops() / 1e9)
    return Work(isinstance(network.config.backbone, ViTConfig), *counts)


def read_seconds(path: Path) -> float:
    """Gives how long it takes to read a file that the system has read before."""
    return statistics.median(_seconds(lambda: read_whole(path)) for _ in range(3))


def read_whole(path: Path) -> None:
    """Reads a file from its first byte to its last and keeps nothing."""
    with path.open("rb", buffering=0) as file:
        while file.read(BLOCK):
            pass


def latency_of(predictor: LocalPredictor) -> Latency:
    """Gives how long a loaded model takes.

    Raises:
        UntrainedHead: It has no trained head for any task that is known here.
    """
    tasks = _trained_tasks(predictor)
    frames = new_frames()
    first, *others = tasks

    def predict(frame: Frame, task: Task, *, tta: bool = False) -> None:
        predictor.predict(frame, task, tta=tta)

    def all_tasks() -> None:
        frame = next(frames)
        for task in tasks:
            predict(frame, task)

    def second_task() -> float:
        frame = next(frames)
        predict(frame, first)
        return _seconds(lambda: predict(frame, others[0]))

    return Latency(
        one_pass=_median(lambda: predict(next(frames), first)),
        tta=_median(lambda: predict(next(frames), first, tta=True)),
        second_task=statistics.median(second_task() for _ in range(ROUNDS)) if others else None,
        all_tasks=_median(all_tasks),
        tasks=len(tasks),
    )


@dataclass(frozen=True, slots=True)
class Start:
    """What the first prediction of a new process takes.

    Attributes:
        imports: Seconds for torch and what else the network is made of.
        load: Seconds from the folder to a model that is ready.
        first: Seconds of the first prediction, which draws the weights into memory.
        peak_mb: The most memory held at once; None where the system does not tell.
    """

    imports: float
    load: float
    first: float
    peak_mb: float | None


def start_of(folder: Path, *, device: str, engine: str, precision: str) -> Start:
    """Loads a model and predicts once; to be called in a process of its own.

    Raises:
        ModelError: The model cannot be loaded or run.
        UntrainedHead: It has no trained head for any task that is known here.
    """
    from sonichu_gui.prediction.local import LocalPredictor

    imports = _seconds(import_torch) + _seconds(
        lambda: import_module("sonichu_gui.model.checkpoints")
    )
    predictor = LocalPredictor(folder, device=device, engine=engine, precision=precision)
    load = _seconds(predictor.load)
    task = _trained_tasks(predictor)[0]
    first = _seconds(lambda: predictor.predict(next(new_frames()), task, tta=False))
    return Start(imports, load, first, _peak_memory_mb())


def make_random_vit_b(folder: Path) -> None:
    """Writes the network of the model card with random weights, to be timed: 494 MB.

    Its heads are called trained so that it can be run; its points mean nothing.
    """
    torch = import_torch()
    from sonichu_gui.model.modeling_sonichu import DEFAULT_TASKS, SonichuConfig, SonichuModel

    tasks = {name: replace(task, trained=True) for name, task in DEFAULT_TASKS.items()}
    torch.manual_seed(0)
    SonichuModel(SonichuConfig(name="random ViT-B/16", tasks=tasks)).save_pretrained(folder)


def new_frames() -> Iterator[Frame]:
    """Gives frames that no feature is kept of."""
    pixels = np.random.default_rng(0).integers(0, 255, (540, 800), np.uint8)
    digest = f"{time.time_ns():064x}"
    index = 0
    while True:
        yield Frame(FrameRef(digest, index), pixels)
        index += 1


def _trained_tasks(predictor: LocalPredictor) -> list[Task]:
    tasks = [task for name, task in load_tasks().items() if predictor.info.has_trained_head(name)]
    if not tasks:
        raise UntrainedHead(f"{predictor.info.name} has no trained head.", "Choose another model.")
    return tasks


def _peak_memory_mb() -> float | None:
    # Not getrusage on Linux: a new process begins there with the peak of the one that started it.
    status = Path("/proc/self/status")
    if status.exists():
        found = re.search(r"^VmHWM:\s+(\d+) kB", status.read_text(), re.MULTILINE)
        return int(found[1]) / 1e3 if found else None
    try:
        import resource
    except ImportError:  # not on Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak / 1e3


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _median(work: Callable[[], object]) -> float:
    work()  # the first one draws memory and plans kernels
    return statistics.median(_seconds(work) for _ in range(ROUNDS))


def _square(side: int, precision: str) -> Tensor:
    import torch

    dtype = {"fp32": torch.float32, "bf16": torch.bfloat16}[precision]
    return torch.rand(side, side).to(dtype)


def _rate_of(product: Callable[[Tensor, Tensor], Tensor], matrix: Tensor) -> float:
    import torch

    with torch.inference_mode():
        once = min(_seconds(lambda: product(matrix, matrix)) for _ in range(3))
        repeats = max(3, int(SECONDS_A_RATE / max(once, 1e-6)))
        times = [_seconds(lambda: product(matrix, matrix)) for _ in range(repeats)]
    return 2 * len(matrix) ** 3 / statistics.median(times) / 1e9
