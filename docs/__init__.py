"""The site: the executed course and the API as static pages, for file:// and no network; `python -m docs.build`."""
