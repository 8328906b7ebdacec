"""Made-up rows of funding that add up to the report: poor and remote villages first, a mix of funds in each project."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from bangfu import DemoDistrict, DemoHousehold, DemoVillage, Rows, Target, pick, spread, spread_amount
from bangfu_funding.records import (
    Allocation,
    FundSource,
    GuaranteeContribution,
    Loan,
    LoanDemand,
    LoanPurpose,
    Origin,
    Repayment,
    TownshipProject,
    TownshipProjectKind,
    VillageProject,
    VillageProjectKind,
)

_Row = Mapping[str, Any]  # columns differ in type

# short number, name, who gives it, whether it is a special poverty fund, how much of a project it tends to pay
_FUNDS = (
    ("ZYZX", "中央財政專項扶貧資金", Origin.CENTRAL, True, 9),
    ("SZX", "省級財政專項扶貧資金", Origin.PROVINCIAL, True, 6),
    ("SJPT", "市級財政配套資金", Origin.MUNICIPAL, True, 2),
    ("QJPT", "區級財政配套資金", Origin.DISTRICT, True, 3),
    ("JTSL", "交通水利行業資金", Origin.PROVINCIAL, False, 8),
    ("NYCY", "農業產業化資金", Origin.CENTRAL, False, 5),
    ("SHBF", "社會幫扶資金", Origin.SOCIAL, False, 1),
    ("QZZC", "群眾自籌資金", Origin.RAISED, False, 2),
)
# kind, years before the report, how many, what they cost together; the year's money is 461 million and the
# 36 million of the township project, as reported: the years before are there to be left out
_VILLAGE_PROJECTS = (
    (VillageProjectKind.WHOLE_VILLAGE, 0, 25, 75_000_000),
    (VillageProjectKind.FACILITIES, 0, 190, 236_000_000),
    (VillageProjectKind.INDUSTRY, 0, 160, 142_500_000),
    (VillageProjectKind.OTHER, 0, 40, 7_500_000),
    (VillageProjectKind.WHOLE_VILLAGE, 1, 21, 58_000_000),
    (VillageProjectKind.FACILITIES, 1, 94, 104_500_000),
)
_TOWNSHIP_PROJECTS = (
    (TownshipProjectKind.WHOLE_TOWNSHIP, 0, 36_000_000),
    (TownshipProjectKind.WHOLE_TOWNSHIP, 2, 28_000_000),
)
_DEMAND, _WANTING, _CEILING = 372_000_000, 7_866, 50_000
_GRANTED_SHARE = 0.43
_RATES = {12: Decimal("4.85"), 24: Decimal("5.25"), 36: Decimal("5.25")}
# when, from whom, how much: 70 million before the year, 100 million after it
_CAPITAL = (
    (date(2010, 6, 18), "區國有資產經營公司", Origin.DISTRICT, 50_000_000),
    (date(2013, 3, 12), "區財政", Origin.DISTRICT, 20_000_000),
    (date(2015, 4, 20), "市財政", Origin.MUNICIPAL, 10_000_000),
    (date(2015, 6, 9), "區財政", Origin.DISTRICT, 15_000_000),
    (date(2015, 8, 5), "社會資本", Origin.SOCIAL, 5_000_000),
)
# indicator, the year's target, the target of 2016 counted from 2015 on
_TARGETS = (
    ("total_invested", 480_000_000, 1_050_000_000),
    ("whole_village_projects", 25, 55),
    ("loan_amount", 200_000_000, 372_000_000),
    ("loan_coverage", 50, 80),
    ("guarantee_capital", 100_000_000, 150_000_000),
)


def rows(district: DemoDistrict) -> Iterator[Rows]:
    """All rows of the sector for the demo district."""
    villages = list(_village_projects(district))
    townships = list(_township_projects(district))
    allocations = [*_allocations(district, villages), *_shares(district, townships)]
    demands = list(_demands(district))
    yield Rows(of=FundSource, rows=list(_sources(district, allocations)))
    yield Rows(of=VillageProject, rows=villages)
    yield Rows(of=TownshipProject, rows=townships)
    yield Rows(of=Allocation, rows=allocations)
    yield Rows(of=LoanDemand, rows=demands)
    yield Rows(of=Loan, rows=list(_loans(district, demands)))
    yield Rows(of=GuaranteeContribution, rows=list(_contributions(district)))
    yield Rows(of=Target, rows=list(_targets(district, allocations)))


def _village_projects(district: DemoDistrict) -> Iterator[_Row]:
    random = district.random("funding.village_project")
    for kind, ago, count, cost in _VILLAGE_PROJECTS:
        villages = _rural(district)
        if kind is VillageProjectKind.WHOLE_VILLAGE:
            villages = [village for village in villages if village.is_poor]
        chosen = pick(random, [_need(village) for village in villages], count)
        budgets = spread_amount(Decimal(cost), [random.lognormvariate(0, 0.5) for _ in chosen], step=Decimal(1000))
        for number, (index, budget) in enumerate(zip(chosen, budgets, strict=True), 1):
            village = villages[index]
            yield {
                "place_code": village.code,
                "number": f"{district.as_of.year - ago}-{kind.name[:2]}-{number:03d}",
                "name": f"{village.name}{kind.title.zh}項目",
                "kind": kind,
                "budget": budget,
                **_approval(random, district.as_of.year - ago, is_past=ago > 0),
            }


def _township_projects(district: DemoDistrict) -> Iterator[_Row]:
    random = district.random("funding.township_project")
    need: dict[int, float] = defaultdict(float)
    for village in _rural(district):
        need[_township(village.code)] += _need(village)
    # The township in greatest need had its turn first.
    neediest = sorted(need, key=lambda township: -need[township])
    order = [neediest[1], neediest[0]]
    for township, (kind, ago, cost) in zip(order, _TOWNSHIP_PROJECTS, strict=True):
        yield {
            "place_code": township,
            "number": f"{district.as_of.year - ago}-TOWN-001",
            "name": f"{kind.title.zh}項目",
            "kind": kind,
            "budget": Decimal(cost),
            **_approval(random, district.as_of.year - ago, is_past=ago > 0),
        }


def _approval(random: Random, year: int, *, is_past: bool) -> dict[str, Any]:
    approved_on = date(year, random.randint(2, 5), random.randint(1, 28))
    return {
        "approved_on": approved_on,
        "finished_on": date(year, random.randint(9, 11), random.randint(1, 28)) if is_past else None,
        "recorded_on": approved_on,
        "valid_from": approved_on,
    }


def _allocations(district: DemoDistrict, projects: Sequence[_Row]) -> Iterator[_Row]:
    """The money of each village's project, put together from two to five funds (拼盤)."""
    random = district.random("funding.allocation")
    for project in projects:
        yield from _mix(random, project, project["place_code"], project["budget"])


