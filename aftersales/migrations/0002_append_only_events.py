"""Events are only added: PostgreSQL refuses to change or delete one. Delivery marks are free."""

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


def refuse(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(REFUSE)


def allow(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(ALLOW)


class Migration(migrations.Migration):
    dependencies = [("aftersales", "0001_initial")]
    operations = [migrations.RunPython(refuse, allow)]
