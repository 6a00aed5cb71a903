"""What the people of the demo earned elsewhere, in every state; days are counted from the moment of loading."""

from __future__ import annotations

from dataclasses import dataclass

from records.demo.catalogue import FIT_TEST, HYGIENE
from records.models import Period


@dataclass(frozen=True)
class Worth:
    """A credit type. `own_dates`: the first day of the period, in days from today, and its length in years."""

    name: str
    unit: str
    period: str = Period.CALENDAR_YEAR
    goal: str | None = None
    largest_claim: str | None = None
    checklist: tuple[str, ...] = ()
    accepts_uploads: bool = True
    own_dates: tuple[int, int] | None = None
    is_retired: bool = False


@dataclass(frozen=True)
class Course:
    """One certificate of `learner` (a name). All days are ago, with parts of days; `expires_in` is days ahead.

    `edited`: when, and the credits claimed before. `decided`: when, by whom, and what became of it, with
    `words` and, where it is another than the claim, the `award`. `tracked`: the certification type that it
    becomes, and for how many days from when it was earned. `revoked`: when, and why. `entered_by`: the
    administrator who was logged in as the learner. `copies`: the title of what it submits again. `holder`
    stands on the paper where that is not the learner.
    """

    learner: str
    title: str
    worth: str
    credits: str
    earned: int
    submitted: float
    issuer: str
    number: str = ""
    expires_in: int | None = None
    note: str = ""
    paper: str = "scan"
    edited: tuple[float, str] | None = None
    decided: tuple[float, str, str] | None = None
    words: str = ""
    award: str | None = None
    tracked: tuple[str, int] | None = None
    revoked: tuple[float, str] | None = None
    entered_by: str | None = None
    copies: str | None = None
    holder: str | None = None


CE, REFRESHER, POINTS, DRILLS, DAYS = (
    "Continuing education", "EMS refresher", "Instructor points", "Drill attendance", "Conference days",
)  # fmt: skip
FIRE_WORTH = (
    Worth(CE, "hours", goal="24", largest_claim="40"),
    Worth(REFRESHER, "hours", Period.OWN_DATES, goal="40", largest_claim="24", own_dates=(-200, 2), checklist=(
        "Is the provider approved by the State Office of EMS?",
        "Does the certificate show the learner’s full name and the hours?",
    )),
    Worth(POINTS, "points", Period.FROM_JOINING, goal="10"),
    Worth(DRILLS, "hours", Period.LIFETIME, accepts_uploads=False),
    Worth(DAYS, "days", is_retired=True),
)  # fmt: skip

CME, NURSING_HOURS, BRIEFINGS, OLD_POINTS = "CME points", "Nursing education", "Internal briefings", "Points until 2019"
CLINIC_WORTH = (
    Worth(CME, "points", Period.FROM_JOINING, goal="50", largest_claim="30"),
    Worth(NURSING_HOURS, "hours", goal="20", checklist=("Does the certificate name the topic and the hours?",)),
    Worth(BRIEFINGS, "hours", Period.LIFETIME, accepts_uploads=False),
    Worth(OLD_POINTS, "points", is_retired=True),
)

DANA, MARCUS, KATHARINA = "Dana Whitfield", "Marcus Oyelaran", "Katharina Vogel"
JORDAN, JONAS = "Jordan Reyes", "Jonas Richter"
APPROVED, DECLINED, CHANGES, WITHDRAWN = "approved", "declined", "changes_requested", "withdrawn"

ACADEMY, RIVER, HEART = "National Fire Academy", "River Rescue School", "Heart Safety Association"
COLLEGE, MAKER, UNION = "Great Lakes Community College", "AirShield Breathing Apparatus", "Firefighters’ Union"

