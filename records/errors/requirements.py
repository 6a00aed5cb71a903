"""The refusals of positions, requirements, exemptions and types that count as others."""

from __future__ import annotations

from records.errors import N_, Invalid, Refusal, UnitNotEmpty


class UnitNamedByRequirement(UnitNotEmpty):
    sentence = N_("A requirement names “%(name)s”. Change the requirement, or merge the unit into another.")


class PositionInUse(Refusal):
    sentence = N_("“%(name)s” is still in use: members serve in it, or a requirement names it. Merge it instead.")


class PositionMergeSelf(Invalid):
    sentence = N_("A position cannot be merged into itself.")


class CountsInACircle(Invalid):
    sentence = N_("“%(name)s” already counts as this type, so this type cannot count as it.")


class BindsNobody(Invalid):
    sentence = N_("Choose everyone, or at least one unit, position or member.")


class TooManyNamed(Invalid):
    sentence = N_("Name at most %(most)s members. For more, use a unit or a position.")


class RequirementInUse(Refusal):
    sentence = N_("“%(name)s” has exemptions, so it cannot be deleted. Retire it instead.")


class RequirementRetired(Invalid):
    sentence = N_("“%(name)s” is retired: it binds nobody, so nobody needs to be exempt.")


class EndsBeforeItStarts(Invalid):
    sentence = N_("It cannot end before it starts.")


class ExemptAlready(Invalid):
    sentence = N_("This member is already exempt from it from %(first)s through %(last)s.")


class ExemptionOver(Refusal):
    sentence = N_("This exemption has ended already, so there is nothing to withdraw.")
