"""Reads torch's library before Python imports it, so that a window stays alive meanwhile.

While Python imports an extension nothing else in the process runs Python, and linking the 400 MB
of torch's library takes a fifth of a second: a window stands still for a dozen frames. The same
link asked of the system directly lets the others go on; the import then finds the library there.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import sys
from pathlib import Path

__all__ = ["link_torch_library"]

LIBRARIES = ("libtorch_cpu.so", "libtorch.so")
"""The second one brings those of the GPU with it, where the build has them."""


def link_torch_library() -> None:
    """Links torch's library on this thread; what cannot be linked is left to the import."""
    if sys.platform != "linux" or "torch" in sys.modules:
        return
    found = importlib.util.find_spec("torch")
    if found is None or found.origin is None:
        return
    try:
        # A call of a foreign function, unlike ctypes.CDLL itself, lets other threads run.
        dlopen = ctypes.CDLL(None).dlopen
    except (OSError, AttributeError):  # an older C library keeps it elsewhere
        return
    dlopen.argtypes, dlopen.restype = (ctypes.c_char_p, ctypes.c_int), ctypes.c_void_p
    for name in LIBRARIES:
        dlopen(os.fsencode(Path(found.origin).parent / "lib" / name), os.RTLD_NOW)
