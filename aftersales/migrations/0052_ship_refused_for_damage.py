"""Ship the refusal at the door for damage, and whose proof a fault in warranty is."""

from django.db import migrations

from aftersales import catalogue


def ship(apps, schema_editor):
    catalogue.load(apps=apps)
    warranty = apps.get_model("aftersales.Reason").objects.filter(code="R18")
    warranty.filter(burden="merchant_first", replaced_at=None).update(burden="durable")


class Migration(migrations.Migration):
    dependencies = [("aftersales", "0051_durable_goods_and_consent")]
    operations = [migrations.RunPython(ship, migrations.RunPython.noop)]
