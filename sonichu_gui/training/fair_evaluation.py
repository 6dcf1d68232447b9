"""The model card's table: models and ensembles side by side on the same labels.

    sonichu train evaluate --config resources/training/fair_light.toml

A fair validation measures on originally labelled rows alone. Pseudo-labels and corrections are
counted and left out; phantoms have a table of their own. A model that is not trained yet has a row
that says so.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from sonichu_gui.training.config import read_config
from sonichu_gui.training.fair_recipe import FairConfig
from sonichu_gui.training.fair_rows import measured_rows, readable
from sonichu_gui.training.fair_scorer import FairScorer, load_scored
from sonichu_gui.training.fair_table import FairTable, as_markdown
from sonichu_gui.training.figures import Chance
from sonichu_gui.training.known_points import KnownPoints

if TYPE_CHECKING:
    from sonichu_gui.training.loop import Report

TABLE_FILE = "table.md"
JSON_FILE = "table.json"


def run(path: Path, *, resume: bool, report: Report) -> Path:  # noqa: ARG001
    """Make the table that a TOML file describes; the Markdown file, with a JSON file beside it.

    Points that were found before are always taken again, so there is nothing to resume.

    Raises:
        SonichuError: for a configuration or data that cannot be used.
    """
    config = read_config(path, FairConfig)
    if config.threads:
        torch.set_num_threads(config.threads)
    rows = measured_rows(config, report=report)
    output = Path(config.output)
    done = 0

    def tell(line: str) -> None:
        report(done / len(config.entry), line)

    known = KnownPoints(output / "points", load=load_scored, report=tell)
    rows, broken = readable(rows, known)
    for line in broken:
        report(-1, line)
    scorer = FairScorer(config, rows, known)
    entries = []
    for entry in config.entry:
        tell(entry.name)
        entries.append(scorer.figures(entry))
        done += 1
    table = FairTable(
        config.title, rows.split, rows.validation_split, rows.left_out, tuple(broken), entries
    )
    output.mkdir(parents=True, exist_ok=True)
    document = {**asdict(table), "chance": asdict(Chance(config.seed, config.draws))}
    _write(output / JSON_FILE, json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    _write(output / TABLE_FILE, as_markdown(table))
    return output / TABLE_FILE


def _write(path: Path, text: str) -> None:
    part = path.with_name(path.name + ".part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)
