"""What an operator can set: environment variables that begin with `BANGFU_`."""

import re
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bangfu.errors import OperationError

# As a browser writes it: in lower case and without a path. `*` is none, since this is not for everybody's pages.
_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?|https?://\[[0-9a-f:]+\](:[0-9]{1,5})?")


class Settings(BaseSettings):
    """The settings of one process; what is not set has a default that suits a laptop."""

    model_config = SettingsConfigDict(env_prefix="BANGFU_", env_ignore_empty=True, frozen=True, extra="ignore")

    home: Path = Field(default=Path(".bangfu"), validate_default=True)
    """Where the embedded server keeps its data."""

    database_url: str | None = Field(default=None, repr=False)
    """A PostgreSQL 15 or newer to use in place of the embedded one."""

    disabled: Annotated[tuple[str, ...], NoDecode] = ()
    """Plugins that are switched off, separated by commas; their data stays."""

    pool_size: int = Field(default=10, ge=1, le=200)
    """How many connections one process keeps open at most."""

    statement_timeout: float = Field(default=30, gt=0, le=3600)
    """Seconds after which a statement of a request is stopped."""

    max_cost: int = Field(default=1_000_000, ge=1)
    """What a document may cost, in rows that it may have to read."""

    max_depth: int = Field(default=30, ge=1, le=100)
    """How many levels a document may have."""

    small_cell: int = Field(default=5, ge=2, le=1000)
    """How many households have to stand behind a number that is told to those who may not see them."""

    show_sql: bool = False
    """Whether a request may ask to see its own statements and their plans."""

    max_sockets: int = Field(default=1_000, ge=0)
    """How many connections may stay open in one process, for subscriptions."""

    max_subscriptions: int = Field(default=200, ge=0)
    """How many subscriptions one viewer may have, or one address where no token is asked for."""

    jwt_issuer: str | None = None
    """Who issues bearer tokens; where no keys are given, they are found by OpenID Connect discovery."""

    jwt_keys: str | None = None
    """The keys that tokens are signed with: a file (JWK, set of JWKs, PEM), or the https address of a set."""

    jwt_audience: str | None = None
    """The name by which the issuer knows this service."""

    jwt_algorithms: Annotated[tuple[str, ...], NoDecode] = ("RS256", "PS256", "ES256", "EdDSA")
    """How tokens may be signed, separated by commas."""

    jwt_leeway: float = Field(default=30, ge=0, le=300)
    """Seconds by which the clocks of issuer and server may differ."""

    max_batch: int = Field(default=10, ge=0, le=100)
    """How many requests one list may have; with 0 or 1, lists are refused."""

    documents: Path | None = None
    """A manifest of documents that clients may name in place of sending them."""

    documents_only: bool = False
    """Whether nothing but the documents of the manifest is run."""

    documents_automatic: int = Field(default=0, ge=0, le=10_000)
    """How many documents that clients send with their hash are kept, to be named later; 0 for none."""

    cors_origins: Annotated[tuple[str, ...], NoDecode] = ()
    """Sites whose pages may ask, such as `https://page.example`, separated by commas."""

    @classmethod
    def load(cls) -> Self:
        """The settings of the environment; one that cannot be right is named."""
        try:
            return cls()
        except ValidationError as error:
            wrong = "; ".join(f"BANGFU_{str(e['loc'][0]).upper()}: {e['msg'].lower()}" for e in error.errors())
            raise OperationError(f"A setting is wrong: {wrong}.", code="BAD_SETTING") from error

    @field_validator("home")
    @classmethod
    def _absolute(cls, home: Path) -> Path:
        return home.expanduser().absolute()

    @field_validator("disabled", "jwt_algorithms", "cors_origins", mode="before")
    @classmethod
    def _split(cls, names: object) -> object:
        if isinstance(names, str):
            return tuple(name.strip() for name in names.split(",") if name.strip())
        return names

    @field_validator("cors_origins")
    @classmethod
    def _origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        for origin in origins:
            if not _ORIGIN.fullmatch(origin):
                raise ValueError(f"{origin!r} is no origin; accepted: scheme, host and port, as https://page.example")
        return origins
