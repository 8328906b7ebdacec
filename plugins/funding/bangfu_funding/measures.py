"""Numbers of funding. Money invested is what was allocated to villages; loans are those of households."""

from bangfu import FLOW, STOCK, Grain, Indicator, Measure, Ratio, Text
from bangfu_funding.records import (
    Allocation,
    FundSource,
    GuaranteeContribution,
    Loan,
    LoanDemand,
    Origin,
    TownshipProject,
    TownshipProjectKind,
    VillageProject,
    VillageProjectKind,
)

TOTAL_INVESTED = Measure(
    name="total_invested",
    title=Text("項目資金投入", "Project funds invested"),
    of=Allocation,
    time=FLOW,
    sum=Allocation.amount,
    on=Allocation.allocated_on,
)
SPECIAL_INVESTED = Measure(
    name="special_invested",
    title=Text("專項扶貧資金投入", "Special poverty funds invested"),
    of=Allocation,
    time=FLOW,
    sum=Allocation.amount,
    where=Allocation.is_special.is_(True),
    on=Allocation.allocated_on,
)
SOCIAL_INVESTED = Measure(
    name="social_invested",
    title=Text("社會幫扶資金投入", "Funds given by society"),
    of=Allocation,
    time=FLOW,
    sum=Allocation.amount,
    where=Allocation.origin == Origin.SOCIAL,
    on=Allocation.allocated_on,
)
SPECIAL_SHARE = Ratio(
    name="special_share",
    title=Text("專項扶貧資金比例", "Share of special poverty funds"),
    numerator=SPECIAL_INVESTED,
    denominator=TOTAL_INVESTED,
)
FUNDED_VILLAGES = Measure(
    name="funded_villages",
    title=Text("有項目資金的村", "Villages that got project funds"),
    of=Allocation,
    time=FLOW,
    distinct=Grain.VILLAGE,
    on=Allocation.allocated_on,
)
FUNDS_AVAILABLE = Measure(
    name="funds_available",
    title=Text("下達資金", "Funds made available"),
    of=FundSource,
    time=FLOW,
    sum=FundSource.amount,
    on=FundSource.issued_on,
)
ALLOCATED_SHARE = Ratio(
    name="allocated_share",
    title=Text("資金安排率", "Share of available funds that was allocated"),
    numerator=TOTAL_INVESTED,
    denominator=FUNDS_AVAILABLE,
)
WHOLE_VILLAGE_PROJECTS = Measure(
    name="whole_village_projects",
    title=Text("整村推進項目", "Whole-village advancement projects"),
    of=VillageProject,
    time=FLOW,
    count="project",
    where=VillageProject.kind == VillageProjectKind.WHOLE_VILLAGE,
    on=VillageProject.approved_on,
)
WHOLE_TOWNSHIP_PROJECTS = Measure(
    name="whole_township_projects",
    title=Text("整鄉推進項目", "Whole-township advancement projects"),
    of=TownshipProject,
    time=FLOW,
    count="project",
    where=TownshipProject.kind == TownshipProjectKind.WHOLE_TOWNSHIP,
    on=TownshipProject.approved_on,
)
LOAN_DEMAND = Measure(
    name="loan_demand",
    title=Text("小額貸款需求金額", "Micro-loans wanted"),
    of=LoanDemand,
    time=FLOW,
    sum=LoanDemand.amount,
    on=LoanDemand.recognised_on,
)
LOAN_DEMAND_HOUSEHOLDS = Measure(
    name="loan_demand_households",
    title=Text("有貸款需求的貧困戶", "Households that want a micro-loan"),
    of=LoanDemand,
    time=FLOW,
    distinct=Grain.HOUSEHOLD,
    on=LoanDemand.recognised_on,
)
LOAN_AMOUNT = Measure(
    name="loan_amount",
    title=Text("發放小額貸款", "Micro-loans granted"),
    of=Loan,
    time=FLOW,
    sum=Loan.amount,
    on=Loan.granted_on,
)
LOAN_HOUSEHOLDS = Measure(
    name="loan_households",
    title=Text("獲得貸款的貧困戶", "Households that got a micro-loan"),
    of=Loan,
    time=FLOW,
    distinct=Grain.HOUSEHOLD,
    on=Loan.granted_on,
)
LOAN_COVERAGE = Ratio(
    name="loan_coverage",
    title=Text("貸款滿足率", "Share of the households wanting a loan that got one"),
    numerator=LOAN_HOUSEHOLDS,
    denominator=LOAN_DEMAND_HOUSEHOLDS,
)
RUNNING_LOANS = Measure(
    name="running_loans",
    title=Text("在貸筆數", "Micro-loans not yet paid back"),
    of=Loan,
    time=STOCK,
    count="loan",
)
GUARANTEE_CAPITAL = Measure(
    name="guarantee_capital",
    title=Text("擔保公司注冊資金", "Registered capital of the guarantee company"),
    of=GuaranteeContribution,
    time=STOCK,
    sum=GuaranteeContribution.amount,
)
GUARANTEE_CAPITAL_RAISED = Measure(
    name="guarantee_capital_raised",
    title=Text("籌措擔保資金", "Guarantee capital raised"),
    of=GuaranteeContribution,
    time=FLOW,
    sum=GuaranteeContribution.amount,
    on=GuaranteeContribution.contributed_on,
)

MEASURES = (
    TOTAL_INVESTED,
    SPECIAL_INVESTED,
    SOCIAL_INVESTED,
    SPECIAL_SHARE,
    FUNDED_VILLAGES,
    FUNDS_AVAILABLE,
    ALLOCATED_SHARE,
    WHOLE_VILLAGE_PROJECTS,
    WHOLE_TOWNSHIP_PROJECTS,
    LOAN_DEMAND,
    LOAN_DEMAND_HOUSEHOLDS,
    LOAN_AMOUNT,
    LOAN_HOUSEHOLDS,
    LOAN_COVERAGE,
    RUNNING_LOANS,
    GUARANTEE_CAPITAL,
    GUARANTEE_CAPITAL_RAISED,
)
PROGRESS = (
    Indicator(measure=TOTAL_INVESTED),
    Indicator(measure=WHOLE_VILLAGE_PROJECTS),
    Indicator(measure=LOAN_AMOUNT),
    Indicator(measure=LOAN_COVERAGE),
    Indicator(measure=GUARANTEE_CAPITAL),
)
