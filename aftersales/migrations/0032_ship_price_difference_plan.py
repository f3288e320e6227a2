"""Bring the plan of a price difference to a database in use; what staff have edited is never touched."""

from django.db import migrations

from aftersales import catalogue


def ship(apps, schema_editor):
    catalogue.load(apps=apps)


class Migration(migrations.Migration):
    dependencies = [("aftersales", "0031_remind_of_what_runs")]
    operations = [migrations.RunPython(ship, migrations.RunPython.noop)]
