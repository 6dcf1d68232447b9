"""A model folder into memory, on the device and in the engine that suit it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sonichu_gui.domain.annotation import ModelId
from sonichu_gui.errors import ModelError
from sonichu_gui.prediction import openvino_engine, torch_runtime
from sonichu_gui.prediction.api import never_cancelled
from sonichu_gui.prediction.encoders import TorchEncoder
from sonichu_gui.prediction.remembered import weights_hash
from sonichu_gui.prediction.trials import REFERENCE, Choice, Drift, best, candidates

if TYPE_CHECKING:
    from collections.abc import Callable

    from sonichu_gui.model.modeling_sonichu import SonichuModel, SonichuPreprocessor
    from sonichu_gui.prediction.encoders import Encoder
    from sonichu_gui.prediction.zoo import ModelInfo


@dataclass(frozen=True, slots=True)
class EngineReport:
    """How a model runs.

    Attributes:
        device: "cpu" or "cuda".
        engine: "torch" or "openvino".
        precision: "fp32", "bf16" or "fp16".
        gain: How many times faster than float32 in torch; None where that was not measured.
        drift: How far from float32 in torch; None where that was not measured.
    """

    device: str
    engine: str
    precision: str
    gain: float | None = None
    drift: Drift | None = None


@dataclass(frozen=True, slots=True)
class Network:
    """A network in memory: its encoder, the heads in the same number type, and what it is shown."""

    network: SonichuModel
    encoder: Encoder
    prepare: SonichuPreprocessor


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model ready to predict.

    Attributes:
        id: Its name and the hash of its weights.
        network: Its heads and their decoding.
        encoder: What its backbone runs in.
        prepare: A frame to the network's input.
        report: How it runs.
    """

    id: ModelId
    network: SonichuModel
    encoder: Encoder
    prepare: SonichuPreprocessor
    report: EngineReport


def load_model(
    info: ModelInfo,
    *,
    device: str,
    engine: str,
    precision: str,
    is_cancelled: Callable[[], bool] = never_cancelled,
) -> LoadedModel:
    """Loads a model; its first load on a machine tries which engine and number type suit it.

    Args:
        info: Which model.
        device: "cpu" or "cuda".
        engine: One of `trials.ENGINE_CHOICES`.
        precision: One of `trials.PRECISION_CHOICES`.
        is_cancelled: Asked during a trial.

    Raises:
        ModelError: The folder does not hold a whole model, or the engine is not there.
        PredictionCancelled: It was no longer wanted.
        RuntimeError: The GPU has no room for it.
    """
    from sonichu_gui.model.modeling_sonichu import CheckpointError

    torch_runtime.use_own_cores()
    try:
        return _load(Loader(info, device, weights_hash(info), is_cancelled), engine, precision)
    except CheckpointError as error:
        raise ModelError(
            f"{info.name} cannot be loaded: {error}.",
            "Get the model folder again, or choose another model.",
        ) from error


def _load(loader: Loader, engine: str, precision: str) -> LoadedModel:
    from sonichu_gui.prediction.probe import tried

    if loader.device == "cuda":
        if engine == "openvino":
            raise ModelError("OpenVINO runs on the CPU only.", "Choose the CPU, or torch.")
        choice = Choice("torch", "fp16" if precision == "auto" else precision)
        return loader.loaded(loader.network(choice))
    if engine == "openvino":
        openvino_engine.import_openvino()  # what is asked for and missing is told before any trial
    allowed = candidates(
        engine,
        precision,
        has_bf16=torch_runtime.cpu_has_bf16(),
        has_openvino=openvino_engine.is_installed(),
    )
    if allowed == (REFERENCE,):
        return loader.loaded(loader.network(REFERENCE))
    trials = {trial.choice: trial for trial in tried(loader, allowed)}
    choice = best(tuple(trials.values()), allowed)
    made = loader.network(choice)
    if choice not in trials:
        return loader.loaded(made)
    gain = trials[REFERENCE].seconds / trials[choice].seconds
    return loader.loaded(made, gain=gain, drift=trials[choice].drift)


@dataclass(frozen=True, slots=True)
class Loader:
    """What stands fixed while ways to run a model are tried."""

    info: ModelInfo
    device: str
    weights: str
    is_cancelled: Callable[[], bool]

    def network(self, choice: Choice) -> Network:
        """Gives the model in an engine and a number type."""
        import torch

        from sonichu_gui.model.checkpoints import open_checkpoint
        from sonichu_gui.model.kernels import speed_up

        dtype = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
        opened = open_checkpoint(self.info.folder)
        network = opened.model.to(self.device)
        if choice.engine == "torch":
            speed_up(network, dtype[choice.precision])
            encoder: Encoder = TorchEncoder(network, choice, self.device)
            return Network(network, encoder, opened.preprocessor)
        encoder = openvino_engine.OpenVinoEncoder(
            network,
            choice.precision,
            weights=self.weights,
            threads=torch.get_num_threads(),
        )
        speed_up(network.heads, dtype[choice.precision])
        return Network(network, encoder, opened.preprocessor)

    def loaded(
        self, made: Network, *, gain: float | None = None, drift: Drift | None = None
    ) -> LoadedModel:
        """Gives the model ready to predict."""
        choice = made.encoder.choice
        report = EngineReport(self.device, choice.engine, choice.precision, gain, drift)
        identity = ModelId(self.info.name, self.weights)
        return LoadedModel(identity, made.network, made.encoder, made.prepare, report)
