"""A rich market to walk through, and for every place of the table the objects it is shown with."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, NamedTuple

from allauth.mfa.models import Authenticator
from cryptography.hazmat.primitives.asymmetric import ec
from django.contrib import admin
from django.contrib.auth.tokens import default_token_generator
from django.db.models import Model
from django.test import Client
from django.urls import NoReverseMatch, reverse
from django.utils.http import int_to_base36
from fido2.cose import ES256
from fido2.utils import sha256, websafe_encode
from fido2.webauthn import (
    Aaguid,
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)

from aftersales import clock
from aftersales.accounts import SecondFactors
from aftersales.enums import JobKind, Party, Permission, Status
from aftersales.imports import samples
from aftersales.jobs import running
from aftersales.market.desk import Desk
from aftersales.market.people import STAFF
from aftersales.models import (
    AgreeRule,
    Case,
    Edition,
    ImportJob,
    Intervention,
    Job,
    Member,
    Note,
    Notice,
    Order,
    OrderLine,
    Proposal,
    ReturnAddress,
    SavedView,
    ServiceRequest,
    Shop,
    ShopScript,
    Simulation,
    Upload,
    User,
)
from aftersales.steps import STEPS
from tests.crawl.places import Place

MOST_TRIED = 40  # cases looked through for one that shows a page


class Visit(NamedTuple):
    """A page as somebody sees it; ``user`` is nobody before signing in."""

    place: Place
    user: User | None
    url: str
    named: dict[str, Any] = {}  # what the address names

    @property
    def label(self) -> str:
        return f"{self.place.name} {self.url} {self.user or '-'}"


def enrich(*shops: str) -> None:
    """What the demo market does not have, brought about by real steps; its ``shops`` at work."""
    for case in Case.objects.select_related("shop", "buyer"):
        if not case.request_refusal("recall"):
            case.ask_for(by=case.buyer, kind="recall", text="请联系快递把包裹拦截退回。")
            break
    at, admin_ = clock.now(), User.objects.get(username=STAFF[1][0])
    Simulation.objects.create(user=admin_, since=at - timedelta(days=30), until=at, created_at=at)
    _work([Member.objects.filter(shop__code=code).order_by("pk")[0] for code in shops])
    _prove(User.objects.get(username="linshu"))
    inspecting = Case.objects.filter(status=Status.AWAITING_MERCHANT_RECEIPT)
    for case in inspecting.select_related("shop", "buyer"):
        member = case.shop.members.order_by("pk").first()
        if member is not None and case.round_number == 0:
            desk = Desk(case, member.user)
            for act in (desk.check, desk.negotiate, desk.reply, desk.negotiate, desk.reply):
                act()
            break


def _prove(user: User) -> None:
    """A buyer with a second factor of every kind."""
    kinds = Authenticator.Type
    adapter = SecondFactors()
    for kind, data in [
        (kinds.TOTP, {"secret": adapter.encrypt("GEZDGNBVGY3TQOJQ")}),
        (kinds.RECOVERY_CODES, {"seed": adapter.encrypt("seed"), "used_mask": 0}),
        (kinds.WEBAUTHN, {"name": "手机", "credential": _passkey()}),
    ]:
        Authenticator.objects.create(user=user, type=kind, data=data)


def _passkey() -> dict[str, Any]:
    """What a browser tells of a new passkey."""
    key = ES256.from_cryptography_key(ec.generate_private_key(ec.SECP256R1()).public_key())
    known = AttestedCredentialData.create(Aaguid.NONE, b"passkey", key)
    data = AuthenticatorData.create(sha256(b"localhost"), 0x45, 1, known)
    client = CollectedClientData.create("webauthn.create", b"challenge", "http://localhost")
    return {
        "id": websafe_encode(b"passkey"),
        "rawId": websafe_encode(b"passkey"),
        "type": "public-key",
        "response": {
            "clientDataJSON": websafe_encode(client),
            "attestationObject": websafe_encode(AttestationObject.create("none", data, {})),
        },
        "clientExtensionResults": {},
    }


def _work(members: list[Member]) -> None:
    """Of each a job that failed, an export with its file, and a job under way."""
    told = {"of": "cases", "columns": ["code", "buyer"], "format": "utf-8"}
    for member in members:
        shop, by, case = member.shop, member.user, _first_case(member)
        running.start(shop, by, JobKind.AGREE, key="failed", cases=[(case, 0)])
        running.start(shop, by, JobKind.EXPORT, key="file", rows=[case.pk], **told)
    running.run_due()
    for member in members:
        one = [(_first_case(member), 0)]
        running.start(member.shop, member.user, JobKind.TAG, key="running", cases=one, tag="加急")


def _first_case(member: Member) -> Case:
    return Case.objects.filter(shop=member.shop).order_by("pk")[0]


class Rich:
    """What is in the market, by finder."""

    def __init__(self) -> None:
        # what was found on the way: the visits of a place, and what pages of refusal are made of
        self.shown: dict[str, Any] = {}
        self.refused: set[tuple[Any, ...]] = set()
        self.admin = User.objects.get(username=STAFF[1][0])
        self.members = {
            member.shop_id: member
            for member in Member.objects.select_related("user", "shop").order_by("-pk")
            if set(member.permissions) == {str(each) for each in Permission}
        }
        self.cases = list(
            Case.objects.select_related("shop", "buyer", "line__order").order_by("pk")
        )
        self.clients: dict[Any, Client] = {}

    def user_of(
        self, role: str, shop: Shop | None = None, buyer: User | None = None
    ) -> User | None:
        if role == "nobody":
            return None
        if role == "staff":
            return self.admin
        if role == "merchant":
            return self.members[(shop or Shop.objects.get(code="shanlan")).pk].user
        return buyer or User.objects.get(username="linshu")

    def client_of(self, user: User | None) -> Client:
        key = user.pk if user else None
        if key not in self.clients:
            self.clients[key] = Client()
            if user:
                self.clients[key].force_login(user)
        return self.clients[key]

    def visits(self, place: Place) -> Iterator[Visit]:
        """Every way in which a place may be looked at, the most fitting first."""
        if place.kind == "model":
            yield from self._of_model(place)
            return
        if place.role == "anybody":
            for role in ("buyer", "merchant", "staff"):
                yield from self._of(place._replace(role=role))
            return
        yield from self._of(place)

    def _of(self, place: Place) -> Iterator[Visit]:
        finder = getattr(self, f"find_{place.finder or 'plain'}")
        for user, args, query in finder(place):
            try:
                yield Visit(place, user, reverse(place.name, kwargs=args) + query, args)
            except NoReverseMatch:
                url = reverse(place.name, args=list(args.values())) + query
                yield Visit(place, user, url, args)

    def _of_model(self, place: Place) -> Iterator[Visit]:
        _admin, _colon, stem = place.name.partition(":")
        model = MODELS[stem.removesuffix(f"_{place.finder}")]
        if place.finder in ("changelist", "add"):
            yield Visit(place, self.admin, reverse(place.name))
            return
        for row in model._default_manager.order_by("-pk")[:1]:
            yield Visit(place, self.admin, reverse(place.name, args=[row.pk]), {"pk": row.pk})

    # Finders: (user, arguments, query).

    def find_plain(self, place: Place) -> Iterator[Any]:
        yield self.user_of(place.role), {}, ""

    def find_tabs(self, place: Place) -> Iterator[Any]:
        page = self.client_of(self.user_of(place.role)).get(reverse(place.name))
        tabs = page.context.get("tabs") or []
        names = [
            getattr(tab, "name", None) or (tab[0] if isinstance(tab, tuple) else "") for tab in tabs
        ]
        for query in ["", *(f"?tab={name}" for name in names if name), "?q=nothing-like-it"]:
            yield self.user_of(place.role), {}, query

    def find_case(self, place: Place) -> Iterator[Any]:
        """The cases in which the step of this name may be taken, then any other."""
        step = place.name.rpartition(":")[2]
        step = {"call": "reveal_number"}.get(step, step)
        rest = []
        for case in self.cases:
            user = self.user_of(place.role, case.shop, case.buyer)
            found = user, {"code": case.code}, ""
            if step in STEPS and not case.refusal(step, user):
                yield found
            else:
                rest.append(found)
        yield from rest[:MOST_TRIED]

    def find_statuses(self, place: Place) -> Iterator[Any]:
        """One case of every status and state of its round."""
        seen = set()
        for case in self.cases:
            state = (case.status, case.round_state, case.stage, case.remedy, case.round_number)
            if state not in seen:
                seen.add(state)
                yield self.user_of(place.role, case.shop, case.buyer), {"code": case.code}, ""

    def find_work(self, place: Place) -> Iterator[Any]:
        kinds = {"job_failed": ["failed"], "job_file": ["file"], "job_progress": ["running"]}
        keys = kinds.get(place.name.rpartition(":")[2], ["failed", "file", "running"])
        for job in Job.objects.filter(key__in=keys).select_related("user").order_by("pk"):
            yield job.user, {"code": job.code}, ""

    def find_notice(self, place: Place) -> Iterator[Any]:
        user = self.user_of(place.role)
        for notice in Notice.objects.filter(user=user)[:1]:
            yield user, {"pk": notice.pk}, ""

    def find_upload(self, place: Place) -> Iterator[Any]:
        upload = Upload.objects.select_related("user").first()
        assert upload is not None
        yield upload.user, {"token": upload.token}, ""

    def find_original(self, place: Place) -> Iterator[Any]:
        for upload in Upload.objects.exclude(original="").order_by("pk")[:1]:
            yield self.admin, {"token": upload.token}, ""

    def find_sample(self, place: Place) -> Iterator[Any]:
        yield self.user_of(place.role), {"name": samples.TAOBAO_CSV}, ""

    def find_passkey(self, place: Place) -> Iterator[Any]:
        for proof in Authenticator.objects.filter(type=Authenticator.Type.WEBAUTHN):
            yield proof.user, {"pk": proof.pk}, ""

    def find_key(self, place: Place) -> Iterator[Any]:
        yield None, {"key": "no-such-key"}, ""

    def find_reset(self, place: Place) -> Iterator[Any]:
        user = self.user_of("buyer")
        assert user is not None
        key = default_token_generator.make_token(user)
        yield None, {"uidb36": int_to_base36(user.pk), "key": key}, ""

    def find_request(self, place: Place) -> Iterator[Any]:
        party = Party(place.role)
        for case in self.cases:
            for asked in case.requests.exclude(party=party).order_by("-pk"):
                user = self.user_of(place.role, case.shop, case.buyer)
                yield user, {"code": case.code, "pk": asked.pk}, ""

    def find_conversation(self, place: Place) -> Iterator[Any]:
        for line in OrderLine.objects.filter(messages__isnull=False).distinct():
            yield self.user_of(place.role, line.order.shop), {"pk": line.pk}, ""

    def find_order(self, place: Place) -> Iterator[Any]:
        for order in Order.objects.exclude(buyer=None).order_by("-pk")[:4]:
            args = {"shop": order.shop.code, "number": order.number}
            if place.role == "merchant":
                del args["shop"]
            yield self.user_of(place.role, order.shop, order.buyer), args, ""

    def find_line(self, place: Place) -> Iterator[Any]:
        orders = Order.objects.exclude(buyer=None).order_by("cases", "-pk")
        for order in orders[:60]:
            yield order.buyer, {"shop": order.shop.code, "number": order.number, "line": 1}, ""

    def find_kind(self, place: Place) -> Iterator[Any]:
        for user, args, query in self.find_line(place):
            for kind in (
                "refund_received",
                "refund_unshipped",
                "return_refund",
                "exchange",
                "resend",
            ):
                yield user, args | {"kind": kind}, query

    def find_proposal(self, place: Place) -> Iterator[Any]:
        for proposal in Proposal.objects.select_related("line__order__shop"):
            order = proposal.line.order
            args = {"shop": order.shop.code, "number": order.number}
            yield order.buyer, args | {"line": proposal.line.position, "pk": proposal.pk}, ""

    def find_service(self, place: Place) -> Iterator[Any]:
        for request in ServiceRequest.objects.all():
            yield request.buyer, {"number": request.number}, ""

    def find_figure(self, place: Place) -> Iterator[Any]:
        yield self.user_of(place.role), {"key": "intervention_rate"}, ""

    def find_worked(self, place: Place) -> Iterator[Any]:
        """A script that the shop has sent, as its own figures lead to it."""
        user = self.user_of(place.role)
        page = self.client_of(user).get(reverse("merchants:figures"))
        for _name, rows in page.context["worked"]:
            for row in rows[:1]:
                kind, code = row.tried.url.split("/")[-3:-1]
                yield user, {"kind": kind, "code": code}, ""

    def find_failed_job(self, place: Place) -> Iterator[Any]:
        for job in ImportJob.objects.filter(failed__gt=0).select_related("shop")[:1]:
            yield self.user_of(place.role, job.shop), {"code": job.code}, ""

    def find_note(self, place: Place) -> Iterator[Any]:
        for note in Note.objects.select_related("case__shop"):
            yield (
                self.user_of(place.role, note.case.shop),
                {"code": note.case.code, "pk": note.pk},
                "",
            )

    def find_tag(self, place: Place) -> Iterator[Any]:
        for case in Case.objects.filter(tags__isnull=False).select_related("shop"):
            args = {"code": case.code, "pk": case.tags.all()[0].pk}
            yield self.user_of(place.role, case.shop), args, ""

    def find_view(self, place: Place) -> Iterator[Any]:
        for view in SavedView.objects.select_related("member__user"):
            yield view.member.user, {"pk": view.pk}, ""

    def find_address(self, place: Place) -> Iterator[Any]:
        for address in ReturnAddress.objects.select_related("shop"):
            yield self.user_of(place.role, address.shop), {"pk": address.pk}, ""

    def find_rule(self, place: Place) -> Iterator[Any]:
        for rule in AgreeRule.objects.select_related("shop"):
            yield self.user_of(place.role, rule.shop), {"code": rule.code}, "?try=1"

    def find_script(self, place: Place) -> Iterator[Any]:
        for script in ShopScript.objects.select_related("shop"):
            yield self.user_of(place.role, script.shop), {"code": script.code}, ""

    def find_member(self, place: Place) -> Iterator[Any]:
        user = self.user_of(place.role)
        here = {"shop__members__user": user, "shop__members__active": True}
        for member in Member.objects.filter(**here).order_by("-pk")[:1]:
            yield user, {"pk": member.pk}, ""

    def find_job(self, place: Place) -> Iterator[Any]:
        for job in ImportJob.objects.select_related("shop")[:3]:
            yield self.user_of(place.role, job.shop), {"code": job.code}, ""

    def find_anything(self, place: Place) -> Iterator[Any]:
        yield self.admin, {"content_type_id": 1, "object_id": 1}, ""

    def find_app(self, place: Place) -> Iterator[Any]:
        for label in ("aftersales", "auth"):
            yield self.admin, {"app_label": label}, ""

    def find_user(self, place: Place) -> Iterator[Any]:
        yield self.admin, {"id": self.admin.pk}, ""

    def find_edition(self, place: Place) -> Iterator[Any]:
        for edition in Edition.objects.all()[:1]:
            yield self.admin, {"pk": edition.pk}, ""

    def find_simulation(self, place: Place) -> Iterator[Any]:
        for row in Simulation.objects.all()[:1]:
            yield self.admin, {"pk": row.pk}, ""

    def find_order_row(self, place: Place) -> Iterator[Any]:
        for order in Order.objects.order_by("-pk")[:1]:
            yield self.admin, {"pk": order.pk}, ""

    def find_shop(self, place: Place) -> Iterator[Any]:
        for shop in Shop.objects.all()[:1]:
            yield self.admin, {"pk": shop.pk}, ""

    def find_behind(self, place: Place) -> Iterator[Any]:
        for user, args, query in self.find_shop(place):
            yield user, args | {"key": "intervention_rate"}, query

    def find_shop_worked(self, place: Place) -> Iterator[Any]:
        shop = Shop.objects.get(code="shanlan")
        for _user, args, query in self.find_worked(place._replace(role="merchant")):
            yield self.admin, {"pk": shop.pk} | args, query

    def find_intervention(self, place: Place) -> Iterator[Any]:
        for asked in Intervention.objects.order_by("-pk"):
            yield self.admin, {"pk": asked.pk}, ""


MODELS: dict[str, type[Model]] = {
    f"{m._meta.app_label}_{m._meta.model_name}": m for m in admin.site._registry
}
