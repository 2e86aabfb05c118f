import departments.folded
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('departments', '0003_calendar_rule'),
    ]

    operations = [
        migrations.AddField(
            model_name='actionplan',
            name='folded',
            field=models.GeneratedField(db_persist=True, expression=departments.folded.Folded('summary'), output_field=models.TextField()),
        ),
        migrations.AddField(
            model_name='department',
            name='folded',
            field=models.GeneratedField(db_persist=True, expression=departments.folded.Folded('name'), output_field=models.TextField()),
        ),
        migrations.AddField(
            model_name='indicator',
            name='folded',
            field=models.GeneratedField(db_persist=True, expression=departments.folded.Folded('code', 'title'), output_field=models.TextField()),
        ),
        migrations.AddField(
            model_name='initiative',
            name='folded',
            field=models.GeneratedField(db_persist=True, expression=departments.folded.Folded('title', 'summary'), output_field=models.TextField()),
        ),
        migrations.AddField(
            model_name='measure',
            name='folded',
            field=models.GeneratedField(db_persist=True, expression=departments.folded.Folded('title', 'goal'), output_field=models.TextField()),
        ),
        migrations.AddField(
            model_name='theme',
            name='folded',
            field=models.GeneratedField(db_persist=True, expression=departments.folded.Folded('title'), output_field=models.TextField()),
        ),
        migrations.AddField(
            model_name='user',
            name='folded',
            field=models.GeneratedField(db_persist=True, expression=departments.folded.Folded('name'), output_field=models.TextField()),
        ),
    ]
