"""The tables that stand beside the records: what an installation knows of itself, and its logs."""

from sqlalchemy import MetaData, Table

from bangfu.store.answered import ANSWERED
from bangfu.store.audit import AUDIT_TABLES
from bangfu.store.comparisons import COMPARISON_TABLES
from bangfu.store.imports import IMPORT_TABLES
from bangfu.store.reads import READ_HEAD, READ_LOG
from bangfu.store.reorganisations import REORGANISATION_TABLES
from bangfu.store.sealed import SEAL_KEY
from bangfu.store.setting import SETTING
from bangfu.store.tokens import TOKEN

OWN_TABLES: tuple[Table, ...] = (
    *(SETTING, TOKEN, SEAL_KEY, READ_LOG, READ_HEAD, ANSWERED),
    *(*AUDIT_TABLES, *IMPORT_TABLES, *COMPARISON_TABLES, *REORGANISATION_TABLES),
)


def add_own_tables(metadata: MetaData) -> MetaData:
    """Adds them to those of the records; the same metadata."""
    for table in OWN_TABLES:
        table.to_metadata(metadata)
    return metadata
