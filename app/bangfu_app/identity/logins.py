"""Five people of the demo, made up, one of each kind of office: what each may see, and a token for each."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from bangfu.declare.codes import ancestor, official_code
from bangfu.declare.grain import Grain
from bangfu.declare.text import Text
from bangfu.domain.households import Household
from bangfu.domain.places import Place
from bangfu.registry import Platform
from bangfu.store.tokens import revoke_demo_tokens
from bangfu_app.identity.claims import EVERYWHERE
from bangfu_app.identity.issuing import issue_token
from bangfu_app.identity.offices import Grant, grant_of

_DAYS = 30


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody made up: who it is, and what a token of this person gives."""

    title: Text
    may: Text
    """What may be seen and done, in a few words."""

    grant: Grant


@dataclass(frozen=True, kw_only=True)
class Login:
    """A person, and a token to come in by."""

    person: Person
    token: str


def issue_logins(connection: Connection, platform: Platform) -> list[Login]:
    """New tokens for all of them, in a district that is there; those that the demo had before end.

    They are shown to everybody on this machine, and count only on a server that nobody else reaches.
    """
    revoke_demo_tokens(connection)
    return [
        Login(
            person=person,
            token=issue_token(connection, platform, person.title.zh, person.grant, days=_DAYS, is_demo=True).token.text,
        )
        for person in _people(connection, platform)
    ]


def _people(connection: Connection, platform: Platform) -> Sequence[Person]:
    """The village is the first in which a household lives; the sector is the first one, if any is installed."""
    code = connection.execute(select(func.min(Household.place_code))).scalar_one()
    village, township = ancestor(code, Grain.VILLAGE), ancestor(code, Grain.TOWNSHIP)
    rows = connection.execute(select(Place.code, Place.name).where(Place.code.in_([village, township])))
    names = {row.code: row.name for row in rows}
    (register,) = (each.plugin for each in platform.plugins if each.plugin.name == "register")
    return [
        Person(
            title=Text(f"{names[village]}專幹", f"Village officer of {names[village]}"),
            may=Text("查看本村，含個人資料", "read the village, personal data too"),
            grant=grant_of("village", platform, [official_code(village)]),
        ),
        Person(
            title=Text(f"{names[township]}專幹", f"Township officer of {names[township]}"),
            may=Text("查看本鄉鎮，含個人資料", "read the township, personal data too"),
            grant=grant_of("township", platform, [official_code(township)]),
        ),
        *(
            Person(
                title=sector.department,
                may=Text("查看、填報本行業", "read and change its own sector"),
                grant=grant_of(f"sector:{sector.name}", platform, [EVERYWHERE]),
            )
            for sector in [each.plugin for each in platform.plugins if each.migrations is not None][:1]
        ),
        Person(
            title=Text("分析人員", "Analyst"),
            may=Text("查看全區，不含個人資料", "read the district, no personal data"),
            grant=grant_of("analyst", platform, []),
        ),
        Person(
            title=register.department,
            may=Text("全部權限", "everything"),
            grant=grant_of("district", platform, []),
        ),
    ]
