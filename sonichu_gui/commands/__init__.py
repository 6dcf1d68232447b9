"""The commands of `sonichu`, one module a group.

Each module gives `add_parser(subparsers)`, which adds the parser of every command it holds, and
`run(args)`, which does the work and gives the exit code; `args.command` is the command's name.
Listed in `sonichu_gui.cli.COMMANDS`; imported only when one of its commands was asked for.
"""

from __future__ import annotations

import argparse
from typing import TypeAlias

# argparse names the type privately and cannot subscript it at run time.
Subparsers: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001
