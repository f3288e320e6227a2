"""Load the shipped catalogue into a new database; what staff have edited is never touched."""

from django.db import migrations

from aftersales import catalogue


def ship(apps, schema_editor):
    catalogue.load(apps=apps)


class Migration(migrations.Migration):
    dependencies = [("aftersales", "0002_append_only_events")]
    operations = [migrations.RunPython(ship, migrations.RunPython.noop)]
