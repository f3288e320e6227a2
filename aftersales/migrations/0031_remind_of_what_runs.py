from django.db import migrations
from django.db.models import F, OuterRef, Subquery


def begin(apps, schema_editor):
    """Open cases: their clock began with their last change of status, and the sweep finds the mark."""
    Case, Event, Notice = (apps.get_model("aftersales", name) for name in ("Case", "Event", "Notice"))
    moves = Event.objects.filter(case=OuterRef("pk")).exclude(before=F("after")).order_by("-version")
    running = Case.objects.filter(due_at__isnull=False, closed_at=None)
    running.update(due_from=Subquery(moves.values("at")[:1]))
    running.filter(due_from__isnull=False).update(remind_at=F("due_from"))
    told = Event.objects.filter(pk=OuterRef("event_id"))
    Notice.objects.filter(event__isnull=False).update(kind=Subquery(told.values("step")[:1]))


class Migration(migrations.Migration):
    dependencies = [("aftersales", "0030_reminders_and_folding")]
    operations = [migrations.RunPython(begin, migrations.RunPython.noop)]
