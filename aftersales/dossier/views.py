"""The download that all three sides share: made at once, noted, and never too often."""

import hashlib
import io
import tempfile
from datetime import timedelta
from typing import IO, Any, cast

from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.generic import View

from aftersales import clock
from aftersales.dossier.archive import pack
from aftersales.dossier.content import Content
from aftersales.dossier.pdf import typeset
from aftersales.enums import Party
from aftersales.models import Case, DossierCopy, User

MOST = 30  # copies an hour and person

KINDS = {"pdf": "application/pdf", "zip": "application/zip"}


class DossierView(View):
    """Mixed into a side's ``CaseView``: ``<case>/dossier.pdf`` and ``<case>/dossier.zip``."""

    case: Case
    party: Party

    def get(self, request: HttpRequest, form: str, **kwargs: Any) -> HttpResponse | FileResponse:
        user = cast(User, request.user)
        lately = DossierCopy.objects.filter(user=user, at__gt=clock.now() - timedelta(hours=1))
        if lately.count() >= MOST:
            return render(request, "429.html", status=429)
        content = Content(self.case, self.party, clock.now())
        file, sha256 = _made(content, form)
        DossierCopy.objects.create(
            case=self.case,
            user=user,
            party=self.party,
            form=form,
            version=self.case.version,
            chain=self.case.chain,
            sha256=sha256,
            at=content.at,
        )
        response = FileResponse(
            file, as_attachment=True, filename=f"{self.case.code}.{form}", content_type=KINDS[form]
        )
        response["Cache-Control"] = "private, no-store"
        return response


def _made(content: Content, form: str) -> tuple[IO[bytes], str]:
    """The file, at its beginning, and the hash by which it will be known again.

    A ZIP is written to the disk piece by piece, so that films cost no memory.
    """
    if form == "pdf":
        paper = typeset(content)
        return io.BytesIO(paper), hashlib.sha256(paper).hexdigest()
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
    try:
        manifest = pack(content, file)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file, manifest["sha256"]
