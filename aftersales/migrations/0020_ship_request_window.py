"""Ship the window of formal requests; what staff have edited is never touched."""

from django.db import migrations

from aftersales import catalogue


def ship(apps, schema_editor):
    catalogue.load(apps=apps)


class Migration(migrations.Migration):
    dependencies = [("aftersales", "0019_formal_requests")]
    operations = [migrations.RunPython(ship, migrations.RunPython.noop)]
