"""torch as this process uses it: imported late, on the cores that it may use."""

from __future__ import annotations

import os
from types import ModuleType

from sonichu_gui.errors import ModelError
from sonichu_gui.prediction.torch_library import link_torch_library

DEVICE_CHOICES = ("auto", "cpu", "cuda")


def devices() -> tuple[str, ...]:
    """Gives the devices that a model can run on here, "cpu" first; imports torch."""
    torch = import_torch()
    return ("cpu", "cuda") if torch.cuda.is_available() else ("cpu",)


def choose_device(wanted: str) -> str:
    """Gives "cpu" or "cuda" for one of `DEVICE_CHOICES`.

    Raises:
        ModelError: torch is not there, or has no CUDA device where one is wanted.
    """
    cuda = import_torch().cuda.is_available()
    if wanted == "cuda" and not cuda:
        raise ModelError(
            "There is no CUDA device that this build of PyTorch can use.",
            "Choose the CPU.",
        )
    return "cuda" if cuda and wanted != "cpu" else "cpu"


def import_torch() -> ModuleType:
    """Gives torch, its threads limited to the cores of this process.

    Raises:
        ModelError: It cannot be imported.
    """
    # Read by OpenMP when torch loads it. Its threads would otherwise spin while they wait for one
    # another, and take the cores from the window and from whatever else the machine does.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    link_torch_library()
    try:
        import torch
    except (ImportError, OSError) as error:  # OSError: one of its libraries does not load
        raise ModelError(
            f"PyTorch cannot be loaded: {error}.",
            "Install it as the README says; points can be placed by hand without it.",
        ) from error
    return torch


def use_own_cores() -> None:
    """Keeps torch from starting more threads than this process may use cores."""
    torch = import_torch()
    torch.set_num_threads(min(torch.get_num_threads(), _usable_cores()))


def cpu_has_bf16() -> bool:
    """Whether the CPU multiplies bfloat16: avx512_bf16, AMX, or ARM's own."""
    able = import_torch().cpu.get_capabilities()
    return any(able.get(name) for name in ("avx512_bf16", "amx_bf16", "bf16", "arm_bf16"))


def is_out_of_memory(error: RuntimeError) -> bool:
    """Whether a GPU has no room left.

    torch's own allocator says so by a type; the libraries that it calls allocate by themselves and
    say so in words.
    """
    import torch

    said = str(error)
    return (
        isinstance(error, torch.OutOfMemoryError)
        or "out of memory" in said
        or "ALLOC_FAILED" in said
    )


def machine() -> str:
    """Gives what the speed of a pass depends on beside the model: CPU, threads, torch."""
    torch = import_torch()
    able = torch.cpu.get_capabilities()
    name = f"{able.get('cpu_name') or able.get('architecture')}, {torch.get_num_threads()} threads"
    return f"{name}, torch {torch.__version__}"


def _usable_cores() -> int:
    """Cores that this process may use: fewer than the machine's under a scheduler or container."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
