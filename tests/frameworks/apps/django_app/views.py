"""Notes, by sync and async views."""

import asyncio
import hashlib

from asgiref.sync import async_to_sync, sync_to_async
from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import IntegrityError, transaction
from django.http import HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import aget_object_or_404, redirect, render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST
from django.views.generic import ListView

from django_app.models import Note, Tag


class NoteForm(forms.ModelForm):
    class Meta:
        model = Note
        fields = ["text"]


def page(request):
    return render(request, "notes/page.html", {"notes": Note.objects.order_by("pk"), "form": NoteForm()})


@require_POST
def add(request):
    form = NoteForm(request.POST)
    if not form.is_valid():
        return render(request, "notes/page.html", {"notes": Note.objects.order_by("pk"), "form": form}, status=422)
    note = form.save()
    messages.success(request, f"Added {note}.")
    return redirect("page")


async def note(request, pk):
    note = await aget_object_or_404(Note, pk=pk)
    tags = [tag.name async for tag in note.tags.all()]
    return JsonResponse({"number": note.pk, "text": note.text, "tags": tags, "shout": request.GET.get("shout")})


class Notes(ListView):
    queryset = Note.objects.order_by("pk")
    paginate_by = 1
    template_name = "notes/list.html"


@login_required
def whoami(request):
    return HttpResponse(request.user.get_username(), content_type="text/plain")


@csrf_exempt
def upload(request):
    file = request.FILES["file"]
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    return JsonResponse({"name": file.name, "sha256": digest.hexdigest(), "kind": type(file).__name__})


def lines(request):
    return StreamingHttpResponse((f"line {number}\n" for number in range(500)), content_type="text/plain")


async def ticks(request):
    async def generate():
        for number in range(3):
            yield f"tick {number}\n"
            await asyncio.sleep(0)

    return StreamingHttpResponse(generate(), content_type="text/plain")


@require_GET
def sync(request):
    async def count():
        return await Note.objects.acount()

    return HttpResponse(f"{async_to_sync(count)()} notes", content_type="text/plain")


async def asynchronous(request):
    first = await Note.objects.order_by("pk").afirst()
    tag, made = await Tag.objects.aget_or_create(name="later")
    await first.tags.aadd(tag)
    count = await sync_to_async(first.tags.count)()
    user = await request.auser()
    return HttpResponse(f"{count} {made} {user.is_authenticated}", content_type="text/plain")


def transaction_view(request):
    try:
        with transaction.atomic():
            Tag.objects.create(name="once")
            Tag.objects.create(name="once")
    except IntegrityError as error:
        return HttpResponse(f"{error}: {Tag.objects.filter(name='once').count()} left", content_type="text/plain")


def broken(request):
    raise ValueError("This is what a traceback is for")
