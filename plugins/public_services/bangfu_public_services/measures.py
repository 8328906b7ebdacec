"""Numbers of public services: what stands and who draws on the last day, what was built and given in the period."""

from sqlalchemy import and_

from bangfu import FLOW, REGISTERED_HOUSEHOLDS, STOCK, Grain, Indicator, Measure, Ratio, Text
from bangfu_public_services.records import (
    Allowance,
    AllowanceClass,
    CareMode,
    CarePlacement,
    Facility,
    FacilityKind,
    Pension,
    TemporaryRelief,
    WelfareGrant,
)

STANDARD_CLINICS = Measure(
    name="standard_clinics",
    title=Text("標準化村衛生室", "Standardised village clinics"),
    of=Facility,
    time=STOCK,
    count="clinic",
    where=and_(Facility.kind == FacilityKind.CLINIC, Facility.is_standard),
)
CLINICS = Measure(
    name="clinics",
    title=Text("衛生室", "Clinics"),
    of=Facility,
    time=STOCK,
    count="clinic",
    where=Facility.kind == FacilityKind.CLINIC,
)
STANDARD_CLINIC_SHARE = Ratio(
    name="standard_clinic_share",
    title=Text("衛生室標準化率", "Share of the clinics that are standardised"),
    numerator=STANDARD_CLINICS,
    denominator=CLINICS,
)
STANDARD_CLINICS_BUILT = Measure(
    name="standard_clinics_built",
    title=Text("新建標準化村衛生室", "Standardised clinics finished"),
    of=Facility,
    time=FLOW,
    count="clinic",
    where=and_(Facility.kind == FacilityKind.CLINIC, Facility.is_standard),
    on=Facility.built_on,
)
CLINIC_STAFF = Measure(
    name="clinic_staff",
    title=Text("衛生室人員", "Staff of clinics"),
    of=Facility,
    time=STOCK,
    sum=Facility.staff,
    where=Facility.kind == FacilityKind.CLINIC,
)
VILLAGES_WITH_CLINIC = Measure(
    name="villages_with_clinic",
    title=Text("有衛生室的村", "Villages with a clinic"),
    of=Facility,
    time=STOCK,
    distinct=Grain.VILLAGE,
    where=Facility.kind == FacilityKind.CLINIC,
)
VILLAGES_WITH_KINDERGARTEN = Measure(
    name="villages_with_kindergarten",
    title=Text("有幼兒園的村", "Villages with a kindergarten"),
    of=Facility,
    time=STOCK,
    distinct=Grain.VILLAGE,
    where=Facility.kind == FacilityKind.KINDERGARTEN,
)
VILLAGES_WITH_CULTURE_ROOM = Measure(
    name="villages_with_culture_room",
    title=Text("有文化活動室的村", "Villages with a culture room"),
    of=Facility,
    time=STOCK,
    distinct=Grain.VILLAGE,
    where=Facility.kind == FacilityKind.CULTURE,
)
ALLOWANCE_HOUSEHOLDS = Measure(
    name="allowance_households",
    title=Text("低保戶", "Households that draw the allowance"),
    of=Allowance,
    time=STOCK,
    distinct=Grain.HOUSEHOLD,
)
ALLOWANCE_PEOPLE = Measure(
    name="allowance_people",
    title=Text("低保人口", "People the allowance is paid for"),
    of=Allowance,
    time=STOCK,
    sum=Allowance.people,
)
ALLOWANCE_AMOUNT = Measure(
    name="allowance_amount",
    title=Text("月低保金額", "Allowance of a month"),
    of=Allowance,
    time=STOCK,
    sum=Allowance.monthly_amount,
)
UPPER_CLASS_HOUSEHOLDS = Measure(
    name="upper_class_households",
    title=Text("一、二類低保戶", "Households in the first and second class"),
    of=Allowance,
    time=STOCK,
    distinct=Grain.HOUSEHOLD,
    where=Allowance.allowance_class.in_([AllowanceClass.FIRST, AllowanceClass.SECOND]),
)
UPPER_CLASS_SHARE = Ratio(
    name="upper_class_share",
    title=Text("一、二類低保戶比例", "Share of the allowance households in the first and second class"),
    numerator=UPPER_CLASS_HOUSEHOLDS,
    denominator=ALLOWANCE_HOUSEHOLDS,
)
ALLOWANCE_SHARE = Ratio(
    name="allowance_share",
    title=Text("低保戶佔建檔立卡戶比例", "Share of the registered households that draw the allowance"),
    numerator=ALLOWANCE_HOUSEHOLDS,
    denominator=REGISTERED_HOUSEHOLDS,
)
CARED_PEOPLE = Measure(
    name="cared_people",
    title=Text("五保供養人數", "Destitute people cared for"),
    of=CarePlacement,
    time=STOCK,
    distinct=Grain.PERSON,
)
CARED_IN_INSTITUTIONS = Measure(
    name="cared_in_institutions",
    title=Text("五保集中供養人數", "Destitute people cared for in institutions"),
    of=CarePlacement,
    time=STOCK,
    distinct=Grain.PERSON,
    where=CarePlacement.mode == CareMode.INSTITUTION,
)
INSTITUTION_SHARE = Ratio(
    name="institution_share",
    title=Text("五保集中供養率", "Share of the destitute cared for in institutions"),
    numerator=CARED_IN_INSTITUTIONS,
    denominator=CARED_PEOPLE,
)
PENSION_PEOPLE = Measure(
    name="pension_people",
    title=Text("領取養老金人數", "People who draw a pension"),
    of=Pension,
    time=STOCK,
    distinct=Grain.PERSON,
)
PENSION_AMOUNT = Measure(
    name="pension_amount",
    title=Text("月養老金金額", "Pensions of a month"),
    of=Pension,
    time=STOCK,
    sum=Pension.monthly_amount,
)
RELIEF_HOUSEHOLDS = Measure(
    name="relief_households",
    title=Text("臨時救助戶", "Households given temporary relief"),
    of=TemporaryRelief,
    time=FLOW,
    distinct=Grain.HOUSEHOLD,
    on=TemporaryRelief.granted_on,
)
RELIEF_AMOUNT = Measure(
    name="relief_amount",
    title=Text("臨時救助金額", "Temporary relief given"),
    of=TemporaryRelief,
    time=FLOW,
    sum=TemporaryRelief.amount,
    on=TemporaryRelief.granted_on,
)
WELFARE_PEOPLE = Measure(
    name="welfare_people",
    title=Text("享受福利補貼人數", "People who draw a welfare grant"),
    of=WelfareGrant,
    time=STOCK,
    distinct=Grain.PERSON,
)
WELFARE_AMOUNT = Measure(
    name="welfare_amount",
    title=Text("月福利補貼金額", "Welfare grants of a month"),
    of=WelfareGrant,
    time=STOCK,
    sum=WelfareGrant.monthly_amount,
)

