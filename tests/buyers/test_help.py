"""Help beside each step: the rule behind it, in plain words, on both sides (S-25)."""

from collections.abc import Callable

from django.http import HttpResponse
from django.urls import reverse
from django.views import View

from aftersales.enums import Party
from aftersales.helping import help_of
from aftersales.models import Case, User
from buyers.urls import urlpatterns
from tests.buyers.conftest import Phone

Read = Callable[[HttpResponse], str]


def test_every_step_has_its_rule_beside_it() -> None:
    """S-25: a new page of a step gets its sentences in ``aftersales/helping.py``."""
    steps = {
        getattr(page.callback, "view_initkwargs", {}).get("step")
        or getattr(page.callback, "view_class", View).__dict__.get("step")
        for page in urlpatterns
    }

    assert len(steps) > 25
    assert [step for step in steps if step and help_of(step) is None] == []


def test_the_shop_reads_the_rule_where_it_speaks_to_the_buyer(
    make_case: Callable[..., Case], merchant: User, text_of: Read
) -> None:
    """Its own, without the way to the buyer's customer service."""
    desk, case = Phone(merchant), make_case()
    for name, sentence in (
        ("send_message", "商家发的不算"),
        ("ask_for", "撤销申请要由买家自己决定"),
    ):
        url = reverse(f"merchants:{name}", args=[case.code])
        page = text_of(desk.client.get(url))
        assert sentence in page
        assert f"{reverse('help')}#service" not in page
    for step in ("answer_request", "propose_suspension", "answer_suspension", "prove_suspension"):
        assert help_of(step, Party.MERCHANT)
