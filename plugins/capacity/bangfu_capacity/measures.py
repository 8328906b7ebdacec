"""Numbers of capacity. People are counted once, however many courses they went to; workers by their village."""

from bangfu import FLOW, Grain, Indicator, Measure, Ratio, Text
from bangfu_capacity.records import Attendance, Course, CourseMode, Destination, LabourTransfer, YuluGrant

COURSES_HELD = Measure(
    name="courses_held",
    title=Text("舉辦培訓班", "Courses held"),
    of=Course,
    time=FLOW,
    count="course",
    on=Course.held_on,
)
AWAY_COURSES = Measure(
    name="away_courses",
    title=Text("送出去培訓班", "Courses away from home"),
    of=Course,
    time=FLOW,
    count="course",
    where=Course.mode == CourseMode.AWAY,
    on=Course.held_on,
)
PEOPLE_TRAINED = Measure(
    name="people_trained",
    title=Text("農民實用技術培訓", "Farmers trained in practical skills"),
    of=Attendance,
    time=FLOW,
    distinct=Grain.PERSON,
    on=Attendance.attended_on,
)
HOUSEHOLDS_TRAINED = Measure(
    name="households_trained",
    title=Text("有人受訓的貧困戶", "Households with somebody trained"),
    of=Attendance,
    time=FLOW,
    distinct=Grain.HOUSEHOLD,
    on=Attendance.attended_on,
)
PEOPLE_CERTIFIED = Measure(
    name="people_certified",
    title=Text("取得證書人數", "People who got a certificate"),
    of=Attendance,
    time=FLOW,
    distinct=Grain.PERSON,
    where=Attendance.is_certified.is_(True),
    on=Attendance.attended_on,
)
CERTIFIED_SHARE = Ratio(
    name="certified_share",
    title=Text("取證率", "Share of the trained who got a certificate"),
    numerator=PEOPLE_CERTIFIED,
    denominator=PEOPLE_TRAINED,
)
YULU_STUDENTS = Measure(
    name="yulu_students",
    title=Text("雨露計劃「兩後生」", "School leavers in the Rain and Dew plan"),
    of=YuluGrant,
    time=FLOW,
    distinct=Grain.PERSON,
    on=YuluGrant.granted_on,
)
YULU_AMOUNT = Measure(
    name="yulu_amount",
    title=Text("雨露計劃補助金額", "Rain-and-Dew grants paid"),
    of=YuluGrant,
    time=FLOW,
    sum=YuluGrant.amount,
    on=YuluGrant.granted_on,
)
LABOUR_TRANSFERRED = Measure(
    name="labour_transferred",
    title=Text("勞務輸轉", "Workers placed"),
    of=LabourTransfer,
    time=FLOW,
    sum=LabourTransfer.workers,
)
LABOUR_OUTSIDE = Measure(
    name="labour_outside",
    title=Text("省外輸轉", "Workers placed in other provinces"),
    of=LabourTransfer,
    time=FLOW,
    sum=LabourTransfer.workers,
    where=LabourTransfer.destination == Destination.OUTSIDE,
)
LABOUR_OUTSIDE_SHARE = Ratio(
    name="labour_outside_share",
    title=Text("省外輸轉比例", "Share of the workers placed in other provinces"),
    numerator=LABOUR_OUTSIDE,
    denominator=LABOUR_TRANSFERRED,
)
LABOUR_INCOME = Measure(
    name="labour_income",
    title=Text("勞務收入", "Income from placed labour"),
    of=LabourTransfer,
    time=FLOW,
    sum=LabourTransfer.income,
)

MEASURES = (
    COURSES_HELD,
    AWAY_COURSES,
    PEOPLE_TRAINED,
    HOUSEHOLDS_TRAINED,
    PEOPLE_CERTIFIED,
    CERTIFIED_SHARE,
    YULU_STUDENTS,
    YULU_AMOUNT,
    LABOUR_TRANSFERRED,
    LABOUR_OUTSIDE,
    LABOUR_OUTSIDE_SHARE,
    LABOUR_INCOME,
)
PROGRESS = (
    Indicator(measure=PEOPLE_TRAINED),
    Indicator(measure=CERTIFIED_SHARE),
    Indicator(measure=YULU_STUDENTS),
    Indicator(measure=LABOUR_TRANSFERRED),
    Indicator(measure=LABOUR_INCOME),
)
