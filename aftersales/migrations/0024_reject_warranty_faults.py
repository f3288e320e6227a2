"""A fault in warranty (R18) may turn out to be none, or the user's own doing (RR-05, RR-13)."""

from django.db import migrations


def add(apps, schema_editor):
    reason = apps.get_model("aftersales", "Reason").objects.filter(code="R18").first()
    for row in apps.get_model("aftersales", "RejectReason").objects.filter(code__in=["RR-05", "RR-13"]):
        if reason is not None and row.reasons.exists():
            row.reasons.add(reason)


class Migration(migrations.Migration):
    dependencies = [("aftersales", "0023_ship_channels")]
    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
