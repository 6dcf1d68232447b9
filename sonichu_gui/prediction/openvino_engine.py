"""The backbone in OpenVINO, an extra engine that the app runs without.

It is translated from the torch network once and kept in the cache folder; the heads stay in torch.
OpenVINO calls home when it is imported and when it translates a model; here it cannot.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
import warnings
from importlib.metadata import version
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from sonichu_gui import __version__, paths
from sonichu_gui.errors import ModelError
from sonichu_gui.prediction.api import PredictionCancelled
from sonichu_gui.prediction.trials import Choice

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from torch import Tensor

    from sonichu_gui.model.modeling_sonichu import SonichuModel

HINTS = {"fp32": "f32", "bf16": "bf16"}
"""Number types in OpenVINO's words."""

_ASK_EVERY_MS = 5
"""Between two questions whether a pass is still wanted."""

_MOST_KEPT = 3
"""Translated models in the cache folder; each is as large as its backbone's weights."""


def is_installed() -> bool:
    """Whether OpenVINO is here; does not import it."""
    return find_spec("openvino") is not None


def installed_version() -> str:
    """Gives OpenVINO's version, or an empty text without it."""
    return version("openvino") if is_installed() else ""


def import_openvino() -> Any:  # noqa: ANN401 - untyped
    """Gives OpenVINO, unable to send anything anywhere.

    Raises:
        ModelError: It is not installed or cannot be loaded.
    """
    # None makes an import fail: OpenVINO then takes the empty stand-in that it brings along. By
    # itself it would report its import, and leave files in the home folder.
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    try:
        import openvino
    except (ImportError, OSError) as error:
        raise ModelError(
            f"OpenVINO cannot be loaded: {error}.",
            "Install it with: pip install 'sonichu[openvino]', or choose the engine torch.",
        ) from error
    return openvino


class OpenVinoEncoder:
    """A network's backbone compiled for this CPU.

    Args:
        network: Untouched, in float32; serves only to be translated.
        precision: A key of `HINTS`.
        weights: Hash of its weights, under which the translation is kept.
        threads: How many to run on.

    Raises:
        ModelError: OpenVINO is not there, or cannot run the network.
    """

    def __init__(
        self, network: SonichuModel, precision: str, *, weights: str, threads: int
    ) -> None:
        self.choice = Choice("openvino", precision)
        ov = import_openvino()
        settings = {
            "INFERENCE_PRECISION_HINT": HINTS[precision],
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": threads,
            # Threads tied to cores would wait behind the window's and other programs' work.
            "ENABLE_CPU_PINNING": False,
        }
        try:
            core = ov.Core()
            translated = _translated(core, network, weights)
            self._request: Any = core.compile_model(
                translated, "CPU", settings
            ).create_infer_request()
        except RuntimeError as error:
            reason = str(error).strip().splitlines()[-1]
            raise ModelError(
                f"OpenVINO cannot run this model: {reason}.", "Choose the engine torch."
            ) from error

    def encode(self, pixels: Tensor, is_cancelled: Callable[[], bool]) -> Tensor:
        """See `Encoder.encode`."""
        import torch

        if is_cancelled():
            raise PredictionCancelled
        request = self._request
        # Held until the end: OpenVINO reads from it.
        given = pixels.contiguous().numpy()
        request.start_async({0: given}, share_inputs=True)
        while not request.wait_for(_ASK_EVERY_MS):
            if is_cancelled():
                request.cancel()
                with contextlib.suppress(RuntimeError):  # that it was cancelled
                    request.wait()
                raise PredictionCancelled
        # A copy: the next pass writes to the same place.
        return torch.from_numpy(request.get_output_tensor(0).data.copy())


def _translated(core: Any, network: SonichuModel, weights: str) -> Any:  # noqa: ANN401 - untyped
    """Gives the backbone as OpenVINO's model, from the cache folder where it is there."""
    path = paths.user_cache() / "openvino" / f"{_name(network, weights)}.xml"
    try:
        if path.exists():
            return core.read_model(path, path.with_suffix(".bin"))
    except RuntimeError:
        _discard(path)
    except OSError:
        pass  # a cache that may not be read is one that holds nothing
    model = _translate(network)
    with contextlib.suppress(OSError, RuntimeError):  # only the time of a translation is lost
        _keep(model, path)
        return core.read_model(path, path.with_suffix(".bin"))
    return model


def _name(network: SonichuModel, weights: str) -> str:
    """Gives what a translation depends on: weights, their configuration, both programs."""
    config = network.config
    shape = repr((config.image_size, config.backbone, __version__, installed_version()))
    return f"{weights[:24]}-{hashlib.sha256(shape.encode()).hexdigest()[:8]}"


def _translate(network: SonichuModel) -> Any:  # noqa: ANN401 - untyped
    """Traces the backbone and translates it, for any number of frames at once.

    Not by `openvino.convert_model`: that one reports to its makers.
    """
    import torch
    from openvino import PartialShape
    from openvino.frontend import FrontEndManager
    from openvino.frontend.pytorch.ts_decoder import TorchScriptPythonDecoder

    size = network.config.image_size
    backbone = torch.nn.Sequential(network.backbone, network.neck)
    with torch.inference_mode(), warnings.catch_warnings():
        # That sizes are taken for constants: they are.
        warnings.simplefilter("ignore")
        traced = torch.jit.trace(backbone, torch.zeros(1, 3, size, size), check_trace=False)  # type: ignore[no-untyped-call]
        # Freezing would copy all weights and gain nothing: OpenVINO folds constants itself.
        decoder = TorchScriptPythonDecoder(traced, skip_freeze=True)
        frontend = FrontEndManager().load_by_framework("pytorch")
        model = frontend.convert(frontend.load(decoder))
    model.reshape({model.inputs[0]: PartialShape([-1, 3, size, size])})
    return model


def _keep(model: Any, path: Path) -> None:  # noqa: ANN401 - untyped
    """Writes a translated model beside and renames it, its weights before what refers to them."""
    from openvino import save_model

    path.parent.mkdir(parents=True, exist_ok=True)
    for former in sorted(path.parent.glob("*.xml"), key=_age)[_MOST_KEPT - 1 :]:
        _discard(former)
    part = path.with_name(f"{path.stem}.{os.getpid()}.part.xml")
    try:
        save_model(model, part, compress_to_fp16=False)
        part.with_suffix(".bin").replace(path.with_suffix(".bin"))
        part.replace(path)
    finally:
        _discard(part)


def _age(path: Path) -> float:
    return -path.stat().st_mtime


def _discard(path: Path) -> None:
    for each in (path, path.with_suffix(".bin")):
        with contextlib.suppress(OSError):
            each.unlink(missing_ok=True)
