"""Who will be let in by a server that is about to start; in production, somebody has to be asked for something."""

from datetime import UTC, datetime
from ipaddress import ip_address

from sqlalchemy import inspect

from bangfu.errors import OperationError
from bangfu.store import Database, DatabaseUnavailable, Settings
from bangfu.store.tokens import TOKEN, has_tokens, read_tokens

_ASKED = "Every request needs a token"
_ENDED = f"{_ASKED}, and none that was issued here is valid any more: bangfu token issue. 令牌均已失效"
_OPEN = (
    "Everybody on this machine is let in and reads everything: no keys are set, and no token was issued. "
    "本機任何人無須令牌即可讀取全部數據"
)


def who_is_let_in(settings: Settings, database: Database, host: str) -> str:
    """Tells who is let in by a server that listens on an address; raises OperationError where that could be nobody.

    A database that is away is no reason not to start: in production nobody is let in without a token.
    """
    in_production = is_production(settings, host)
    has_keys = settings.jwt_keys is not None or settings.jwt_issuer is not None
    try:
        valid, has_any = _tokens(database, with_demo=not in_production)
    except DatabaseUnavailable:
        return f"{_ASKED}; the database is away. 每次請求須持令牌"
    if has_keys or valid:
        signed = f"signed by {settings.jwt_issuer or 'the keys in BANGFU_JWT_KEYS'}"
        kinds = [*([signed] if has_keys else []), *([f"issued here ({valid} valid)"] if valid else [])]
        return f"{_ASKED}, {' or '.join(kinds)}. 每次請求須持令牌"
    if in_production:
        raise _refusal(settings, host)
    return _ENDED if has_any else _OPEN


def is_production(settings: Settings, host: str) -> bool:
    """Whether a server is for more than a laptop: its database is one given by URL, or other machines reach it."""
    return settings.database_url is not None or not is_loopback(host)


def is_loopback(host: str) -> bool:
    """Whether an address, as a bound socket tells it, is reached from this machine only."""
    try:
        return ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


def _tokens(database: Database, *, with_demo: bool) -> tuple[int, bool]:
    """How many tokens are valid, and whether one was ever issued."""
    now = datetime.now(UTC)
    with database.engine.connect() as connection:
        if not inspect(connection).has_table(TOKEN.name):
            return 0, False
        valid = [each for each in read_tokens(connection, ended_after=now) if with_demo or not each.is_demo]
        return len(valid), has_tokens(connection)


def _refusal(settings: Settings, host: str) -> OperationError:
    reasons = []
    if settings.database_url is not None:
        reasons.append("its database is not the embedded one")
    if not is_loopback(host):
        reasons.append(f"it listens on {host}, which other machines reach")
    return OperationError(
        f"Nobody could be let in. Every request needs a token, since {' and '.join(reasons)}; but no keys are set, "
        "and no token that was issued here is valid.",
        code="KEYS_MISSING",
        remedy=(
            "Set BANGFU_JWT_ISSUER (or BANGFU_JWT_KEYS) and BANGFU_JWT_AUDIENCE, or issue a token: "
            "`bangfu migrate`, then `bangfu token issue NAME --as district`."
        ),
    )
