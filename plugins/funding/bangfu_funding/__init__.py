"""Funding (項目資金支撐): which money went to which village, and who wants and gets a micro-loan."""

from bangfu import Plugin, PythonFields, Text, Unit, hookimpl
from bangfu_funding.demo import rows
from bangfu_funding.measures import MEASURES, PROGRESS
from bangfu_funding.records import (
    Allocation,
    FundSource,
    GuaranteeContribution,
    Loan,
    LoanDemand,
    TownshipProject,
    VillageProject,
)
from bangfu_funding.requirements import REQUIREMENTS
from bangfu_funding.types import LoanFields

plugin = Plugin(
    name="funding",
    api="1.0",
    title=Text("項目資金支撐", "Funding"),
    department=Text("區財政局", "District bureau of finance"),
    records=(
        FundSource,
        VillageProject,
        TownshipProject,
        Allocation,
        LoanDemand,
        Loan,
        GuaranteeContribution,
    ),
    measures=MEASURES,
    progress=PROGRESS,
    requirements=REQUIREMENTS,
    units=(Unit(name="loan", title=Text("筆貸款", "loan")),),
    python_fields=(PythonFields(on=Loan, fields=LoanFields),),
    demo=rows,
)


@hookimpl
def bangfu_plugin() -> Plugin:
    """The sector, as the platform finds it."""
    return plugin
