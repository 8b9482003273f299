"""The tables, and a first note."""

from django.db import migrations, models


def first_note(apps, schema_editor):
    note = apps.get_model("django_app", "Note").objects.create(text="Buy milk")
    note.tags.create(name="food")


class Migration(migrations.Migration):
    """Made by makemigrations, with data."""

    initial = True
    operations = [
        migrations.CreateModel(
            name="Tag",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.SlugField(unique=True)),
            ],
        ),
        migrations.CreateModel(
            name="Note",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("text", models.CharField(max_length=200)),
                ("done", models.BooleanField(default=False)),
                ("tags", models.ManyToManyField(blank=True, to="django_app.tag")),
            ],
        ),
        migrations.RunPython(first_note),
    ]
