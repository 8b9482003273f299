"""One module a family of frameworks, each with its `FRAMEWORKS`; what most of them are asked is in `notes`."""
