"""`python -m sonichu_gui` is `sonichu`."""

from __future__ import annotations

import sys

from sonichu_gui.cli import main

if __name__ == "__main__":
    sys.exit(main())
