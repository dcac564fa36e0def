"""The site: the executed course and the API as static pages that work offline; built by `python -m docs.build`."""
