"""Memory that is freed stays with the process, so that using it again costs no page faults."""

from __future__ import annotations

import subprocess
import sys

import pytest

CODE = """
import resource, sys
from sonichu_gui.training.freed_memory import keep_freed_memory
if sys.argv[1] == "kept":
    assert keep_freed_memory()
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
bytearray(40_000_000)
before = faults()
for _ in range(5):
    bytearray(40_000_000)
print(faults() - before)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's own way")
def test_a_block_that_was_freed_is_used_again():
    faults = {
        how: int(subprocess.check_output([sys.executable, "-c", CODE, how], text=True))
        for how in ("kept", "given back")
    }
    assert faults["kept"] < 1000 < faults["given back"]
