"""A market with two of everything, so that there is something to leak, and who walks through it."""

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from django.contrib.auth.models import Permission as AdminPermission
from django.core.cache import cache
from django.db import transaction
from django.test import Client

from aftersales.enums import Party, Permission
from aftersales.market.build import Market
from aftersales.models import (
    Case,
    Evidence,
    ImportJob,
    Job,
    Member,
    Notice,
    Order,
    ServiceRequest,
    Shop,
    Upload,
    User,
)
from aftersales.rules.visibility import sees_content
from tests.crawl.places import Place
from tests.crawl.rich import Rich, Visit, enrich
from tests.factories import MemberFactory, UserFactory
from tests.rights.planted import EMPTY, mark_of, plant
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
        enrich("shanlan", "muli")
        plant()
        super().__init__()
        self.agents = {
            shop.pk: MemberFactory(shop=shop, user__username=f"agent-{shop.code}", permissions=[])
            for shop in Shop.objects.all()
        }
        self.clerk = UserFactory(username="clerk", is_staff=True)
        self.reviewer = User.objects.get(username="reviewer")
        self.secrets = secrets_of()
        self.told = Notice.objects.order_by("-pk").values_list("pk", flat=True)[0]
        self.sessions: dict[Any, Any] = {}
        self.kept: dict[str, list[Visit]] = {}
        for user in User.objects.all():  # a session begun in a test would end with it
            self.sessions[user.pk] = dict(self.client_of(user).cookies)

    def ask(
        self,
        user: User | None,
        method: str,
        url: str,
        data: Any = None,
        *,
        left: Callable[[], Any] | None = None,
    ) -> Any:
        """The answer, read to its end, with what it did to others (``strayed``) and what it
        ``left`` behind; nothing of it stays."""
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
                answer.strayed = self.strayed(user)
                answer.left = left() if left else None
                raise Undo
        except Undo:
            return answer
        finally:
            if method not in ("GET", "HEAD"):
                cache.clear()  # what was counted, too
            client.cookies.clear()  # whoever signed out is in again, and was told nothing
            client.cookies.update(self.sessions.get(user and user.pk, {}))

    def strayed(self, user: User | None) -> list[str]:
        """Notices that reached people whom they do not concern, or that he read for others."""
        notices = Notice.objects.exclude(user=user and user.pk)
        read = notices.filter(pk__lte=self.told).exclude(read_at=None).count()
        found = [f"{read} notices of others are read"] if read else []
        new = notices.filter(pk__gt=self.told).select_related("case", "line__order", "user")
        for notice in new:
            about: Any = notice.case or (notice.line and notice.line.order)
            person = notice.user
            if about is None or person.is_staff or person.pk == about.buyer_id:
                continue
            if not person.is_active or Member.objects.at_work(about.shop_id, person) is None:
                found.append(f"{person} is told of {about}")
        return found

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
        """Who is a stranger to what is visited: another buyer, and another shop's member, who has
        left this one."""
        owner = visit.user if visit.place.role == "buyer" else None
        return self.strangers_to(Shop.objects.get(code=self.shop_of(visit) or "shanlan"), owner)

    def strangers_to(self, shop: Shop, owner: User | None) -> dict[str, User]:
        buyers = User.objects.filter(username__in=["linshu", "chenmo", "zhaoyi"])
        other = next(each for each in buyers.order_by("pk") if each != owner)
        full = sorted(self.members.values(), key=lambda each: -each.pk)
        foreign = next(each for each in full if each.shop != shop and each.shop.code != EMPTY)
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
        if row.more == "model":
            yield Visitor("looker", self.clerk, [f"view_{row.name.split('_')[-2]}"])
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
        for one in asked:
            rest = [each for each in everything if each != one] if row.right else []
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


# Numbers of cases, orders and requests; codes of work; tokens of files.
NUMBERS = re.compile(
    rb"(?:AS|GD)\d{14,17}|\d{6}-\d{15}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    rb"|(?<![\w-])[\w-]{32}(?![\w-])"
)


def secrets_of() -> dict[Any, set[str]]:
    """What stands for all that is somebody's, and per user what of it he knows."""
    known: dict[Any, set[str]] = {"all": set()}
    teams: dict[Any, list[Any]] = {}
    for member in Member.objects.filter(active=True):
        teams.setdefault(member.shop_id, []).append(member.user_id)
    numbers: list[tuple[str, Any, Any]] = [
        *Case.objects.values_list("code", "shop", "buyer"),
        *Order.objects.values_list("number", "shop", "buyer"),
        *((asked.number, None, asked.buyer_id) for asked in ServiceRequest.objects.all()),
        *((mark_of(shop), shop.pk, None) for shop in Shop.objects.all()),
        *((str(job.code), job.shop_id, None) for job in Job.objects.all()),
        *((str(job.code), job.shop_id, None) for job in ImportJob.objects.all()),
        *files_of(),
    ]
    for number, shop, buyer in numbers:
        known["all"].add(number)
        for user in [buyer, *teams.get(shop, [])]:
            known.setdefault(user, set()).add(number)
    return known


def files_of() -> Iterator[tuple[str, Any, Any]]:
    """Each file by its token, with the shop and the buyer to whom it was shown."""
    for upload in Upload.objects.all():
        yield upload.token, None, upload.user_id
        for piece in upload.evidence.select_related("case"):
            case = piece.case
            if sees_content(piece, case, Party.BUYER):
                yield upload.token, None, case.buyer_id
            if sees_content(piece, case, Party.MERCHANT):
                yield upload.token, case.shop_id, None
        for said in upload.messages.select_related("line__order", "case"):
            order = said.case or (said.line and said.line.order)
            if order is not None:
                yield upload.token, order.shop_id, order.buyer_id
        for answered in upload.service_messages.select_related("request"):
            yield upload.token, None, answered.request.buyer_id