def _shares(district: DemoDistrict, projects: Sequence[_Row]) -> Iterator[_Row]:
    """The money of each township's project, as it reached the villages."""
    random = district.random("funding.township_share")
    for project in projects:
        villages = [village for village in _rural(district) if _township(village.code) == project["place_code"]]
        weights = [_need(village) * random.uniform(0.5, 1.5) for village in villages]
        for village, part in zip(villages, spread_amount(project["budget"], weights, step=Decimal(1000)), strict=True):
            yield from _mix(random, project, village.code, part)


def _mix(random: Random, project: _Row, place_code: int, amount: Decimal) -> Iterator[_Row]:
    special = random.choice([fund for fund in _FUNDS if fund[3]])
    funds = [
        special,
        *random.sample([fund for fund in _FUNDS if fund is not special], k=random.randint(1, 4)),
    ]
    parts = spread_amount(amount, [weight * random.uniform(0.4, 1.6) for *_, weight in funds], step=Decimal(100))
    for (short, _, origin, is_special, _), part in zip(funds, parts, strict=True):
        allocated_on = project["approved_on"] + timedelta(days=random.randrange(10, 75))
        if part:
            yield {
                "place_code": place_code,
                "fund_number": f"{short}-{allocated_on.year}",
                "project_number": project["number"],
                "origin": origin,
                "is_special": is_special,
                "amount": part,
                "allocated_on": allocated_on,
                "recorded_on": allocated_on,
                "valid_from": allocated_on,
            }


