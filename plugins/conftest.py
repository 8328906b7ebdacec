"""A small stand-in for the demo district, as large as the report says, for the sectors' own tests."""

from datetime import date
from random import Random

import pytest

from bangfu import DemoDistrict, DemoHousehold, DemoPerson, DemoVillage, spread

_CODE = 620502
_TOWNSHIPS, _VILLAGES, _COMMUNITIES = 23, 420, 41
_HOUSEHOLDS, _PEOPLE = 19_129, 87_900


@pytest.fixture(scope="session")
def district() -> DemoDistrict:
    """The demo district of the report's size."""
    random = Random(20150831)
    townships = tuple((_CODE * 1000 + 100 + number) * 10**6 for number in range(_TOWNSHIPS))
    counts = (
        spread(_HOUSEHOLDS, [random.lognormvariate(0, 0.7) for _ in range(_VILLAGES)]) + [0] * _COMMUNITIES
    )
    sizes = iter(
        spread(_PEOPLE, [random.lognormvariate(0, 0.35) for _ in range(_HOUSEHOLDS)], least=1, most=9)
    )
    ids = iter(range(_CODE * 10**9 + 1, (_CODE + 1) * 10**9))
    villages = []
    for number, count in enumerate(counts):
        code = townships[number % _TOWNSHIPS] + (number // _TOWNSHIPS + 1) * 1000
        natural_villages = tuple(code + part for part in range(1, 3 if number < _VILLAGES else 1))
        households = tuple(
            DemoHousehold(
                id=next(ids),
                place_code=random.choice(natural_villages),
                income=random.randrange(500, 6000),
                members=tuple(
                    DemoPerson(
                        id=next(ids),
                        born_on=date(random.randint(1925, 2014), random.randint(1, 12), 1),
                        male=random.random() < 0.5,
                        can_work=random.random() < 0.55,
                    )
                    for _ in range(next(sizes))
                ),
            )
            for _ in range(count)
        )
        villages.append(
            DemoVillage(
                code=code,
                name=f"第{number}村",
                is_poor=number < 84,
                is_community=number >= _VILLAGES,
                remoteness=random.random(),
                natural_villages=natural_villages,
                households=households,
            )
        )
    return DemoDistrict(code=_CODE, as_of=date(2015, 8, 31), townships=townships, villages=tuple(villages))
