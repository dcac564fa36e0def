"""Open the course with one click: files for Binder, and the links and cells that lead to Binder and Google Colab."""
