"""Where the ledger is kept: tables in one SQLite file, or in a PostgreSQL database.

SQLite runs in WAL mode: readers see the state before the transaction that a writer has open. One writer at a time; the
next waits. A file is made aside and then named, so that there is never half a ledger, and carries a mark in its header,
so that no other file is taken for one.
"""

from __future__ import annotations

import dataclasses
import os
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, OperationalError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from ceasefire.evidence.claim import FIELDS, Claim
from ceasefire.evidence.entry import FLAGS, REAL, WHOLE, ClaimSource
from ceasefire.evidence.error import EvidenceError

VARIABLE = "CEASEFIRE_LEDGER"
"""Environment variable that names another ledger than the default: a file or a URL."""
VERSION = 1
"""Of the tables below; a ledger of a later version is refused and left as it is."""
WAIT = 30
"""Seconds to wait for another writer."""


@dataclass(frozen=True, eq=False)
class Database:
    """Tables of a ledger. No connection is held between transactions."""

    engine: sa.Engine
    where: str
    """File or URL, without the password."""

    @staticmethod
    def open(location: Path | str | None = None) -> Database:
        """Open an SQLite file or a database by URL, and make the tables where there are none.

        Raises `EvidenceError` where something else is there, or tables of a later version; it is left untouched.
        """
        return _opened(location, make=True)

    @staticmethod
    def existing(location: Path | str | None = None) -> Database:
        """As `open`, where there is one already. Raises `EvidenceError` where there is none; nothing is made."""
        return _opened(location, make=False)

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """One transaction that sees one state of the ledger."""
        with _reported(self.where), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """One transaction, after any other writer's."""
        with _reported(self.where), self.engine.connect() as plain:
            connection = plain.execution_options(writes=True)
            with connection.begin():
                if connection.dialect.name == "postgresql":
                    connection.execute(sa.text(f"SET LOCAL lock_timeout = '{WAIT}s'"))
                    connection.execute(sa.text("LOCK TABLE claim IN SHARE ROW EXCLUSIVE MODE"))
                yield connection


def default_location() -> str:
    """What the environment variable `CEASEFIRE_LEDGER` names, else a file in the user's data folder."""
    named = os.environ.get(VARIABLE)
    if named:
        return named
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or "~/AppData/Local"
    elif sys.platform == "darwin":
        base = "~/Library/Application Support"
    else:
        base = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return str(Path(base) / "ceasefire" / "ledger.sqlite")


# Tables


def _column(field: dataclasses.Field[Any]) -> sa.Column[Any]:
    """The column that keeps a field of a claim."""
    kinds = ((WHOLE, sa.BigInteger), (REAL, sa.Double), (FLAGS, sa.Boolean))
    kind = next((kind for names, kind in kinds if field.name in names), sa.Text)
    return sa.Column(field.name, kind, nullable=field.default is None)


