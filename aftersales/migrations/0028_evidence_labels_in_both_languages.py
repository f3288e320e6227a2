from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('aftersales', '0027_figures_by_one_pass'),
    ]

    operations = [
        migrations.RenameField('evidence', 'label', 'label_zh'),
        migrations.AddField(
            'evidence',
            'label_en',
            models.CharField(blank=True, max_length=120, verbose_name='英文名称'),
        ),
    ]
