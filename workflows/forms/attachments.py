"""The field in which a person chooses a file to attach."""

from django import forms
from django.utils.functional import lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from workflows.evidence.checking import ENDINGS, MEGABYTE, SIZE_CAP
from workflows.services.attachments import FILES_CAP


def _what_fits() -> str:
    return gettext(
        "PDF, PNG, JPEG, Excel (.xlsx), Word (.docx), PowerPoint (.pptx) or text (.txt, .csv). "
        "Up to %(size)d MB each and %(count)d files. A file of the same name takes the place of the one before."
    ) % {"size": SIZE_CAP // MEGABYTE, "count": FILES_CAP}


class FileForm(forms.Form):
    """One file; what it is worth is found out when it is attached."""

    file = forms.FileField(
        label=_("Add an attachment"),
        required=False,
        allow_empty_file=True,
        help_text=lazy(_what_fits, str)(),
        widget=forms.FileInput(attrs={"accept": ",".join(ENDINGS)}),
    )

    def note_unkept(self) -> None:
        """Say that the chosen file has to be chosen again: a page that is shown anew cannot hold it."""
        if self.is_bound and not self.errors:
            self.add_error("file", _("The file has not been kept yet. Choose it again."))
