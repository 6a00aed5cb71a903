"""Refusals about merging two members who are one person."""

from __future__ import annotations

from records.errors.base import N_, Invalid, NotAllowed, Refusal, Stale


class MergedWithThemselves(Invalid):
    sentence = N_("A member cannot be merged with themselves. Choose another one.")


class MergedAway(Refusal):
    sentence = N_("%(name)s was merged into another member. Undo that merge first.")


class OwnMerge(NotAllowed):
    sentence = N_("You cannot merge yourself into somebody else. Keep your own profile, or ask another administrator.")


class KeptIsDeactivated(Refusal):
    sentence = N_("%(name)s is deactivated, so nothing can go over to them. Reactivate them, or keep the other one.")


class ComparisonStale(Stale):
    sentence = N_("One of the two was changed while you compared them. Nothing was merged yet: look again.")


class MergeUndone(Refusal):
    sentence = N_("This merge was undone already.")


class LaterMergeStands(Refusal):
    sentence = N_("%(name)s was merged into the same member later. Undo that merge first.")


class MergeTooOld(Refusal):
    sentence = N_("A merge can be undone for %(days)s days. This one is older.")
