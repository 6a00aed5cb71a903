"""Writing down what people earned elsewhere: each step at its own moment and in the order of time, by the same steps
that the verbs take, inside the demo's one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta
from sqlalchemy.orm import Session

from records import clock
from records.demo.courses import APPROVED, CHANGES, DECLINED, Course, Worth
from records.demo.drawing import Attended
from records.demo.papers import Paper, attended
from records.models import (
    Actor,
    ActorKind,
    Approval,
    AuditEvent,
    AuditKind,
    CertificationType,
    CreditType,
    ExternalCertificate,
    KeptReason,
    Member,
    MessageKind,
    Organization,
    Role,
    State,
    StoredFile,
)
from records.queries.reviewers import for_reviewer, reviewers, waiting
from records.scopes import covered_units
from records.services.certificate_steps import award, note, reverse, tell
from records.services.certification_steps import Entry, record
from records.services.outbox import notify
from records.services.scan_steps import attach
from records.services.submission_steps import Submission, described, fill, revise, settle

# What people were told longer ago than that, they have read.
_READ_AFTER = timedelta(days=10)


@dataclass(frozen=True)
class Drawn:
    course: Course
    earned_on: date
    expires_on: date | None
    papers: tuple[Paper, ...]


def drawn(course: Course, worths: Mapping[str, Worth], *, today: date) -> Drawn:
    """The course with its days and its paper."""
    earned_on = today - timedelta(days=course.earned)
    expires_on = None if course.expires_in is None else today + timedelta(days=course.expires_in)
    worth = f"{course.credits} {worths[course.worth].unit}"
    holder = course.holder or course.learner
    facts = Attended(holder, course.title, course.issuer, course.number, earned_on, worth, expires_on)
    return Drawn(course, earned_on, expires_on, attended(course.paper, facts))


@dataclass
class Submitting:
    """One organization's credit types, certificates and kept texts. `store` keeps a paper's bytes."""

    session: Session
    organization: Organization
    members: Mapping[str, Member]
    types: Mapping[str, CertificationType]
    store: Callable[[Paper], StoredFile]
    by: Actor
    worths: dict[str, CreditType] = field(default_factory=dict)
    made: dict[tuple[str, str], ExternalCertificate] = field(default_factory=dict)
    stored: dict[bytes, StoredFile] = field(default_factory=dict)

    def everything(self, worths: Sequence[Worth], courses: Sequence[Drawn], reasons: Sequence[str]) -> None:
        now = clock.now()
        for position, worth in enumerate(worths):
            self._credit_type(worth, position)
        for text in reasons:
            kept = KeptReason(text=text, created_at=now)
            self.session.add(kept)
            self.session.flush()
            self._event(AuditKind.REASON_KEPT, kept, text=text)
        steps = [(self._moment(now, ago), act) for each in courses for ago, act in self._steps(each)]
        for at, act in sorted(steps, key=lambda step: step[0]):
            with clock.standing_at(at):
                act()
                self.session.flush()
        self._digest()
        for worth in worths:
            if worth.is_retired:
                self.worths[worth.name].retired_at = now
                self._event(AuditKind.CREDIT_TYPE_RETIRED, self.worths[worth.name])

    def _credit_type(self, worth: Worth, position: int) -> None:
        starts_on = ends_on = None
        if worth.own_dates is not None:
            starts_on = clock.today(self.organization) + timedelta(days=worth.own_dates[0])
            ends_on = starts_on + relativedelta(years=worth.own_dates[1]) - timedelta(days=1)
        type_ = CreditType(
            name=worth.name,
            unit=worth.unit,
            accepts_uploads=worth.accepts_uploads,
            period=worth.period,
            starts_on=starts_on,
            ends_on=ends_on,
            goal=Decimal(worth.goal) if worth.goal else None,
            largest_claim=Decimal(worth.largest_claim) if worth.largest_claim else None,
            checklist=list(worth.checklist),
            position=position,
            created_at=clock.now(),
        )
        self.session.add(type_)
        self.session.flush()
        self._event(AuditKind.CREDIT_TYPE_CREATED, type_, name=worth.name, unit=worth.unit)
        self.worths[worth.name] = type_

    def _moment(self, now: datetime, ago: float) -> datetime:
        """So many days ago. From yesterday back it is in the working hours there, the later part of a day first."""
        if ago < 1:
            return now - timedelta(days=ago)
        zone = ZoneInfo(self.organization.time_zone)
        evening = datetime.combine(now.astimezone(zone) - timedelta(days=int(ago)), time(17), zone)
        return (evening - timedelta(hours=9 * (ago % 1))).astimezone(UTC)

    # What happens to one certificate

    def _steps(self, each: Drawn) -> list[tuple[float, Callable[[], object]]]:
        """How many days ago, and what."""
        course = each.course
        steps: list[tuple[float, Callable[[], object]]] = [(course.submitted, lambda: self._submit(each))]
        if course.edited is not None:
            steps.append((course.edited[0], lambda: self._edit(each)))
        if course.decided is not None:
            ago, decider, outcome = course.decided
            steps.append((ago, lambda: self._decide(each, outcome, self._actor(self.members[decider]))))
        if course.revoked is not None:
            ago, reason = course.revoked
            steps.append((ago, lambda: self._revoke(course, reason)))
        return steps

    def _submit(self, each: Drawn) -> None:
        course, member = each.course, self.members[each.course.learner]
        by = self._actor(member)
        if course.entered_by is not None:
            by = self._log_in_as(member, self.members[course.entered_by])
        copied = self.made.get((course.learner, course.copies or ""))
        certificate = ExternalCertificate(
            organization_id=self.organization.id,
            member_id=member.id,
            state=State.PENDING,
            submission_key=f"demo-{course.submitted}-{course.title}"[:64],
            copy_of_id=copied.id if copied else None,
            created_at=clock.now(),
            submitted_at=clock.now(),
            announced_at=clock.now(),
        )
        claimed = self._claim(each, course.edited[1] if course.edited else course.credits)
        fill(certificate, claimed, files=1, today=clock.today(self.organization))
        self.session.add(certificate)
        self._settle(certificate, each, by)
        note(AuditKind.CERTIFICATE_SUBMITTED, certificate, by=by, after=described(certificate))
        self.made[course.learner, course.title] = certificate

    def _edit(self, each: Drawn) -> None:
        certificate, by = self._certificate(each.course), self._actor(self.members[each.course.learner])
        before = described(certificate)
        fill(certificate, self._claim(each, each.course.credits), files=1, today=clock.today(self.organization))
        certificate.resubmit(at=clock.now())
        certificate.announced_at = clock.now()
        self._settle(certificate, each, by)
        after = described(certificate)
        note(AuditKind.CERTIFICATE_EDITED, certificate, by=by, before=before, after=after)

    def _claim(self, each: Drawn, credits: str) -> Submission:
        course, type_id = each.course, self.worths[each.course.worth].id
        return Submission(
            course.title, type_id, Decimal(credits), each.earned_on, course.issuer, course.number, each.expires_on,
            course.note,
        )  # fmt: skip

    def _settle(self, certificate: ExternalCertificate, each: Drawn, by: Actor) -> None:
        self.session.flush()
        for paper in each.papers:
            if paper.content not in self.stored:  # two may hand in the same paper
                self.stored[paper.content] = self.store(paper)
        arriving = [(self.stored[paper.content], paper.name) for paper in each.papers]
        settle(certificate, arriving, by=by)
        revise(certificate, by=by)

    def _decide(self, each: Drawn, outcome: str, by: Actor) -> None:
        certificate, words, now = self._certificate(each.course), each.course.words, clock.now()
        if outcome == APPROVED:
            self._approve(each, certificate, by)
            self._tell(MessageKind.CERTIFICATE_APPROVED, certificate, by, words)
        elif outcome == CHANGES:
            certificate.request_changes(reason=words, by=by, at=now)
            note(AuditKind.CHANGES_REQUESTED, certificate, by=by, after={"reason": words})
            self._tell(MessageKind.CHANGES_REQUESTED, certificate, by, words)
        elif outcome == DECLINED:
            certificate.decline(reason=words, by=by, at=now)
            note(AuditKind.CERTIFICATE_DECLINED, certificate, by=by, after={"reason": words})
            self._tell(MessageKind.CERTIFICATE_DECLINED, certificate, by, words)
        else:
            certificate.withdraw(by=by, at=now)
            note(AuditKind.CERTIFICATE_WITHDRAWN, certificate, by=by)

    def _approve(self, each: Drawn, certificate: ExternalCertificate, by: Actor) -> None:
        course, certification_id = each.course, None
        if course.tracked is not None:
            name, days = course.tracked
            until = each.earned_on + timedelta(days=days)
            entry = Entry(self.types[name].id, until, issued_on=each.earned_on, number=course.number)
            certification = record(self.members[course.learner], entry, by=by)
            for scan in certificate.scans:
                attach(certification, scan.stored_file, name=scan.name, by=by)
            certification_id = certification.id
        answers = tuple((question, True) for question in certificate.credit_type.checklist)
        approval = Approval(Decimal(course.award or course.credits), course.words, answers)
        seen, now = certificate.digest(), clock.now()
        certificate.approve(approval, seen=seen, by=by, at=now, certification_id=certification_id)
        award(certificate, by=by)

    def _revoke(self, course: Course, reason: str) -> None:
        certificate = self._certificate(course)
        by = next(self._actor(member) for member in self.members.values() if member.role == Role.ADMINISTRATOR)
        certificate.revoke(reason=reason, by=by, at=clock.now())
        reverse(certificate, by=by)
        self._tell(MessageKind.CERTIFICATE_REVOKED, certificate, by, reason)

    def _certificate(self, course: Course) -> ExternalCertificate:
        return self.made[course.learner, course.title]

    # People, and what they are told

    def _actor(self, member: Member, administrator: Member | None = None) -> Actor:
        return Actor(
            ActorKind.MEMBER,
            member.name,
            organization_id=self.organization.id,
            member_id=member.id,
            account_id=administrator.account_id if administrator else member.account_id,
            role=member.role,
            covers_organization=member.covers_organization,
            covered_units=covered_units(member),
            reviews_by_grant=member.reviews,
            administrator_id=administrator.id if administrator else None,
            administrator_name=administrator.name if administrator else None,
        )

    def _log_in_as(self, member: Member, administrator: Member) -> Actor:
        """Who submits for the member: an administrator who came a quarter of an hour before, and leaves then."""
        acting, entered = self._actor(member, administrator), clock.now() - timedelta(minutes=15)
        by, until = self._actor(administrator), {"until": (entered + timedelta(hours=1)).isoformat()}
        since = {"since": entered.isoformat()}
        self.session.add(AuditEvent.of(AuditKind.LOGGED_IN_AS, member, by=by, at=entered, after=until))
        self.session.flush()
        self.session.add(AuditEvent.of(AuditKind.RETURNED, member, by=acting, at=clock.now(), after=since))
        return acting

    def _tell(self, kind: MessageKind, certificate: ExternalCertificate, by: Actor, reason: str) -> None:
        """In the portal only: nobody gets old mail from a demo."""
        self.session.flush()
        message = tell(kind, certificate, by=by, reason=reason)
        message.to_address = None
        if message.created_at < self.organization.created_at - _READ_AFTER:
            message.read_at = message.created_at + timedelta(hours=5)

    def _digest(self) -> None:
        """Reviewers have been told of what waits."""
        certificates = waiting()
        for reviewer in reviewers():
            own = for_reviewer(reviewer, certificates)
            if own:
                lines = [f"{each.learner}: {each.title}" for each in own[:10]]
                facts = {"lines": lines, "new": len(own), "waiting": len(own)}
                kind = MessageKind.CERTIFICATES_SUBMITTED
                notify(reviewer, kind, facts=facts, page="/admin/approvals/").to_address = None

    def _event(self, kind: AuditKind, row: object, **after: object) -> None:
        self.session.add(AuditEvent.of(kind, row, by=self.by, at=clock.now(), after=after))
