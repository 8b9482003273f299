"""Notes, and how they are tagged."""

from django.db import models
from django.urls import reverse


class Tag(models.Model):
    """A word for several notes."""

    name = models.SlugField(unique=True)

    def __str__(self):
        return self.name


class Note(models.Model):
    """A thing to remember."""

    text = models.CharField(max_length=200)
    done = models.BooleanField(default=False)
    tags = models.ManyToManyField(Tag, blank=True)

    def __str__(self):
        return self.text

    def get_absolute_url(self):
        """Where the note is."""
        return reverse("note", args=[self.pk])
