"""What the forms share with which learners send files."""

from __future__ import annotations

from collections.abc import Sequence

from wtforms import Form, MultipleFileField

from records.errors import InvalidInput, Refusal
from records.pages.fields import show
from records.web.words import refusal_text

# Any kind of file. The first two make telephones offer their camera.
ACCEPT = "image/*,application/pdf,*/*"


class FormWithFiles(Form):
    """Each form says where its `files` stand among its fields: errors are summed up in that order."""

    files: MultipleFileField

    def complain(self, refusal: InvalidInput, refused: Sequence[Refusal] = ()) -> None:
        """Put each sentence beside its field; every file that did not arrive has one."""
        for name, error in refusal.errors.items():
            show(self[name], error)
        self.refuse_files(refused)

    def refuse_files(self, refused: Sequence[Refusal]) -> None:
        if refused:
            self.files.errors = [refusal_text(each) for each in refused]
