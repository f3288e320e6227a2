"""How a shop bears the way back is part of a plan; shipping late asks for a tick and rules out nothing."""

from django.db import migrations, models

from aftersales import catalogue


def unblock(apps, schema_editor):
    """RW-07 is a hard warning where nothing was shipped, and otherwise only asks for a tick."""
    for late in apps.get_model("aftersales.Risk").objects.filter(code="RW-07"):
        late.blocks.remove(*late.blocks.filter(code="RR-01"))
    catalogue.load(apps=apps)  # the edition in force follows the rows


class Migration(migrations.Migration):
    dependencies = [("aftersales", "0045_goodwill_coupons")]
    operations = [
        migrations.AddField(
            model_name="freightclaim",
            name="most",
            field=models.DecimalField(
                decimal_places=2, max_digits=12, null=True, verbose_name="约定的运费上限"
            ),
        ),
        migrations.AddField(
            model_name="freightclaim",
            name="pickup",
            field=models.BooleanField(default=False, verbose_name="商家安排上门取件"),
        ),
        migrations.RunPython(unblock, migrations.RunPython.noop),
    ]
