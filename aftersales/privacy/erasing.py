"""账号注销: what names a person goes; the case, its money and its history stay, under a number."""

from typing import Any

import structlog
from allauth.account.models import EmailAddress
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction

from aftersales import clock
from aftersales.enums import ENDED
from aftersales.models import Case, Draft, Notice, Order, ServiceRequest, Session, User
from aftersales.privacy import retention

ERASED = "已注销用户"  # stored, so that every list and paper names the account alike

log = structlog.get_logger(__name__)


def refusals(user: User) -> list[str]:
    """Why the account can't be erased now, for whoever runs the command; empty if it can."""
    found = []
    running = Case.objects.filter(buyer=user).exclude(status__in=ENDED)
    found += [f"case {code} is open" for code in running.values_list("code", flat=True)]
    asked = ServiceRequest.objects.for_buyer(user).open()
    found += [f"request {number} is open" for number in asked.values_list("number", flat=True)]
    shops = user.memberships.filter(active=True).values_list("shop__name", flat=True)
    found += [f"is a member of {name}: take him off duty first" for name in shops]
    if user.is_staff:
        found.append("is staff: take that away first")
    return found


def goes(user: User) -> dict[str, int]:
    """What erasing deletes or empties, as rows by model."""
    return {
        "order contacts": _orders(user).count(),
        "draft": Draft.objects.filter(user=user).count(),
        "notice": Notice.objects.filter(user=user).count(),
        "upload never put forward": _loose(user).count(),
        "e-mail address": EmailAddress.objects.filter(user=user).count(),
        "session": user.sessions.count(),
    }


def stays(user: User) -> dict[str, int]:
    """What goes on pointing at the account's number, as rows by model: history, evidence, money."""
    gone = {Draft, Notice, EmailAddress, Session}
    found = {}
    for relation in User._meta.get_fields(include_hidden=True):
        model: Any = relation.related_model
        if not relation.auto_created or relation.concrete or model in gone:
            continue
        if not (relation.one_to_many or relation.one_to_one):
            continue
        name = relation.field.name  # type: ignore[union-attr]
        if many := model._base_manager.filter(**{name: user.pk}).count():
            label = f"{model._meta.model_name}.{name}"
            found[label] = many
    return found


def erase(user: User) -> None:
    """Take away all that names the person. Events name him by number alone, so every hash holds."""
    number = user.pk
    with transaction.atomic():
        retention.drop_contacts(list(_orders(user).values_list("pk", flat=True)), buyer_nick="")
        Draft.objects.filter(user=user).delete()
        Notice.objects.filter(user=user).delete()
        retention.drop_uploads(list(_loose(user).values_list("pk", flat=True)))
        EmailAddress.objects.filter(user=user).delete()
        user.sessions.all().delete()
        kind = ContentType.objects.get_for_model(User)
        LogEntry.objects.filter(content_type=kind, object_id=str(number)).update(object_repr=ERASED)
        for field in User._meta.concrete_fields:
            if not field.primary_key and field.has_default():
                setattr(user, field.attname, field.get_default())
            elif field.null:
                setattr(user, field.attname, None)
            elif field.empty_strings_allowed:
                setattr(user, field.attname, "")
        user.username, user.nick, user.is_active = f"erased-{number}", ERASED, False
        user.set_unusable_password()
        user.save()
        user.groups.clear()
        user.user_permissions.clear()
    log.info("account_erased", account=number, at=clock.now().isoformat())


def _orders(user: User) -> Any:
    return Order.objects.filter(buyer=user)


def _loose(user: User) -> Any:
    return retention.uploads(clock.now()).filter(user=user)
