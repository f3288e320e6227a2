"""Deadlines that were computed until now stand on rows, so that an extension can move them."""

from datetime import timedelta

from django.db import migrations, models


def write_down(apps, schema_editor):
    """What was computed until now from the windows stamped on a case stands on its rows."""
    ruled = apps.get_model("aftersales.Intervention").objects.exclude(ruled_at=None)
    for asked in ruled.exclude(stage="declined").select_related("case").iterator():
        minutes = asked.case.windows.get("D13", 7 * 24 * 60)
        asked.appeal_by = asked.ruled_at + timedelta(minutes=minutes)
        asked.save(update_fields=["appeal_by"])
    cases = apps.get_model("aftersales", "Case").objects
    automatic = models.Q(status="closed_buyer_timeout") | models.Q(excused_at__isnull=False)
    for case in cases.filter(automatic).iterator():
        minutes = case.windows.get("grace", 7 * 24 * 60)
        since = max(filter(None, [case.closed_at, case.excused_at]))
        case.reopen_by = since + timedelta(minutes=minutes)
        case.save(update_fields=["reopen_by"])


class Migration(migrations.Migration):
    dependencies = [("aftersales", "0038_deadlines_that_move")]
    operations = [migrations.RunPython(write_down, migrations.RunPython.noop)]
