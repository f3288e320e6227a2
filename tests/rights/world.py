"""A market with two of everything, so that there is something to leak, and who walks through it."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, NamedTuple

from allauth.account.models import EmailAddress
from django.contrib.auth.models import Permission as AdminPermission
from django.db import transaction
from django.test import Client

from aftersales import clock
from aftersales.enums import Permission
from aftersales.market import colleagues
from aftersales.market.build import Market
from aftersales.market.desk import upload
from aftersales.models import (
    AgreeRule,
    Attempt,
    Case,
    DossierCopy,
    Evidence,
    Fault,
    Finding,
    ImportJob,
    Member,
    Note,
    Order,
    SavedView,
    ServiceRequest,
    Shop,
    ShopScript,
    Tag,
    User,
)
from tests.crawl.places import Place
from tests.crawl.rich import Rich, Visit, enrich
from tests.factories import MemberFactory, ReturnAddressFactory, UserFactory
from tests.rights.table import Row


class Undo(Exception):
    pass


class Visitor(NamedTuple):
    """One of the roles of the matrix (security.md §6), and what he may do while he visits:
    fields of his membership, or rights of staff."""

    role: str
    user: User | None
    wears: Any = None


class World(Rich):
    """One market, made once; whatever a request does in it is undone."""

    def __init__(self) -> None:
        Market().build()
        enrich()
        plant()
        super().__init__()
        self.agents = {
            shop.pk: MemberFactory(shop=shop, user__username=f"agent-{shop.code}")
            for shop in Shop.objects.all()
        }
        self.clerk = UserFactory(username="clerk", is_staff=True)
        self.reviewer = User.objects.get(username="reviewer")
        self.secrets = secrets_of()
        self.sessions: dict[Any, Any] = {}
        self.kept: dict[str, list[Visit]] = {}
        for user in User.objects.all():  # a session begun in a test would end with it
            self.sessions[user.pk] = dict(self.client_of(user).cookies)

    def ask(self, user: User | None, method: str, url: str, data: Any = None) -> Any:
        """The answer, read to its end; nothing of it stays."""
        client: Client = self.client_of(user)
        answer: Any = None
        try:
            with transaction.atomic():
                if method in ("GET", "HEAD", "TRACE"):
                    answer = getattr(client, method.lower())(url)
                else:
                    answer = getattr(client, method.lower())(url, data or {})
                if answer.streaming:
                    answer.body = answer.getvalue()  # a file is closed once it is read
                else:
                    answer.body = answer.content
                raise Undo
        except Undo:
            return answer
        finally:
            client.cookies.clear()  # whoever signed out is in again, and was told nothing
            client.cookies.update(self.sessions.get(user and user.pk, {}))

    def own(self, place: Place) -> list[Visit]:
        """The visits of the first shop (``shanlan``) or buyer, then any other."""
        if place.name not in self.kept:
            found = list(self.visits(place))
            first = {None, "shanlan"}
            self.kept[place.name] = sorted(found, key=lambda each: self.shop_of(each) not in first)
        return self.kept[place.name]

    def shop_of(self, visit: Visit) -> str | None:
        if visit.user is None or visit.place.role != "merchant":
            return None
        member = self.member_of(visit.user)
        return member.shop.code if member else None

    def member_of(self, user: User) -> Member | None:
        return next((each for each in self.members.values() if each.user_id == user.pk), None)

    def others(self, visit: Visit) -> dict[str, User]:
        """Who is a stranger to what is visited: another buyer, another shop's member."""
        shop = self.shop_of(visit) or "shanlan"
        buyers = User.objects.filter(username__in=["linshu", "chenmo", "zhaoyi"])
        owner = visit.user if visit.place.role == "buyer" else None
        other = next(each for each in buyers.order_by("pk") if each != owner)
        foreign = next(each for each in self.members.values() if each.shop.code != shop)
        return {"other buyer": other, "other shop": foreign.user}

    def visitors(self, row: Row, visit: Visit) -> Iterator[Visitor]:
        """Everybody who tries: the eight of the matrix, and those who have all rights but the
        one that is asked for, that one alone, or a limit too low."""
        yield Visitor("anonymous", None)
        strangers = self.others(visit)
        mine = visit.user if visit.place.role == "buyer" else None
        yield Visitor("buyer", mine or User.objects.get(username="linshu"))
        yield Visitor("other buyer", strangers["other buyer"])
        shop = Shop.objects.get(code=self.shop_of(visit) or "shanlan")
        yield Visitor("owner", self.members[shop.pk].user)
        yield from self.agents_at(row, self.agents[shop.pk])
        yield Visitor("other shop", strangers["other shop"])
        yield Visitor("clerk", self.clerk, [])
        if row.door == "staff" and row.right:
            yield Visitor("able clerk", self.clerk, [row.right])
        yield Visitor("reviewer", self.reviewer)
        yield Visitor("superuser", self.admin)

    def find_upload(self, place: Place) -> Iterator[Any]:
        """A buyer's evidence that both sides see."""
        filed = Evidence.objects.filter(case__shop__code="shanlan", label_zh="照片")
        for each in filed.select_related("upload", "case__buyer"):
            yield each.case.buyer, {"token": each.upload.token}, ""

    def agents_at(self, row: Row, agent: Member) -> Iterator[Visitor]:
        """A colleague of limited rights: without the one that is asked for, or with it alone."""
        everything, asked = [str(each) for each in Permission], row.right.split("+")
        if row.door != "member":
            yield Visitor("agent", agent.user, {"permissions": []})
            return
        rest = [each for each in everything if each != asked[0]] if row.right else []
        yield Visitor("agent", agent.user, {"permissions": rest})
        if row.right:
            yield Visitor("able agent", agent.user, {"permissions": asked})
        if row.more == "limited":
            yield Visitor("limited agent", agent.user, {"permissions": everything, "agree_most": 0})
        yield Visitor("former agent", agent.user, {"permissions": everything, "active": False})

    def dress(self, visitor: Visitor) -> None:
        """Give him the rights with which he visits."""
        if isinstance(visitor.wears, dict):
            usual = {"agree_most": None, "active": True}
            Member.objects.filter(user=visitor.user).update(**usual | visitor.wears)
        elif visitor.wears is not None:
            rights = AdminPermission.objects.filter(codename__in=visitor.wears)
            self.clerk.user_permissions.set(rights)

    def leaks(self, user: User | None, answer: Any) -> list[str]:
        """What an answer says of cases and orders that are not this person's."""
        if user is not None and user.is_staff:
            return []
        body: bytes = answer.body
        found = {each.decode() for each in NUMBERS.findall(body)}
        return sorted(found & (self.secrets["all"] - self.secrets.get(user and user.pk, set())))


