"""Ship whom a buyer can turn to outside the platform; what staff have edited is never touched."""

from django.db import migrations

from aftersales import catalogue


def ship(apps, schema_editor):
    catalogue.load(apps=apps)


class Migration(migrations.Migration):
    dependencies = [("aftersales", "0022_outside_channels")]
    operations = [migrations.RunPython(ship, migrations.RunPython.noop)]
