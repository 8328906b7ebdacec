"""What an operator can set: environment variables that begin with `BANGFU_`."""

import re
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bangfu.errors import OperationError
from bangfu.store.setting import TIME_ZONE

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

    max_document: int = Field(default=65_536, ge=1_000)
    """Characters of a document."""

    max_tokens: int = Field(default=2_000, ge=100)
    """Names, values and signs of a document."""

    max_aliases: int = Field(default=100, ge=0)
    """Fields of a document under another name, those of fragments counted wherever they are spread."""

    max_body: int = Field(default=2**20, ge=1_000, le=2**30)
    """Bytes of a request's body."""

    upload_limit: int = Field(default=50 * 2**20, ge=1_000, le=2**32)
    """Bytes of a file that is uploaded to be imported."""

    upload_hours: float = Field(default=24, gt=0, le=720)
    """Hours for which such a file is kept."""

    max_uploads: int = Field(default=20, ge=0, le=10_000)
    """Files that one viewer may have waiting; with 0, none are taken."""

    rate: int = Field(default=6_000, ge=0)
    """Requests a minute for each viewer, or each address where nobody says who asks; 0 for any number."""

    concurrency: int = Field(default=8, ge=0)
    """Requests that are answered at the same time for each viewer or address; further ones wait. 0 for any number."""

    max_connections: int = Field(default=2_000, ge=1)
    """Connections of clients that one process keeps open at most."""

    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = ()
    """Addresses and networks whose X-Forwarded-For is believed, separated by commas."""

    read_timeout: float = Field(default=10, gt=0, le=600)
    """Seconds a client may take to send a request's headers, and again to send its body."""

    shutdown_grace: float = Field(default=10, ge=0, le=600)
    """Seconds for the requests in flight when the server is told to end."""

    log_format: Literal["auto", "json", "text"] = "auto"
    """How the log is written; `auto` is text on a terminal and JSON elsewhere."""

    metrics_port: int | None = Field(default=None, ge=0, le=65_535)
    """Port on which /metrics answers Prometheus."""

    hsts: int = Field(default=0, ge=0)
    """Seconds for which browsers are told to use https only; 0 tells them nothing."""

    small_cell: int = Field(default=5, ge=2, le=1000)
    """How many households have to stand behind a number that is told to those who may not see them."""

    time_zone: str = TIME_ZONE
    """The time zone in which days end, where rows are shown as they were on one."""

    show_sql: bool = False
    """Whether a request may ask to see its own statements and their plans."""

    seal_keys: Path | None = None
    """A file with the keys of sealed columns; the embedded database has one of its own."""

    seal_key: str | None = Field(default=None, repr=False)
    """The keys themselves in place of a file, separated by commas."""

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

    @field_validator("home", "seal_keys")
    @classmethod
    def _absolute(cls, path: Path | None) -> Path | None:
        return None if path is None else path.expanduser().absolute()

    @field_validator("time_zone")
    @classmethod
    def _zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ValueError, OSError, ZoneInfoNotFoundError):
            raise ValueError(f"{name!r} is no time zone; accepted: a name such as {TIME_ZONE}") from None
        return name

    @field_validator("disabled", "jwt_algorithms", "trusted_proxies", "cors_origins", mode="before")
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
