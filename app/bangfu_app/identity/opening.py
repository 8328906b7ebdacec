"""Opens the identity that the settings describe."""

from pathlib import Path

from bangfu.errors import OperationError
from bangfu.store import Database, Settings
from bangfu_app.identity.bearer import Bearer, Keys
from bangfu_app.identity.door import Door
from bangfu_app.identity.keys import keys_at, keys_of_file, keys_of_issuer
from bangfu_app.identity.local import LocalTokens

ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA", "HS256")
"""What may be set; `none` is not among them."""


def open_door(settings: Settings, database: Database, *, is_production: bool) -> Door:
    """The door of a server: signed tokens where keys are set, and those that were issued here.

    In production nobody is let in without a token, and the demo's count for nothing. Raises OperationError for settings
    that do not go together.
    """
    local = LocalTokens(database, accepts_demo=not is_production)
    return Door(signed=open_bearer(settings), local=local, may_be_open=not is_production)


def open_bearer(settings: Settings) -> Bearer | None:
    """What checks signed tokens; None where no keys are set.

    Raises OperationError for settings that do not go together.
    """
    if settings.jwt_keys is None and settings.jwt_issuer is None:
        return None
    if settings.jwt_audience is None:
        raise _wrong(
            "BANGFU_JWT_AUDIENCE is not set, so that a token for any other service would do.",
            "Set it to the name by which the issuer knows this service.",
        )
    unknown = sorted(set(settings.jwt_algorithms) - set(ALGORITHMS))
    if unknown or not settings.jwt_algorithms:
        raise _wrong(
            f"BANGFU_JWT_ALGORITHMS has {', '.join(unknown) or 'nothing'}.", f"Accepted: {', '.join(ALGORITHMS)}."
        )
    if "HS256" in settings.jwt_algorithms and (len(settings.jwt_algorithms) > 1 or _is_remote(settings)):
        raise _wrong(
            "BANGFU_JWT_ALGORITHMS has HS256 beside public keys, which whoever knows them could sign with.",
            "Use HS256 alone, with the secret in a file; or leave it out.",
        )
    return Bearer(
        _keys(settings),
        algorithms=settings.jwt_algorithms,
        audience=settings.jwt_audience,
        issuer=settings.jwt_issuer,
        leeway=settings.jwt_leeway,
    )


def _keys(settings: Settings) -> Keys:
    if settings.jwt_keys is None:
        assert settings.jwt_issuer is not None, "one of the two is set"
        return keys_of_issuer(settings.jwt_issuer)
    if _is_remote(settings):
        return keys_at(settings.jwt_keys)
    return keys_of_file(Path(settings.jwt_keys))


def _is_remote(settings: Settings) -> bool:
    return settings.jwt_keys is None or "://" in settings.jwt_keys


def _wrong(message: str, remedy: str) -> OperationError:
    return OperationError(message, code="BAD_SETTING", remedy=remedy)
