"""Ship the reasons that overrule the freight table and the limit of a supplement's window."""

from django.db import migrations

from aftersales import catalogue


def ship(apps, schema_editor):
    catalogue.load(apps=apps)


class Migration(migrations.Migration):
    dependencies = [("aftersales", "0036_rulings_and_suspensions")]
    operations = [migrations.RunPython(ship, migrations.RunPython.noop)]
