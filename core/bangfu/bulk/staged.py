"""Rows as they wait in the database to be written: as JSON, what is sealed in the table sealed here too."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import orjson
from sqlalchemy import Date, Numeric
from sqlalchemy.schema import Column

from bangfu.declare.choice import Choice
from bangfu.declare.fields import field_of
from bangfu.declare.records import Dated, columns_of
from bangfu.seal import Seal, no_key
from bangfu.write.outcome import Row
from bangfu.write.waiting import waiting_name


class Staging:
    """Turns rows of one record to JSON and back; a sealed value is bound to the row's position in its plan."""

    def __init__(self, record: type[Dated], plan: str, seal: Seal | None) -> None:
        self._columns = {column.key: column for column in columns_of(record)}
        self._name = waiting_name(plan)
        self._seal = seal

    @property
    def seals(self) -> bool:
        """Whether rows of the record may have something to seal."""
        return any(map(self._is_sealed, self._columns))

    def pack(self, position: int, row: Row) -> str:
        """A row as JSON; raises OperationError where a value has to be sealed and there are no keys."""
        return orjson.dumps({name: self._packed(position, name, value) for name, value in row.items()}).decode()

    def unpack(self, position: int, packed: Mapping[str, Any]) -> dict[str, Any]:
        """The row that it was."""
        return {name: self._unpacked(position, name, value) for name, value in packed.items()}

    def _packed(self, position: int, name: str, value: Any) -> Any:
        match value:
            case None:
                return None
            case Choice():
                return value.name
            case Decimal():
                return str(value)
            case date():
                return value.isoformat()
        return self._sealing().seal(self._name, position, value) if self._is_sealed(name) else value

    def _unpacked(self, position: int, name: str, value: Any) -> Any:
        if value is None:
            return None
        column = self._columns[name]
        field = field_of(column)
        if field is not None and field.choice is not None:
            return field.choice[value]
        if self._is_sealed(name):
            return self._sealing().open(self._name, position, value)
        return _read(column, value)

    def _is_sealed(self, name: str) -> bool:
        field = field_of(self._columns[name])
        return field is not None and field.sealed

    def _sealing(self) -> Seal:
        if self._seal is None:
            raise no_key()
        return self._seal


def _read(column: Column[Any], value: Any) -> Any:
    if isinstance(column.type, Date):
        return date.fromisoformat(value)
    return Decimal(value) if isinstance(column.type, Numeric) else value
