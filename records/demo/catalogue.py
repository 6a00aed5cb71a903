"""What the demo organizations track, and how they are divided into units."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """A certification type: `term` in months, `grace` in days; `prefix` begins the numbers that its issuer gives."""

    name: str
    term: int
    issuer: str
    prefix: str
    description: str = ""
    grace: int = 0
    is_retired: bool = False


EMT, PARAMEDIC, CPR, ACLS = "EMT-Basic", "Paramedic", "CPR / BLS Provider", "ACLS Provider"
PALS, FIREFIGHTER, DRIVER, HAZMAT = "PALS Provider", "Firefighter II", "Driver/Operator – Pumper", "Hazmat Operations"
FORKLIFT, FIT_TEST, MEDICAL = "Forklift licence", "SCBA Fit Test", "Medical Examination"
INSTRUCTOR, WATER = "Fire Instructor I", "Swift Water Rescue"

FIRE_KINDS = (
    Kind(EMT, 24, "State Office of EMS", "E", "Basic life support in the field."),
    Kind(PARAMEDIC, 24, "State Office of EMS", "P", "Advanced life support in the field."),
    Kind(CPR, 24, "Heart Safety Association", "BLS", "Resuscitation of adults, children and infants."),
    Kind(ACLS, 24, "Heart Safety Association", "ACLS", "Advanced cardiovascular life support.", grace=30),
    Kind(PALS, 24, "Heart Safety Association", "PALS", "Advanced life support for children.", grace=30),
    Kind(FIREFIGHTER, 60, "State Fire Commission", "FF2", "Interior attack, ventilation, rescue."),
    Kind(DRIVER, 36, "State Fire Commission", "DO", "May drive and pump apparatus under lights and siren."),
    Kind(HAZMAT, 12, "State Fire Commission", "HM", "Yearly refresher on hazardous materials."),
    Kind(FORKLIFT, 36, "Workplace Safety Council", "FL", "Counterbalanced trucks up to 5 t."),
    Kind(FIT_TEST, 12, "Department Safety Office", "FIT", "Mask size and seal of breathing apparatus."),
    Kind(MEDICAL, 12, "Occupational Health", "", "Yearly examination for duty.", grace=30),
    Kind(INSTRUCTOR, 60, "State Fire Commission", "INS", "May teach and examine recruits."),
    Kind(WATER, 36, "River Rescue School", "SW", "Replaced by the state's own course.", is_retired=True),
)

NURSING, RADIATION, DEVICES, HYGIENE = "Nursing licence", "Radiation protection", "Device briefing", "Hygiene officer"
CLINIC_KINDS = (
    Kind(NURSING, 60, "Chamber of Nursing", "NL", "Licence to practise."),
    Kind(CPR, 24, "Resuscitation Council", "BLS", "Basic life support.", grace=14),
    Kind(RADIATION, 60, "Radiation Office", "RP", "Expert knowledge of radiation protection."),
    Kind(DEVICES, 12, "Hillside Clinic", "", "Yearly briefing on ventilators and pumps."),
    Kind(HYGIENE, 36, "Institute of Hygiene", "HY"),
)

# Each unit under the one that it belongs to.
FIRE_UNITS: dict[str, tuple[str, ...]] = {
    "Headquarters": ("Logistics",),
    "Station North": ("Engine 1", "Ladder 2", "Medic 3"),
    "Station South": ("Engine 4", "Rescue 5", "Medic 6"),
    "Training Division": (),
}
CLINIC_UNITS: dict[str, tuple[str, ...]] = {
    "Administration": (),
    "Emergency Department": (),
    "Radiology": (),
    "Surgery": (),
}
