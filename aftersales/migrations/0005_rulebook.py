"""A mark that moves with every change of the catalogue, so that it can be kept in memory."""

from django.db import migrations, models

CATALOGUE = ["Reason", "Plan", "Script", "Outcome", "RejectReason", "Proof", "Risk", "Scenario", "StepForm"]

MARK = """
CREATE FUNCTION aftersales_rulebook_changed() RETURNS trigger AS $$
BEGIN
    INSERT INTO aftersales_rulebookmark (id, mark) VALUES (1, gen_random_uuid())
        ON CONFLICT (id) DO UPDATE SET mark = excluded.mark;
    RETURN NULL;
END
$$ LANGUAGE plpgsql;
INSERT INTO aftersales_rulebookmark (id, mark) VALUES (1, gen_random_uuid());
"""
ON_CHANGE = """
CREATE TRIGGER aftersales_rulebook AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON %s
    FOR EACH STATEMENT EXECUTE FUNCTION aftersales_rulebook_changed();
"""


def tables(apps):
    for name in CATALOGUE:
        options = apps.get_model("aftersales", name)._meta
        yield options.db_table
        for field in options.local_many_to_many:
            yield field.remote_field.through._meta.db_table


def add(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(MARK)
        for table in tables(apps):
            schema_editor.execute(ON_CHANGE % schema_editor.quote_name(table))


def remove(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP FUNCTION aftersales_rulebook_changed() CASCADE")


class Migration(migrations.Migration):
    dependencies = [("aftersales", "0004_sealed_originals")]
    operations = [
        migrations.CreateModel(
            name="RulebookMark",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("mark", models.UUIDField()),
            ],
            options={"verbose_name": "rulebook mark"},
        ),
        migrations.RunPython(add, remove),
    ]
