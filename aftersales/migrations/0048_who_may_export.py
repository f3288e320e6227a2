"""Who manages a shop may also take its lists out of the house, until the shop says otherwise."""

from typing import Any

from django.db import migrations


def let_managers_export(apps: Any, schema_editor: Any) -> None:
    for member in apps.get_model("aftersales.Member").objects.all():
        if "manage" in member.permissions and "export" not in member.permissions:
            member.permissions = [*member.permissions, "export"]
            member.save(update_fields=["permissions"])


class Migration(migrations.Migration):
    dependencies = [("aftersales", "0047_jobs")]

    operations = [migrations.RunPython(let_managers_export, migrations.RunPython.noop)]
