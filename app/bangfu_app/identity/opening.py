"""Opens the identity that the settings describe."""

from pathlib import Path

from bangfu.errors import OperationError
from bangfu.store import Settings
from bangfu_app.identity.bearer import Bearer, Keys
from bangfu_app.identity.keys import keys_at, keys_of_file, keys_of_issuer

ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA", "HS256")
"""What may be set; `none` is not among them."""


def open_bearer(settings: Settings) -> Bearer | None:
    """What checks tokens; None where no keys are set, and everybody is let in.

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
