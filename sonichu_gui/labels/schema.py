"""The tables of a label store.

Rows are only ever added: an edit, an acceptance, a flag, a scale taken back are new rows, and the
newest says what holds. Triggers refuse UPDATE and DELETE on everything a person can lose.

Version 1 is the first. A later version adds a migration and raises `SCHEMA_VERSION`; a store made
by a newer version than this one is refused.
"""

from __future__ import annotations

from sqlalchemy import (
    DDL,
    BigInteger,
    Column,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    event,
)

__all__ = [
    "APPLICATION_ID",
    "CALIBRATIONS",
    "EXTRAS",
    "FILES",
    "META",
    "REVISIONS",
    "SCHEMA_VERSION",
    "TABLES",
]

SCHEMA_VERSION = 1

APPLICATION_ID = 0x534F4E43
"""Marks an SQLite file as ours ("SONC"), so that nobody else's database is written to."""

TABLES = MetaData()

META = Table(
    "meta",
    TABLES,
    Column("key", String, primary_key=True),
    Column("value", Text, nullable=False),
)

# Which file a digest was last seen as. The newest row of a path is its state, the newest path of
# a digest is where its labels' picture lies.
FILES = Table(
    "files",
    TABLES,
    Column("id", Integer, primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("path", Text, nullable=False),  # relative to the images' folder, forward slashes
    Column("size", BigInteger, nullable=False),
    Column("mtime_ns", BigInteger, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("frame_count", Integer, nullable=False),
    Column("format", String, nullable=False),
    Index("files_by_path", "path", "id"),
)

REVISIONS = Table(
    "revisions",
    TABLES,
    Column("id", Integer, primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("frame_index", Integer, nullable=False),
    Column("task_id", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("rater", String, nullable=False),
    Column("status", String, nullable=False),
    Column("points", Text, nullable=False),  # JSON, see codec.py
    Column("model_name", String),
    Column("model_hash", String),
    Column("comment", Text, nullable=False),
    Column("parent_id", Integer),
    Column("seconds", Float),
    Column("created", String, nullable=False),  # ISO 8601, UTC
    Column("app_version", String, nullable=False),
    Index("revisions_by_place", "digest", "frame_index", "task_id", "kind", "id"),
)

CALIBRATIONS = Table(
    "calibrations",
    TABLES,
    Column("id", Integer, primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("subject", String, nullable=False),  # scale, or confirmation, choice of `key`
    Column("key", String, nullable=False),
    Column("value", Text),  # JSON; NULL takes it back
    Column("author", String, nullable=False),
    Column("created", String, nullable=False),
    Column("app_version", String, nullable=False),
    Index("calibrations_by_digest", "digest", "id"),
)

# Columns of imported label files that are not ours: subject, split, published measures.
EXTRAS = Table(
    "extras",
    TABLES,
    Column("id", Integer, primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("frame_index", Integer, nullable=False),
    Column("task_id", String, nullable=False),
    Column("name", String, nullable=False),
    Column("value", Text, nullable=False),
    Index("extras_by_place", "digest", "frame_index", "task_id", "id"),
)

for _table in (FILES, REVISIONS, CALIBRATIONS, EXTRAS):
    for _verb in ("UPDATE", "DELETE"):
        event.listen(
            _table,
            "after_create",
            DDL(  # type: ignore[no-untyped-call]
                f"CREATE TRIGGER {_table.name}_no_{_verb.lower()} BEFORE {_verb} ON {_table.name} "
                f"BEGIN SELECT RAISE(ABORT, '{_table.name} are append-only'); END"
            ).execute_if(dialect="sqlite"),
        )
