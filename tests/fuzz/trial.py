"""What is tried with a damaged file, in a process of its own that may die of it.

Only a `SonichuError` that names the file may come out.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from sonichu_gui.commands.file_facts import describe
from sonichu_gui.errors import SonichuError
from sonichu_gui.imaging.series_header import read_facts
from sonichu_gui.imaging.sources import holds_frames, open_source
from tests.fuzz.mutation import case

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection

    from tests.fuzz.seeds import Seed

_MOST_ADDRESSES = 6 << 30
"""The system is asked to refuse more, lest one case takes the machine along."""


def serve(
    connection: Connection,
    seeds: list[Seed],
    seed: int,
    scratch: Path,
    trial: Callable[[Path], str],
) -> None:
    """Tries every case whose number comes in, and answers with outcome, peak bytes and seconds.

    Args:
        connection: To whom asks; None ends it.
        seeds: Sound files.
        seed: Of the run.
        scratch: A folder of its own.
        trial: What is done with a file: `outcome`, or another in a test of the run itself.
    """
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_ADDRESSES, _MOST_ADDRESSES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    words = os.open(scratch / "words", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(words, sys.stderr.fileno())
    path = scratch / "case"
    while (number := connection.recv()) is not None:
        _, data = case(seeds, seed=seed, number=number)
        path.write_bytes(data)
        began = time.monotonic()
        words = trial(path)
        connection.send((words, peak_bytes(), time.monotonic() - began))


def outcome(path: Path) -> str:
    """Opens a file, looks at all there is to know of it, and decodes its first and last frame.

    Returns:
        "shown", "refused", or the traceback of what should not have come out.
    """
    try:
        holds_frames(path)
        read_facts(path)
    except SonichuError:
        pass
    except Exception:  # noqa: BLE001 - anything else is what is looked for
        return traceback.format_exc()
    source = None
    try:
        source = open_source(path)
        json.dumps(describe(source), allow_nan=False)
        source.frame(0)
        source.frame(source.frame_count - 1)
        for preset in source.presets[:2]:
            source.frame_with(0, preset)
    except SonichuError as error:
        return "refused" if str(path) in error.message else f"names no file: {error.message}"
    except Exception:  # noqa: BLE001 - as above
        return traceback.format_exc()
    finally:
        if source is not None:
            source.close()
    return "shown"


def peak_bytes() -> int:
    """Gives the most memory that this process has held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
