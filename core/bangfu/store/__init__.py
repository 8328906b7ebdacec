"""Opens databases: settings, the embedded server, engines."""

from bangfu.store.database import Database, open_database
from bangfu.store.embedded import EmbeddedServer
from bangfu.store.pool import DatabaseUnavailable
from bangfu.store.settings import Settings

__all__ = ["Database", "DatabaseUnavailable", "EmbeddedServer", "Settings", "open_database"]
