"""Rows under a case or an order carry their shop, and what is unique is so within a shop."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import OuterRef, Q, Subquery

OF_CASE = [
    *("Appeal", "Attempt", "CaseRequest", "Complaint", "DossierCopy", "Event", "Evidence", "Fault"),
    *("FreightClaim", "Intervention", "Note", "Offer", "Precheck", "Receipt", "Refund", "Round"),
    *("Supplement", "Suspension", "SuspensionProposal", "VirtualNumber"),
]
OF_ORDER = ["OrderChange", "OrderLine", "Parcel", "Payment"]
OF_LINE = ["Message", "Proposal"]
ALL = [*OF_CASE, *OF_ORDER, *OF_LINE]

UNIQUE = {  # a constraint's name: its model, its fields, its condition
    "case_once_per_code": ("Case", ["code"], None),
    "event_once_per_key": ("Event", ["case", "key"], ~Q(key="")),
    "event_once_per_version": ("Event", ["case", "version"], None),
    "intervention_one_open": (
        "Intervention",
        ["case"],
        Q(stage__in=["deciding", "evidence", "supplement"]),
    ),
    "line_once": ("OrderLine", ["order", "number"], None),
    "message_once_per_click": ("Message", ["line", "key"], ~Q(key="") & Q(line__isnull=False)),
    "parcel_once_per_order": ("Parcel", ["order", "tracking"], None),
    "refund_once_per_number": ("Refund", ["number"], None),
    "request_open_once": ("CaseRequest", ["case", "kind"], Q(state="open")),
    "round_once": ("Round", ["case", "series", "number"], None),
}
NEW = ["case_once_per_code", "refund_once_per_number"]

APPEND_ONLY = """
DROP TRIGGER aftersales_event_append_only ON aftersales_event;
CREATE TRIGGER aftersales_event_append_only
    BEFORE DELETE OR UPDATE OF id, case_id, %sversion, step, party, user_id, before, after,
        details, at, key, hash ON aftersales_event
    FOR EACH ROW EXECUTE FUNCTION aftersales_event_refuse();
"""


def shop(**options):
    return models.ForeignKey(
        db_constraint=False,
        db_index=False,
        editable=False,
        on_delete=django.db.models.deletion.DO_NOTHING,
        related_name="+",
        to="aftersales.shop",
        **options,
    )


def fill(apps, schema_editor):
    """One statement a table; lines of orders first, for others ask them."""

    def take(name, way, **which):
        rows = apps.get_model("aftersales", name).objects.filter(**which)
        above = apps.get_model("aftersales", way).objects
        link = {"Case": "case_id", "Order": "order_id", "OrderLine": "line_id"}[way]
        rows.update(shop_id=Subquery(above.filter(pk=OuterRef(link)).values("shop_id")))

    for name in OF_ORDER:
        take(name, "Order")
    for name in OF_LINE:
        take(name, "OrderLine", line__isnull=False)
    take("Message", "Case", case__isnull=False)
    for name in OF_CASE:
        take(name, "Case")


def protect(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(APPEND_ONLY % "shop_id, ")


def release(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(APPEND_ONLY % "")


def constraint(name):
    model, fields, condition = UNIQUE[name]
    within = models.UniqueConstraint(fields=[*fields, "shop"], condition=condition, name=name)
    return migrations.AddConstraint(model, within)


class Migration(migrations.Migration):
    dependencies = [("aftersales", "0005_rulebook")]
    operations = [
        *(migrations.AddField(name, "shop", shop(null=True)) for name in ALL),
        migrations.RunPython(fill, migrations.RunPython.noop),
        *(migrations.AlterField(name, "shop", shop()) for name in ALL),
        migrations.AlterField(
            "Case", "code", models.CharField(max_length=24, verbose_name="售后单号")
        ),
        migrations.AlterField(
            "Refund", "number", models.CharField(max_length=40, verbose_name="退款单号")
        ),
        *(
            migrations.RemoveConstraint(model, name)
            for name, (model, _fields, _condition) in UNIQUE.items()
            if name not in NEW
        ),
        *map(constraint, UNIQUE),
        migrations.RunPython(protect, release),
    ]
