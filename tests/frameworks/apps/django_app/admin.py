"""Notes in the admin."""

from django.contrib import admin

from django_app.models import Note, Tag

admin.site.register(Tag)


@admin.register(Note)
class NoteAdmin(admin.ModelAdmin):
    """The list, with a filter and a search."""

    list_display = ["text", "done"]
    list_filter = ["done", "tags"]
    search_fields = ["text"]
