"""torch's library is there before Python imports torch."""

from __future__ import annotations

import subprocess
import sys

import pytest

LINKED = """
import sys
from sonichu_gui.prediction.torch_library import link_torch_library

link_torch_library()
with open("/proc/self/maps") as mapped:
    libraries = mapped.read()
print("torch" in sys.modules, "libtorch_cpu" in libraries)
import torch
print(int(torch.ones(3).sum()))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="linked ahead on Linux alone")
def test_the_library_is_linked_without_an_import_and_the_import_works_afterwards():
    command = [sys.executable, "-c", LINKED]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert told.split() == ["False", "True", "3"]
