"""Ship the time in which fresh goods are said to be spoiled; what staff have edited stays."""

from django.db import migrations

from aftersales import catalogue


def ship(apps, schema_editor):
    catalogue.load(apps=apps)


class Migration(migrations.Migration):
    dependencies = [("aftersales", "0049_windows_by_phase_and_category")]
    operations = [migrations.RunPython(ship, migrations.RunPython.noop)]
