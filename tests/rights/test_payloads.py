"""X1: whatever was typed is shown as it was typed, on every page, and never as markup."""

import html

import pytest
from django.db import transaction

from tests.crawl.places import places
from tests.rights.payloads import payload, poison
from tests.rights.world import Undo, World

pytestmark = pytest.mark.django_db

RAW = ("<img src=x", "</textarea><img")
# Words of people that must be seen somewhere, or nothing was tried.
SEEN = """case.description message.text note.text shop.name user.nick orderline.title orderline.sku tag.name
servicemessage.text upload.name returnaddress.detail savedview.name agreerule.name proposal.text
evidence.label_zh"""


def test_markup_is_shown_as_text(world: World) -> None:
    wrong, seen = [], set()
    try:
        with transaction.atomic():
            fields = poison()
            for place in places().values():
                visit = next(iter(world.own(place)), None)
                if visit is None or place.kind not in ("page", "part", "model"):
                    continue
                answer = world.ask(visit.user, "GET", visit.url)
                body = answer.body.decode(errors="replace")
                told = html.unescape(body)
                seen |= {field for field in fields if payload(field) in told}
                wrong += [f"{visit.label}: {raw}" for raw in RAW if raw in body]
                wrong += [f"{visit.label}: 500"] if answer.status_code >= 500 else []
            raise Undo
    except Undo:
        pass
    assert not wrong, "\n" + "\n".join(wrong)
    assert set(SEEN.split()) & set(fields) <= seen, sorted(set(SEEN.split()) & set(fields) - seen)