MEASURES = (
    STANDARD_CLINICS,
    CLINICS,
    STANDARD_CLINIC_SHARE,
    STANDARD_CLINICS_BUILT,
    CLINIC_STAFF,
    VILLAGES_WITH_CLINIC,
    VILLAGES_WITH_KINDERGARTEN,
    VILLAGES_WITH_CULTURE_ROOM,
    ALLOWANCE_HOUSEHOLDS,
    ALLOWANCE_PEOPLE,
    ALLOWANCE_AMOUNT,
    UPPER_CLASS_HOUSEHOLDS,
    UPPER_CLASS_SHARE,
    ALLOWANCE_SHARE,
    CARED_PEOPLE,
    CARED_IN_INSTITUTIONS,
    INSTITUTION_SHARE,
    PENSION_PEOPLE,
    PENSION_AMOUNT,
    RELIEF_HOUSEHOLDS,
    RELIEF_AMOUNT,
    WELFARE_PEOPLE,
    WELFARE_AMOUNT,
)
PROGRESS = (
    Indicator(measure=STANDARD_CLINICS),
    Indicator(measure=STANDARD_CLINIC_SHARE),
    Indicator(measure=VILLAGES_WITH_CLINIC),
    Indicator(measure=VILLAGES_WITH_CULTURE_ROOM),
    Indicator(measure=INSTITUTION_SHARE),
    Indicator(measure=PENSION_PEOPLE),
)
