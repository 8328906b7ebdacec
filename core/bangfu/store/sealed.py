"""The keys of a database: which ones its values are sealed under, and whether those that are set are these."""

import logging
from pathlib import Path

from sqlalchemy import (
    Column,
    Connection,
    DateTime,
    Engine,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    func,
    inspect,
    select,
)
from sqlalchemy.dialects.postgresql import insert

from bangfu.errors import OperationError
from bangfu.seal import FILE, Keys, Seal, keys_file, no_key, parse_keys, read_keys
from bangfu.seal.seal import proof_of
from bangfu.store.settings import Settings

SEAL = "bangfu_seal"
"""The execution option under which an engine's connections carry the keys."""

SEAL_KEY = Table(
    "seal_key",
    MetaData(),
    Column("id", Text, nullable=False),
    Column("proof", LargeBinary, nullable=False),
    Column("used_since", DateTime(timezone=True), nullable=False, server_default=func.now()),
    PrimaryKeyConstraint("id", name="pk_seal_key"),
)
"""The keys in use: by the proof of one it is known from others of the same id, and nothing else."""

_LOG = logging.getLogger("bangfu.seal")


def seal_of_settings(settings: Settings) -> Seal | None:
    """What the settings say of keys; None where they say nothing. Raises OperationError for keys that cannot be used.

    The embedded database has its keys in the same home, where they are made when it is first opened.
    """
    if settings.seal_key is not None and settings.seal_keys is not None:
        raise OperationError(
            "BANGFU_SEAL_KEY and BANGFU_SEAL_KEYS are both set.", code="BAD_SETTING", remedy="Leave one of them."
        )
    if settings.seal_key is not None:
        return Seal(parse_keys(settings.seal_key, "BANGFU_SEAL_KEY"))
    path = settings.seal_keys
    if path is None and settings.database_url is None:
        path = settings.home / FILE
        path.parent.mkdir(parents=True, exist_ok=True)
        if keys_file(path):
            _LOG.warning("Made keys for sealed columns (ID numbers): %s. Without them nobody can read these.", path)
    return None if path is None else seal_of_file(path)


def seal_of_file(path: Path) -> Seal:
    """The keys of a file, which is read again where it has changed."""
    watched = _Watched(path)
    return Seal(watched.keys, again=watched.again)


class _Watched:
    """A file of keys, and when it was changed last."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen = self._stamp()
        self.keys = read_keys(path)

    def again(self) -> Keys | None:
        """The keys, where the file is another than it was; one that is half-written or gone changes nothing."""
        try:
            stamp = self._stamp()
            if stamp == self._seen:
                return None
            self.keys = read_keys(self._path)
        except (OSError, OperationError) as error:
            _LOG.warning("The keys that are known are kept: %s", error)
            return None
        self._seen = stamp
        return self.keys

    def _stamp(self) -> tuple[int, int, int]:
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return (0, 0, 0)
        return (found.st_mtime_ns, found.st_ino, found.st_size)


def seal_of(source: Engine | Connection) -> Seal:
    """The keys that an engine or a connection was opened with; raises OperationError where there are none."""
    found = given_seal(source)
    if found is None:
        raise no_key()
    return found


def given_seal(source: Engine | Connection) -> Seal | None:
    """The same; None where there are none."""
    found = source.get_execution_options().get(SEAL)
    return found if isinstance(found, Seal) else None


def check_keys(connection: Connection, seal: Seal | None) -> None:
    """Raises OperationError where a key that the database's values need is not set, or another one under its id."""
    if not inspect(connection).has_table(SEAL_KEY.name):
        return
    noted = {row.id: row.proof for row in connection.execute(select(SEAL_KEY.c.id, SEAL_KEY.c.proof))}
    if seal is None:
        if noted:
            raise no_key("Values in this database are sealed, and no keys are set.")
        return
    seal.refresh()
    known = {key.id: key for key in seal.keys.all}
    missing = sorted(set(noted) - set(known))
    if missing:
        raise no_key(f"Values in this database are sealed under key {missing[0]!r}, which is not among those set.")
    wrong = sorted(key_id for key_id, proof in noted.items() if proof_of(known[key_id]) != proof)
    if wrong:
        raise OperationError(
            f"Key {wrong[0]!r} is another one than that under which this database's values are sealed.",
            code="SEAL_KEY_WRONG",
            remedy="Set the keys that belong to this database; a new key has to have an id of its own.",
        )


def note_keys(connection: Connection, seal: Seal) -> None:
    """Says, before anything is sealed in a transaction, by which keys; until its end nobody takes them for unused."""
    check_keys(connection, seal)
    used = [seal.keys.seal[0], seal.keys.index[0]]
    rows = [{"id": key.id, "proof": proof_of(key)} for key in used]
    connection.execute(insert(SEAL_KEY).values(rows).on_conflict_do_nothing())
    held = select(SEAL_KEY.c.id).where(SEAL_KEY.c.id.in_([key.id for key in used]))
    connection.execute(held.order_by(SEAL_KEY.c.id).with_for_update(read=True))
    check_keys(connection, seal)


def noted_keys(connection: Connection) -> list[str]:
    """The ids of all keys in use, in their order."""
    return list(connection.scalars(select(SEAL_KEY.c.id).order_by(SEAL_KEY.c.id)))


def hold_key(connection: Connection, key_id: str) -> None:
    """Waits until nobody is sealing under a key, and lets nobody begin before the transaction's end."""
    connection.execute(select(SEAL_KEY.c.id).where(SEAL_KEY.c.id == key_id).with_for_update())


def forget_key(connection: Connection, key_id: str) -> None:
    """Takes a key off the list, under which nothing is sealed any more."""
    connection.execute(SEAL_KEY.delete().where(SEAL_KEY.c.id == key_id))
