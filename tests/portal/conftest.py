"""What tests of the learner's certificates share: a credit type, and a form filled in as a browser sends it."""

from __future__ import annotations

from io import BytesIO

import pytest

from records.database import locked, transaction
from records.models import Organization
from tests import certificates
from tests.forms import filled, read
from tests.samples import picture

NEW = "/portfolio/certificates/new"
FRONT = picture("PNG", colour="teal")
BACK = picture("PNG", colour="maroon")
GIVEN = {"title": "Ladder rescue", "credits": "2.5", "earned_on": "2025-03-01"}


@pytest.fixture
def ceu(cast):
    return certificates.credit_type()


class Form:
    """A learner at the form: `page` is what they see, `send` presses Save."""

    def __init__(self, client, address=NEW):
        self.client, self.address = client, address
        self.show(client.get(address, follow_redirects=True))

    def show(self, answer):
        self.answer, self.page = answer, read(answer.text)

    @property
    def fields(self):
        return filled(self.page, data_certificate=None)

    def send(self, *files, headers=None, **changes):
        """With `files` as (name, bytes). Shows the answer where it is the form again."""
        data = {name: values for name, values in self.fields.items() if name != "csrf_token"} | changes
        data["files"] = [(BytesIO(content), name) for name, content in files]
        action = self.page.one("form", data_certificate=None).attrs["action"]
        answer = self.client.post(action, data=data, headers=headers)
        if answer.status_code not in (201, 302):
            self.show(answer)
        return answer

    def error(self, name):
        """The sentence beside a field; '' for none."""
        return " ".join(each.text for each in self.page.all("p", id=f"{name}-error"))


@pytest.fixture
def form(cast, ceu, browse):
    """Max at the empty form."""
    return Form(browse(cast.max))


@pytest.fixture
def switch_off(cast):
    def act(module="takes_external_certificates"):
        with transaction():
            setattr(locked(Organization, cast.fire.id), module, False)

    return act