def _sources(district: DemoDistrict, allocations: Sequence[_Row]) -> Iterator[_Row]:
    random = district.random("funding.fund_source")
    used: dict[str, Decimal] = defaultdict(Decimal)
    for allocation in allocations:
        used[allocation["fund_number"]] += allocation["amount"]
    funds = {short: fund for short, *fund in _FUNDS}
    for number, amount in used.items():
        short, _, year = number.partition("-")
        name, origin, is_special, _ = funds[short]
        issued_on = date(int(year), 1, random.randint(8, 28))
        yield {
            "place_code": district.place_code,
            "number": number,
            "name": name,
            "origin": origin,
            "is_special": is_special,
            # A little more came than could be placed, in whole hundred thousands.
            "amount": (amount // 100_000 + random.randint(1, 20)) * 100_000,
            "issued_on": issued_on,
            "recorded_on": issued_on,
            "valid_from": issued_on,
        }


def _demands(district: DemoDistrict) -> Iterator[_Row]:
    random = district.random("funding.loan_demand")
    households = list(district.households)
    chosen = pick(random, [_wants(household) for household in households], _WANTING)
    # Most want what the plan gives at most; the rest less, in whole thousands.
    appetites = [1.0 if random.random() < 0.8 else random.uniform(0.2, 0.95) for _ in chosen]
    amounts = spread(_DEMAND // 1000, appetites, least=5, most=_CEILING // 1000)
    for index, amount in zip(chosen, amounts, strict=True):
        recognised_on = date(district.as_of.year, 3, 1) + timedelta(days=random.randrange(90))
        yield {
            "household_id": households[index].id,
            "amount": Decimal(amount * 1000),
            "purpose": random.choices(tuple(LoanPurpose), (8, 9, 2, 4, 1))[0],
            "recognised_on": recognised_on,
            "recorded_on": recognised_on,
            "valid_from": recognised_on,
        }


def _loans(district: DemoDistrict, demands: Sequence[_Row]) -> Iterator[_Row]:
    random = district.random("funding.loan")
    for demand in demands:
        if random.random() < _GRANTED_SHARE:
            granted_on = demand["recognised_on"] + timedelta(days=random.randrange(15, 85))
            months = random.choices(tuple(_RATES), (3, 3, 4))[0]
            least = min(10, int(demand["amount"] / 1000))
            yield {
                "household_id": demand["household_id"],
                "amount": demand["amount"]
                if random.random() < 0.6
                else Decimal(random.randint(least, int(demand["amount"] / 1000)) * 1000),
                "purpose": demand["purpose"],
                "bank": random.choice(("示範農村信用社", "示範農業銀行支行", "示範郵儲銀行支行")),
                "granted_on": granted_on,
                "months": months,
                "annual_rate": _RATES[months],
                "repayment": random.choices(tuple(Repayment), (2, 2, 6))[0],
                "is_guaranteed": random.random() < 0.3,
                "recorded_on": granted_on,
                "valid_from": granted_on,
            }


def _contributions(district: DemoDistrict) -> Iterator[_Row]:
    for contributed_on, contributor, origin, amount in _CAPITAL:
        yield {
            "place_code": district.place_code,
            "company": "秦泰惠豐擔保公司",
            "contributor": contributor,
            "origin": origin,
            "amount": Decimal(amount),
            "contributed_on": contributed_on,
            "recorded_on": contributed_on,
            "valid_from": contributed_on,
        }


def _targets(district: DemoDistrict, allocations: Sequence[_Row]) -> Iterator[_Row]:
    year, until = district.as_of.year, date(2016, 12, 31)
    for indicator, this_year, milestone in _TARGETS:
        yield _target(district.place_code, indicator, date(year, 12, 31), Decimal(this_year))
        yield _target(district.place_code, indicator, until, Decimal(milestone))
    random = district.random("funding.target")
    invested: dict[int, Decimal] = defaultdict(Decimal)
    for allocation in allocations:
        if allocation["allocated_on"].year == year:
            invested[_township(allocation["place_code"])] += allocation["amount"]
    parts = spread_amount(
        Decimal(480_000_000),
        [float(amount) * random.uniform(0.8, 1.2) for amount in invested.values()],
        step=Decimal(10_000),
    )
    for township, part in zip(invested, parts, strict=True):
        yield _target(township, "total_invested", date(year, 12, 31), part)


def _target(place_code: int, indicator: str, ends_on: date, value: Decimal) -> _Row:
    return {
        "place_code": place_code,
        "indicator": f"funding.{indicator}",
        "starts_on": date(2015, 1, 1),
        "ends_on": ends_on,
        "value": value,
        "source": "示範目標(虛構) / demo target, made up",
        "recorded_on": date(2015, 1, 1),
        "valid_from": date(2015, 1, 1),
    }


def _need(village: DemoVillage) -> float:
    return (2.0 if village.is_poor else 0.4) + village.remoteness


def _wants(household: DemoHousehold) -> float:
    """How likely a household is to want a loan: hands that can use it, and an income it could be paid from."""
    hands = sum(person.can_work for person in household.members)
    return 0.05 + hands * (0.5 + min(household.income, 4000) / 4000)


def _rural(district: DemoDistrict) -> list[DemoVillage]:
    return [village for village in district.villages if not village.is_community]


def _township(place_code: int) -> int:
    return place_code - place_code % 10**6
