"""Why a sign-on through an organization's own provider ends without a session."""

from __future__ import annotations

from records.errors.base import N_, NotAllowed, Refusal


class SignOnRefused(Refusal):
    """Nobody was signed in. The sentence is for the person, and for the trail of the organization."""

    status = 403
    sentence = N_("Your organization's sign-on did not let you in.")


class SignOnNotBegun(SignOnRefused):
    """No browser of ours asked for this answer, or not lately, or it was used before."""

    sentence = N_("This sign-on was not begun in this browser, has run out, or was used already. Begin again.")


class ProviderUnreachable(SignOnRefused):
    status = 503
    sentence = N_("Your organization's sign-on cannot be reached right now. Try again in a minute.")


class AddressNotAllowed(ProviderUnreachable):
    """It is no https address of the public internet, nor one that the operator allowed."""

    sentence = N_("The provider's address may not be asked: it must be https, and of no private network.")


class ProviderWrong(SignOnRefused):
    """It answers, but what it says does not hold."""

    sentence = N_("Your organization's sign-on sent an answer that does not hold.")


class IssuerDiffers(ProviderWrong):
    sentence = N_("The provider calls itself “%(issuer)s”. The issuer in the settings must be exactly that.")


class SecretUnreadable(SignOnRefused):
    """It was sealed under a SECRET_KEY that the program does not have any more."""

    sentence = N_("The client secret cannot be read any more. An administrator has to enter it again.")


class EmailNotVerified(SignOnRefused):
    sentence = N_("Your organization's sign-on does not vouch for your e-mail address, so nobody can be found by it.")


class NobodyOfThisOrganization(SignOnRefused):
    sentence = N_("You have no place in this organization under the e-mail address of its sign-on.")


class JoinByInvitation(SignOnRefused):
    """The account has a password or opens something else: only its owner joins another organization with it."""

    sentence = N_("Your e-mail address has an account already. Join by the link in your invitation, once.")


class AnotherPerson(SignOnRefused):
    """The account is bound to another subject of the provider: the address went to somebody else there."""

    sentence = N_(
        "Somebody else has signed on with your e-mail address before. An administrator can let it go in your profile."
    )


class CameThroughSignOn(NotAllowed):
    """What is of the account as a whole is not for a session that one organization's provider began."""

    sentence = N_("You came in through your organization's sign-on. Sign in with your password for this.")
