"""What is where."""

from django.contrib import admin
from django.urls import include, path

from django_app import views

urlpatterns = [
    path("", views.page, name="page"),
    path("notes", views.add, name="add"),
    path("notes/<int:pk>", views.note, name="note"),
    path("all", views.Notes.as_view()),
    path("whoami", views.whoami),
    path("upload", views.upload),
    path("lines", views.lines),
    path("ticks", views.ticks),
    path("sync", views.sync),
    path("async", views.asynchronous),
    path("transaction", views.transaction_view),
    path("broken", views.broken),
    path("accounts/", include("django.contrib.auth.urls")),
    path("admin/", admin.site.urls),
]
