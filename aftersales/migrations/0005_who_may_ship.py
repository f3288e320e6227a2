"""Who handles parcels that come back also sends parcels out, until the shop says otherwise."""

from typing import Any

from django.db import migrations


def let_receivers_ship(apps: Any, schema_editor: Any) -> None:
    for member in apps.get_model("aftersales", "Member").objects.all():
        if "receive" in member.permissions and "ship" not in member.permissions:
            member.permissions = [*member.permissions, "ship"]
            member.save(update_fields=["permissions"])


class Migration(migrations.Migration):
    dependencies = [("aftersales", "0004_say_what_is_on_its_way")]

    operations = [migrations.RunPython(let_receivers_ship, migrations.RunPython.noop)]
