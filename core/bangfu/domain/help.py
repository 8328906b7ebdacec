"""What is done for a household (因戶施法), and the documents that a village has to have (六有)."""

from datetime import date

from sqlalchemy.orm import Mapped

from bangfu.declare.choice import Choice
from bangfu.declare.fields import Sensitive, choice, day, text
from bangfu.declare.records import HouseholdRecord, VillageRecord
from bangfu.declare.rules import Check
from bangfu.declare.text import Text


class HelpKind(Choice):
    """What sort of help a household gets."""

    INDUSTRY = "產業扶持", "Industry"
    RELOCATION = "易地搬遷", "Relocation"
    HOUSING = "危房改造", "Housing"
    ROAD = "道路建設", "Road"
    LOAN = "小額貸款", "Micro-loan"
    TRAINING = "技能培訓", "Training"
    MEDICAL_AID = "醫療救助", "Medical aid"
    OTHER = "其他", "Other"


class VillageDocumentKind(Choice):
    """The six documents of a village (六有)."""

    VILLAGE_FILE = "村檔案", "Village file"
    PROBLEM_LEDGER = "問題臺賬", "Problem ledger"
    NEEDS_LIST = "需求清單", "Needs list"
    VILLAGE_PLAN = "村級規劃", "Village plan"
    WORK_LEDGER = "工作臺賬", "Work ledger"
    INCOME_PLAN = "增收計劃", "Income plan"


class HelpMeasure(HouseholdRecord):
    """One measure of help for a household: what, who answers for it, by when, and what came of it."""

    __plugin__ = "register"
    __title__ = Text("幫扶措施", "Help measure")
    __checks__ = (
        Check(
            name="done_after_start",
            title=Text("完成日期不得早於生效日期。", "A measure is done after it has begun."),
            holds=lambda measure: measure.done_on >= measure.valid_from,
            column="done_on",
        ),
    )

    kind: Mapped[HelpKind] = choice(HelpKind, zh="措施類別", en="Kind of help")
    responsible: Mapped[str | None] = text(
        100, zh="責任人或責任單位", en="Who answers for it, a person or a unit", sensitive=Sensitive.NAME
    )
    due_on: Mapped[date | None] = day(zh="完成時限", en="To be done by")
    done_on: Mapped[date | None] = day(zh="完成日期", en="Done on")
    outcome: Mapped[str | None] = text(400, zh="落實情況", en="What was done")


class VillageDocument(VillageRecord):
    """A document that a village has drawn up; its text is kept in the village."""

    __plugin__ = "register"
    __title__ = Text("村級資料", "Document of a village")

    kind: Mapped[VillageDocumentKind] = choice(VillageDocumentKind, zh="資料類別", en="Kind of document")
    drawn_up_on: Mapped[date | None] = day(zh="編制日期", en="Drawn up on")
