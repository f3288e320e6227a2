"""What only PostgreSQL can: a history that refuses change, and the night's indexes by day."""

from django.db import migrations

REFUSE = """
CREATE FUNCTION aftersales_event_refuse() RETURNS trigger AS $$
BEGIN
    RAISE EXCEPTION 'the history is append-only';
END
$$ LANGUAGE plpgsql;
CREATE TRIGGER aftersales_event_append_only
    BEFORE DELETE OR UPDATE OF id, case_id, version, step, party, user_id, before, after,
        details, at, key, hash ON aftersales_event
    FOR EACH ROW EXECUTE FUNCTION aftersales_event_refuse();
"""
ALLOW = """
DROP TRIGGER aftersales_event_append_only ON aftersales_event;
DROP FUNCTION aftersales_event_refuse();
"""
INDEXES = {  # the night's roll-up reads a day of rows that lie together: next to nothing to keep
    "event_by_day": ("aftersales_event", "at"),
    "order_by_day": ("aftersales_order", "paid_at"),
}


def add(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(REFUSE)
        for name, (table, column) in INDEXES.items():
            schema_editor.execute(f"CREATE INDEX {name} ON {table} USING brin ({column})")


def remove(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for name in INDEXES:
            schema_editor.execute(f"DROP INDEX {name}")
        schema_editor.execute(ALLOW)


class Migration(migrations.Migration):
    dependencies = [("aftersales", "0001_initial")]
    operations = [migrations.RunPython(add, remove)]