NUMBERS = re.compile(rb"(?:AS|GD)\d{14,17}|\d{6}-\d{15}")


def mark_of(shop: Shop) -> str:
    """A number that stands in what a shop wrote for itself, and is nobody else's to read."""
    return f"AS9{shop.pk:014d}"


def secrets_of() -> dict[Any, set[str]]:
    """The numbers of all cases and orders, and per user of those that he knows."""
    known: dict[Any, set[str]] = {"all": set()}
    teams: dict[Any, list[Any]] = {}
    for member in Member.objects.all():
        teams.setdefault(member.shop_id, []).append(member.user_id)
    numbers = [
        *Case.objects.values_list("code", "shop", "buyer"),
        *Order.objects.values_list("number", "shop", "buyer"),
        *((asked.number, None, asked.buyer_id) for asked in ServiceRequest.objects.all()),
        *((mark_of(shop), shop.pk, None) for shop in Shop.objects.all()),
    ]
    for number, shop, buyer in numbers:
        known["all"].add(number)
        for user in [buyer, *teams.get(shop, [])]:
            known.setdefault(user, set()).add(number)
    return known


def plant() -> None:
    """What the market lacks: a second shop's own things, and rows for each list of the admin."""
    other = Shop.objects.get(code="muli")
    colleagues.leave(other)
    for shop in Shop.objects.all():
        mark = mark_of(shop)
        ReturnAddressFactory(shop=shop, default=False, detail=f"二号库 {mark}")
        ShopScript.objects.filter(shop=shop).update(label_zh=mark)
        AgreeRule.objects.filter(shop=shop).update(name=mark)
        Note.objects.filter(case__shop=shop).update(text=mark)
        for tag in Tag.objects.filter(shop=shop)[:1]:
            Tag.objects.filter(pk=tag.pk).update(name=mark)
        for view in SavedView.objects.filter(member__shop=shop)[:1]:
            SavedView.objects.filter(pk=view.pk).update(name=mark, shared=True)
    case = Case.objects.filter(shop__code="shanlan").select_related("buyer").order_by("pk")[0]
    at = clock.now()
    Attempt.objects.create(case=case, user=case.buyer, step="reject", sentence="不行", at=at)
    Finding.objects.create(case=case, kind="history", code="history_empty", found_at=at, seen_at=at)
    DossierCopy.objects.create(
        case=case,
        user=case.buyer,
        party="buyer",
        form="pdf",
        version=1,
        chain="",
        sha256="0",
        at=at,
    )
    job = ImportJob.objects.filter(shop__code="shanlan").order_by("pk")[0]
    ImportJob.objects.filter(pk=job.pk).update(failed=1)
    filed = upload(case.buyer)
    case.record_complaint(
        by=case.buyer, channel="12315", filed_on=(at - timedelta(days=1)).date(), number="GD1"
    )
    Evidence.objects.create(
        case=case, upload=filed, version=case.version, party="buyer", label_zh="照片", at=at
    )
    Fault.objects.create(case=case, sweep="expire", error="broken", next_try_at=at, at=at)
    EmailAddress.objects.create(user=case.buyer, email="linshu@example.com", primary=True)
