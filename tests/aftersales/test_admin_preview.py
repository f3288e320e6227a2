"""The catalogue's preview: scripts, plans and reject reasons as they will be seen, before they are."""

from collections.abc import Callable

import pytest
from django.test import Client

from aftersales.admin.people import reviewers_group
from aftersales.admin.previewing import preview
from aftersales.models import Case, Edition, Plan, RejectReason, Script, User
from tests.aftersales.test_admin_catalogue import filled
from tests.aftersales.test_editions import url_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def keeper(client: Client, staff: User) -> Client:
    staff.groups.set([reviewers_group()])
    client.force_login(User.objects.get(pk=staff.pk))
    return client


def test_a_script_is_shown_filled_with_a_case_that_it_fits(
    keeper: Client, make_case: Callable[..., Case]
) -> None:
    """A6, NEG-13: no braces are left, in either language."""
    case = make_case("checked")
    script = next(
        each
        for each in Script.objects.all()
        if each.meant_for(case.reason) and "{goods}" in each.text_zh
    )
    shown = preview(script)
    assert case.code in shown
    assert case.line.title in shown
    assert "{" not in shown
    assert shown in keeper.get(url_of(script)).content.decode()


def test_every_row_of_the_shipped_catalogue_can_be_previewed_without_any_case(
    keeper: Client,
) -> None:
    """A6: an empty platform has previews too."""
    for script in Script.objects.all():
        assert "{" not in preview(script), script
    for plan in Plan.objects.all():
        assert plan.consequence_zh in preview(plan)
    for reason in RejectReason.objects.all():
        shown = preview(reason)
        assert all(point in shown for point in reason.must_answer)
        assert all(proof.label in shown for proof in reason.proofs.all())
    assert "还没有适用的售后单" in shown


def test_the_difference_shows_what_is_about_to_be_published(keeper: Client) -> None:
    """A6: the preview beside the difference has the new words; nothing is saved by looking."""
    plan = Plan.objects.exclude(consequence_zh="").first()
    assert plan is not None
    url = url_of(plan)
    answer = keeper.post(url, filled(keeper, url, consequence_zh="退款后商品归你，不用寄回。"))
    assert answer.status_code == 200
    assert "退款后商品归你，不用寄回。" in answer.context["preview"]
    assert answer.context["preview"] in answer.content.decode()
    plan.refresh_from_db()
    assert plan.consequence_zh != "退款后商品归你，不用寄回。"
    assert Edition.objects.count() == 1
