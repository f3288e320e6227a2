"""Who takes part in a race, the doors they use, and what must hold when it is over."""

import html
import json
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple

from django.contrib.auth.models import Permission as AdminPermission
from django.db.models import Sum
from django.test import Client
from django.urls import reverse

from aftersales import clock
from aftersales.admin.people import reviewers_group
from aftersales.consistency import checking
from aftersales.models import Case, Draft, Finding, LedgerEntry, Order, Refund, User
from tests.aftersales.negotiation.talk import whole
from tests.factories import (
    Desk,
    MemberFactory,
    ReturnAddressFactory,
    ShopFactory,
    UserFactory,
    desk_maker,
    proofs_for,
)
from tests.races.at_once import at_once

REFUSALS = (403, 404, 409, 422)
EDGE = [timedelta(milliseconds=-1), timedelta(), timedelta(milliseconds=1)]  # around a deadline


class Said(NamedTuple):
    """What a person was answered; done is a redirect."""

    status: int
    text: str
    user: User

    @property
    def done(self) -> bool:
        return self.status == 302

    def keeps(self, words: str) -> bool:
        """What he typed is on the page, or waits for him as a draft."""
        drafts = Draft.objects.filter(user=self.user).values_list("data", flat=True)
        kept = (json.dumps(data, ensure_ascii=False) for data in drafts)
        return words in self.text or any(words in each for each in kept)


class World:
    """One shop with two colleagues, a buyer, two reviewers. Time goes on, and never back."""

    def __init__(self, now: Any) -> None:
        self.now = now
        self.number = 0  # of the round
        self.requests = self.broken = 0
        self.shop = ShopFactory()
        ReturnAddressFactory(shop=self.shop)
        self.merchant = MemberFactory(shop=self.shop, user__nick="小陈").user
        self.member = MemberFactory(shop=self.shop, user__nick="小李")
        self.colleague = self.member.user
        self.buyer = UserFactory(nick="林溪树")
        self.reviewer, self.second = self.staff("reviewer"), self.staff("second")
        self.desk = desk_maker(self.shop, self.merchant, self.buyer, now.shift)

    def staff(self, name: str) -> User:
        user = UserFactory(username=name, is_staff=True)
        user.groups.set([reviewers_group()])
        user.user_permissions.set(AdminPermission.objects.filter(codename="rule"))
        return User.objects.get(pk=user.pk)

    # Time

    def go_to(self, moment: Any) -> None:
        self.now.shift(moment - clock.now())

    def edge(self, moment: Any) -> bool:
        """Go to a deadline: a millisecond before it, upon it, or after; true if it has passed."""
        self.go_to(moment + EDGE[self.number % 3])
        return self.number % 3 > 0

    def decidable(self, **given: Any) -> Case:
        """A case before the platform whose evidence window is over."""
        case = self.desk("under_review", **given).case
        self.now.shift(timedelta(hours=48))
        case.catch_up()
        return case

    # Doors

    def post(self, user: User, url: str, said: dict[str, Any]) -> Callable[[], Said]:
        """A browser of this person that is about to send a form."""
        client = Client(raise_request_exception=False)
        client.force_login(user)

        def send() -> Said:
            answer = client.post(url, said)
            text = " ".join(html.unescape(answer.content.decode()).split())
            return Said(answer.status_code, text, user)

        return send

    def click(self, user: User, step: str, case: Case, **said: Any) -> Callable[[], Said]:
        """The form of a step as the page shows it now; ``version`` and ``key`` may be given."""
        case.refresh_from_db()
        hidden = {"version": case.version, "key": uuid.uuid4().hex}
        place = "buyers" if user == self.buyer else "admin" if user.is_staff else "merchants"
        args = [case.last_intervention.pk] if step == "rule" else [case.code]
        return self.post(user, reverse(f"{place}:{step}", args=args), hidden | said)

    def rejection(self, desk: Desk) -> dict[str, Any]:
        """The form of 驳回 or 拒绝收货, filled in whole."""
        given = desk.rejection()
        reason = given["reason"]
        proofs = proofs_for(self.merchant, reason.proofs.all(), desk.case.reason.code)
        return (
            {"reason": reason.code, "statement": given["statement"], "declared": "on"}
            | {f"answer_{number}": text for number, text in enumerate(given["answers"])}
            | {f"proof_{slot}_kept": [each.token for each in kept] for slot, kept in proofs.items()}
            | {f"risk_{code}": "on" for code in given["risks"]}
            | {"proof_tracking": given["proof_tracking"]}
        )

    # Outcome

    def together(self, *calls: Callable[[], Any]) -> list[Any]:
        """Let all go at once; nobody is answered 5xx, and nothing breaks."""
        found = at_once(*calls)
        for each in found:
            if isinstance(each, Exception):
                raise each
            if isinstance(each, Said):
                self.requests += 1
                self.broken += each.status >= 500
                assert each.status < 500, f"{each.status}: {each.text[:300]}"
        return found

    def after(self, case: Case) -> Case:
        """The case as it stands: whole, and never more paid back than was paid."""
        found = Case.objects.get(pk=case.pk)
        assert whole(found), "the chain is broken"
        back = found.refunds.aggregate(total=Sum("amount"))["total"] or 0
        assert back <= Order.objects.get(pk=found.order_id).paid, f"{back} go back"
        return found

    def hurt(self) -> list[str]:
        """What does not hold of everything that was left behind."""
        checking.check_all()
        wrong = [f"case {each.case_id}: {each}" for each in Finding.objects.filter(closed_at=None)]
        owed = dict(Refund.objects.filter(proof="").values_list("number", "amount"))
        paid = dict(LedgerEntry.objects.values_list("number", "amount"))
        wrong += [f"{number} was paid as {paid[number]}" for number in paid.keys() - owed.keys()]
        differs = [number for number in paid if owed.get(number, paid[number]) != paid[number]]
        return wrong + [f"{number}: {paid[number]} for {owed[number]}" for number in differs]


def one_won(told: list[Said], *sentences: str) -> Said:
    """Exactly one was done, the rest were refused in one of these sentences; who won."""
    won = [each for each in told if each.done]
    lost = [each for each in told if not each.done]
    assert len(won) == 1, [(each.status, each.text[:200]) for each in told]
    for each in lost:
        assert each.status in REFUSALS, (each.status, each.text[:300])
        assert any(part in each.text for part in sentences), each.text[:2000]
    return won[0]
