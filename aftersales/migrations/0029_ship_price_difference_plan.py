"""Bring the plan of a price difference to a database in use; what staff have edited is never touched."""

from django.db import migrations

from aftersales import catalogue


def ship(apps, schema_editor):
    catalogue.load(apps=apps)


class Migration(migrations.Migration):
    dependencies = [("aftersales", "0028_evidence_labels_in_both_languages")]
    operations = [migrations.RunPython(ship, migrations.RunPython.noop)]