# member@demo.example: one in every state.
_JORDANS = (
    Course(JORDAN, "Wildland–Urban Interface Operations", CE, "12", 9, 2.3, ACADEMY, "NFA-48213", paper="pdf",
           note="Three days in person, four hours each."),
    Course(JORDAN, "Peer Support in the Fire Service", CE, "6", 20, 6.2, UNION, edited=(5.1, "8"), paper="snapshot"),
    Course(JORDAN, "Pediatric Emergencies Refresher", REFRESHER, "8", 31, 8.4, HEART, "PER-2210",
           decided=(7.6, MARCUS, CHANGES), words="The second page with the hours is missing. Please add it."),
    Course(JORDAN, "Drone Pilot Basics", CE, "5", 64, 45.3, COLLEGE, decided=(45.1, JORDAN, WITHDRAWN)),
    Course(JORDAN, "First Aid for Pets", CE, "3", 120, 101.2, "Lakeside Animal Shelter", paper="snapshot",
           decided=(99.4, MARCUS, DECLINED), words="Only courses on the care of people count as continuing education."),
    Course(JORDAN, "Vehicle Extrication Level II", CE, "16", 150, 141.5, ACADEMY, "NFA-45107", paper="picture",
           decided=(140.2, MARCUS, APPROVED)),
    Course(JORDAN, "Incident Safety Officer", CE, "12", 210, 201.3, ACADEMY, "NFA-43990", paper="pdf",
           decided=(198.9, DANA, APPROVED), award="10", words="Two of the twelve hours were breaks, so ten count."),
    Course(JORDAN, "Rope Rescue Technician", CE, "24", 760, 740.4, RIVER, "RR-7710", expires_in=-30,
           decided=(738.6, DANA, APPROVED)),
    Course(JORDAN, "SCBA Fit Test by the Manufacturer", CE, "1.5", 75, 70.2, MAKER, "FT-33871", expires_in=290,
           decided=(69.3, DANA, APPROVED), tracked=(FIT_TEST, 365)),
    Course(JORDAN, "Advanced Pump Operations", CE, "20", 260, 250.6, "Hydro Training Online", "HT-99120",
           paper="picture", decided=(249.5, MARCUS, APPROVED),
           revoked=(180.2, "The provider confirmed that it never held this course.")),
    Course(JORDAN, "Teaching Adults", POINTS, "4", 330, 320.1, COLLEGE, decided=(318.3, DANA, APPROVED)),
    Course(JORDAN, "Regional Fire Conference", DAYS, "2", 420, 400.2, UNION, decided=(399.1, MARCUS, APPROVED)),
)  # fmt: skip

FIRE_COURSES = (
    *_JORDANS,
    # What waits, from an hour to more than three weeks; the same paper and the same number twice.
    Course("Aaliyah Brooks", "Hazardous Materials Awareness", CE, "8", 3, 0.05, ACADEMY, "NFA-49007"),
    Course("Nkechi Okonkwo", "Ladder Company Tactics", CE, "6.5", 5, 0.3, ACADEMY, "NFA-48950"),
    Course("Sofía Delgado", "Twelve-Lead ECG Interpretation", REFRESHER, "4", 4, 1.1, HEART, "ECG-1204", paper="pdf"),
    Course("Wei-Ling Chen", "Engine Crew Drill Week", CE, "14", 12, 3.2, COLLEGE, "GL-5521", holder="Crew of Engine 1"),
    Course("Tomás Herrera", "Engine Crew Drill Week", CE, "14", 12, 2.9, COLLEGE, "GL-5521", holder="Crew of Engine 1"),
    Course("Rosa Jiménez", "Company Officer Academy", CE, "60", 30, 9.4, ACADEMY, "NFA-47102", paper="picture",
           note="Two weeks, full time."),
    Course("Zainab Yusuf", "Neonatal Resuscitation", REFRESHER, "9", 40, 23.3, HEART, "NR-0081"),
    Course("Walter Novak", "Forklift Instructor Course", POINTS, "3", 15, 4.2, "Workplace Safety Council", "FI-220",
           entered_by=DANA, note="Handed in on paper at headquarters."),
    # Credits of others, this year and last.
    Course("Aaliyah Brooks", "Rapid Intervention", CE, "10", 95, 90.2, ACADEMY, decided=(88.1, MARCUS, APPROVED)),
    Course("Nkechi Okonkwo", "Ventilation Techniques", CE, "8", 180, 172.4, ACADEMY, "NFA-44310",
           decided=(171.2, DANA, APPROVED)),
    Course("Björn Halvorsen", "Trench Rescue", CE, "18", 290, 280.3, RIVER, "RR-7202", expires_in=440,
           decided=(277.5, DANA, APPROVED)),
    Course("Björn Halvorsen", "Confined Space Entry", CE, "12", 55, 50.2, RIVER, decided=(49.8, DANA, DECLINED),
           words="The certificate shows no name."),
    Course("Björn Halvorsen", "Confined Space Entry with Name", CE, "12", 55, 44.1, RIVER, "RR-7603", paper="pdf",
           copies="Confined Space Entry", decided=(43.5, DANA, APPROVED)),
    Course("Helen Marsh", "Curriculum Design", POINTS, "5", 240, 233.2, COLLEGE, decided=(230.6, DANA, APPROVED)),
)  # fmt: skip

