"""A coupon given in a plan is a payout; words and results of a round fit the buyer's reason."""

from django.db import migrations, models


def narrow(apps, schema_editor):
    def every(name):
        return apps.get_model("aftersales", name).objects

    def rows(name, *codes):
        return every(name).filter(code__in=codes)

    missing = rows("Outcome", "evidence_missing")
    missing.filter(when="").update(when="parts_missing")
    rows("Outcome", "evidence_described", "evidence_quality").filter(when="").update(
        when="nothing_missing"
    )
    for script in rows("Script", "SC-09"):
        if not script.reasons.exists():
            script.reasons.set(rows("Reason", "R3", "R4", "R9"))
    forms = every("StepForm").filter(step="round_2")
    added = {"logistics_refund": missing, "missing_resend": rows("Outcome", "evidence_quality")}
    for code, outcomes in added.items():
        for form in forms.filter(scenario__code=code):
            form.outcomes.add(*outcomes)


class Migration(migrations.Migration):
    dependencies = [("aftersales", "0044_pulse")]
    operations = [
        migrations.AlterField(
            model_name="refund",
            name="purpose",
            field=models.CharField(
                choices=[
                    ("refund", "退款"),
                    ("freight", "运费补偿"),
                    ("coupon", "退回优惠券"),
                    ("points", "退回积分"),
                    ("goodwill", "补偿优惠券"),
                ],
                default="refund",
                max_length=20,
                verbose_name="用途",
            ),
        ),
        migrations.RunPython(narrow, migrations.RunPython.noop),
    ]
