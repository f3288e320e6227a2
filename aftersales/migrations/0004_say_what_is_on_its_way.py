"""The fact that RR-01 stands on is called what it means: on its way, not merely shipped."""

from django.db import migrations


def rename(apps, schema_editor):
    for name in ("RejectReason", "Outcome"):
        apps.get_model("aftersales", name).objects.filter(when="shipped").update(when="on_its_way")


class Migration(migrations.Migration):
    dependencies = [("aftersales", "0003_ship_catalogue")]
    operations = [migrations.RunPython(rename, migrations.RunPython.noop)]