MEDICAL_SCHOOL, SOCIETY = "University Medical School", "Society for Emergency Medicine"
CLINIC_COURSES = (
    Course(JONAS, "Ultrasound in the Emergency Room", CME, "9", 6, 1.3, MEDICAL_SCHOOL, "US-2231", paper="pdf"),
    Course(JONAS, "Sepsis Update", CME, "4", 25, 12.2, SOCIETY, edited=(11.4, "6")),
    Course(JONAS, "Wound Care", NURSING_HOURS, "6", 40, 33.1, SOCIETY, decided=(32.4, KATHARINA, CHANGES),
           words="Please photograph the page again: the date cannot be read."),
    Course(JONAS, "Medical English", CME, "10", 70, 60.3, "Language Centre", decided=(60.1, JONAS, WITHDRAWN)),
    Course(JONAS, "Yoga for Shift Workers", CME, "2", 95, 90.2, "City Adult Education",
           decided=(89.7, KATHARINA, DECLINED), words="This is no medical topic."),
    Course(JONAS, "Airway Management", CME, "8", 130, 124.4, MEDICAL_SCHOOL, "AM-1190", paper="picture",
           decided=(122.9, KATHARINA, APPROVED)),
    Course(JONAS, "Trauma Simulation Day", CME, "12", 200, 190.2, SOCIETY, decided=(188.6, KATHARINA, APPROVED),
           award="10", words="The society lists this day with ten points."),
    Course(JONAS, "Laser Safety", CME, "3", 800, 770.1, "Radiation Office", "LS-55", expires_in=-60,
           decided=(768.3, KATHARINA, APPROVED)),
    Course(JONAS, "Hygiene Officer Course", CME, "16", 110, 104.2, "Institute of Hygiene", "HY-118-R",
           decided=(102.4, KATHARINA, APPROVED), tracked=(HYGIENE, 1095), expires_in=985),
    Course(JONAS, "Acupuncture Weekend", CME, "14", 300, 290.3, "Healing Hands Academy", paper="picture",
           decided=(289.2, KATHARINA, APPROVED), revoked=(240.5, "The provider is not accredited.")),
    Course("Leyla Demir", "Triage Training", NURSING_HOURS, "7", 8, 0.4, SOCIETY, "TT-881"),
    Course("Clara Neumann", "Suture Workshop", CME, "5", 160, 150.2, MEDICAL_SCHOOL,
           decided=(149.3, KATHARINA, APPROVED)),
    # Nobody else may review this one.
    Course(KATHARINA, "Hospital Management", CME, "6", 14, 3.3, MEDICAL_SCHOOL, "HM-2", paper="pdf"),
)  # fmt: skip

FIRE_REASONS = (
    "The certificate shows no name.",
    "The second page with the hours is missing. Please add it.",
    "The photo is too dark to read. Please take it again in daylight.",
)
CLINIC_REASONS = ("Please photograph the page again: the date cannot be read.", "This is no medical topic.")