_SCHEMA = sa.MetaData()
LEDGER = sa.Table("ledger", _SCHEMA, sa.Column("version", sa.Integer, primary_key=True, autoincrement=False))
"""One row: the version of these tables."""
SOURCE = sa.Table(
    "source",
    _SCHEMA,
    sa.Column("key", sa.Text, primary_key=True),
    *(
        sa.Column(field.name, sa.Text, nullable=field.default is None)
        for field in dataclasses.fields(ClaimSource)
        if field.name != "key"
    ),
)
CLAIM = sa.Table(
    "claim",
    _SCHEMA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("added", sa.BigInteger, unique=True, nullable=False),
)
REVISION = sa.Table(
    "revision",
    _SCHEMA,
    sa.Column("claim", sa.ForeignKey(CLAIM.c.id), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("source", sa.ForeignKey(SOURCE.c.key), nullable=False),
    *(_column(field) for field in dataclasses.fields(Claim) if field.name not in ("id", "places")),
    sa.Column("as_of_first", sa.Text),
    sa.Column("as_of_last", sa.Text),
)
"""Every wording of every claim; the highest number holds."""
PLACE = sa.Table(
    "place",
    _SCHEMA,
    sa.Column("claim", sa.Text, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.ForeignKeyConstraint(["claim", "number"], [REVISION.c.claim, REVISION.c.number]),
)
RETIREMENT = sa.Table(
    "retirement",
    _SCHEMA,
    sa.Column("claim", sa.ForeignKey(CLAIM.c.id), primary_key=True),
    sa.Column("reason", sa.Text, nullable=False),
)
LINK = sa.Table(
    "link",
    _SCHEMA,
    sa.Column("first", sa.ForeignKey(CLAIM.c.id), primary_key=True),
    sa.Column("second", sa.ForeignKey(CLAIM.c.id), primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),
)
KEPT = tuple(name for name in FIELDS if name not in ("id", "places"))
"""Fields of a claim that are columns of a revision."""


# Opening

_MAGIC = b"SQLite format 3\0"
_APPLICATION = 0x43454153
"""Marks an SQLite file as a ledger, in its header: "CEAS"."""
_CREATION_LOCK = 0x43454153


def _opened(location: Path | str | None, *, make: bool) -> Database:
    asked = str(default_location() if location is None else location)
    return _open_url(asked, make=make) if "://" in asked else _open_file(asked, make=make)


def _absent(where: object) -> EvidenceError:
    return EvidenceError(f"there is no ledger at {where!s:.200}; adding or importing claims makes one")


def _open_file(asked: str, *, make: bool) -> Database:
    try:
        path = Path(asked).expanduser().absolute()
        if not make and not path.exists():
            raise _absent(path)
        if asked == default_location():
            path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _create(path)
        if path.exists() and not path.is_dir() and not path.is_file():
            raise EvidenceError(f"{path} is no ordinary file, so no ledger; name another")
        with open(path, "rb") as file:
            header = file.read(100)
    except (OSError, ValueError, RuntimeError) as error:
        problem = error.strerror if isinstance(error, OSError) else str(error)
        raise EvidenceError(
            f"no ledger can be opened at {asked!r:.200} ({problem}); name a file in a folder that you can write to"
        ) from error
    if len(header) < 100 or not header.startswith(_MAGIC) or int.from_bytes(header[68:72]) != _APPLICATION:
        raise EvidenceError(f"{path} is no ledger; it is left as it is. Name another file, or one that does not exist")
    _check_version(int.from_bytes(header[60:64]), str(path))
    database = Database(_sqlite(path), str(path))
    with database.reading() as connection:
        _check_parts(connection, database.where)
        _check_version(_version(connection), database.where)
    return database


_FOREIGN = "SELECT 1 FROM sqlite_master WHERE type IN ('view', 'trigger') LIMIT 1"
_MISNUMBERED = "SELECT 1 FROM claim WHERE typeof(added) <> 'integer' LIMIT 1"


def _check_parts(connection: sa.Connection, where: str) -> None:
    """Raises `EvidenceError` where a file marked as a ledger has been made or changed by something else."""
    for question in (_FOREIGN, _MISNUMBERED, "PRAGMA foreign_key_check"):
        if connection.exec_driver_sql(question).first() is not None:
            raise EvidenceError(f"the ledger {where} was changed by another program; it is left as it is")


def _create(path: Path) -> None:
    """Make an empty ledger aside, then give it its name, so that no other process sees half of one."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".ledger-")
    os.close(handle)
    aside = Path(name)
    try:
        engine = _sqlite(aside)
        with _reported(str(path)):
            with engine.connect().execution_options(writes=True) as connection, connection.begin():
                connection.exec_driver_sql(f"PRAGMA application_id = {_APPLICATION}")
                connection.exec_driver_sql(f"PRAGMA user_version = {VERSION}")
                _make_tables(connection)
            with sqlite3.connect(aside) as raw:
                raw.execute("PRAGMA journal_mode = WAL")
            raw.close()
        aside.chmod(0o644)
        _name(aside, path)
    finally:
        aside.unlink(missing_ok=True)


def _name(aside: Path, path: Path) -> None:
    """Give a file its name unless another process has taken it meanwhile."""
    try:
        os.link(aside, path)
    except FileExistsError:
        return
    except OSError:  # a file system without hard links
        if not path.exists():
            os.rename(aside, path)


def _sqlite(path: Path) -> sa.Engine:
    """An engine on an SQLite file that exists."""

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True, timeout=WAIT, isolation_level=None)

    engine = sa.create_engine("sqlite://", creator=connect, poolclass=NullPool)
    sa.event.listen(engine, "connect", _prepare)
    sa.event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = FULL")


def _begin(connection: sa.Connection) -> None:
    """A writer takes its turn at once: were it to read first, what it read might be old by the time it writes."""
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _open_url(asked: str, *, make: bool) -> Database:
    scheme = asked.partition("://")[0]
    try:
        url = sa.make_url(asked)
    except (ArgumentError, ValueError) as error:
        raise EvidenceError(f"a {scheme[:20]!r} URL that cannot be read; write {_EXAMPLE}") from error
    backend = scheme.partition("+")[0]
    if backend == "sqlite" and url.database:
        return _open_file(url.database, make=make)
    if backend not in ("postgresql", "postgres"):
        raise EvidenceError(f"no ledger is kept in {scheme[:20]!r}; name a file, or write {_EXAMPLE}")
    where = url.render_as_string(hide_password=True)
    if "connect_timeout" not in url.query:
        url = url.update_query_dict({"connect_timeout": str(WAIT)})
    try:
        engine = sa.create_engine(
            url.set(drivername="postgresql+psycopg"), poolclass=NullPool, isolation_level="REPEATABLE READ"
        )
    except ImportError as error:
        raise EvidenceError(
            "a ledger in PostgreSQL needs its driver, psycopg: pip install 'ceasefire[postgres]'"
        ) from error
    with _reported(where):
        _prepare_database(engine, where, make=make)
    return Database(engine, where)


_EXAMPLE = "postgresql://user@host/database"


def _prepare_database(engine: sa.Engine, where: str, *, make: bool) -> None:
    """Make the tables where there are none. Raises `EvidenceError` where there are others by these names."""
    with engine.connect().execution_options(isolation_level="READ COMMITTED") as connection, connection.begin():
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_CREATION_LOCK)))
        found = set(sa.inspect(connection).get_table_names()) & set(_SCHEMA.tables)
        if not found:
            if not make:
                raise _absent(where)
            _make_tables(connection)
        elif LEDGER.name not in found:
            raise EvidenceError(
                f"{where} is no ledger, yet has tables called {', '.join(sorted(found))}; it is left as it is. "
                "Name another database"
            )
        _check_version(_version(connection), where)


def _make_tables(connection: sa.Connection) -> None:
    _SCHEMA.create_all(connection, checkfirst=False)
    connection.execute(sa.insert(LEDGER), {"version": VERSION})


def _version(connection: sa.Connection) -> int | None:
    return connection.scalar(sa.select(sa.func.max(LEDGER.c.version)))


def _check_version(found: int | None, where: str) -> None:
    if not isinstance(found, int) or found < 1:
        raise EvidenceError(f"{where} does not say which version of a ledger it is; it is left as it is")
    if found > VERSION:
        raise EvidenceError(
            f"the ledger {where} has version {found}, this program reads up to {VERSION}; it is left as it is. "
            "Use a newer ceasefire"
        )


@contextmanager
def _reported(where: str) -> Iterator[None]:
    """Say what a database has to say in one line, without statement or password."""
    try:
        yield
    except SQLAlchemyError as error:
        lines = str(getattr(error, "orig", None) or type(error).__name__).splitlines() or [type(error).__name__]
        said = lines[0][:200]
        if isinstance(error, OperationalError) and ("locked" in said or "lock timeout" in said):
            raise EvidenceError(f"another process has been writing to {where} for {WAIT} s; try again later") from error
        raise EvidenceError(f"the ledger {where} cannot be used ({said})") from error
