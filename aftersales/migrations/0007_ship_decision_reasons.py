"""Ship the decision reasons and the platform's clocks; what staff have edited is never touched."""

from django.db import migrations

from aftersales import catalogue


def ship(apps, schema_editor):
    catalogue.load(apps=apps)


class Migration(migrations.Migration):
    dependencies = [("aftersales", "0006_platform_stages")]
    operations = [migrations.RunPython(ship, migrations.RunPython.noop)]
