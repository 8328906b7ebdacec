"""What finance requires of its records: projects with a budget, and loans that somebody wanted."""

from bangfu import CONSISTENCY, Grain, Group, Mend, Requirement, Text, known, some
from bangfu_funding.records import Loan, LoanDemand, VillageProject

PROJECTS = Group("projects", Text("項目情況清", "Projects are clear"))
LOANS = Group("loans", Text("貸款邏輯校驗", "Loans agree with demand"))

REQUIREMENTS = (
    *known(VillageProject.budget, group=PROJECTS),
    Requirement(
        name="loans_were_wanted",
        title=Text("有貸款的戶有貸款需求記錄", "A household with a loan was found to want one"),
        of=Grain.HOUSEHOLD,
        group=LOANS,
        kind=CONSISTENCY,
        holds=lambda household: some(LoanDemand, household),
        asked_of=lambda household: some(Loan, household),
        mend=Mend.enter(LoanDemand),
    ),
)
