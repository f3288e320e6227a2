"""Bring the shipped rows of exchange, resend, repair and price difference to a database in use."""

from django.db import migrations

from aftersales import catalogue


def ship(apps, schema_editor):
    catalogue.load(apps=apps)
    for kind in ("reason", "reject_reason", "scenario"):
        model = apps.get_model("aftersales", catalogue.KINDS[kind])
        for shipped in catalogue.read(kind):
            row = model.objects.get(code=shipped["code"])
            row.types = [*row.types, *(name for name in shipped["types"] if name not in row.types)]
            row.save(update_fields=["types"])
    plans = apps.get_model("aftersales", "Plan").objects
    plans.filter(code__in=["exchange", "resend", "repair"]).update(active=True)


class Migration(migrations.Migration):
    dependencies = [("aftersales", "0016_goods_instead_of_money")]
    operations = [migrations.RunPython(ship, migrations.RunPython.noop)]
