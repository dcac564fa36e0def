"""One click to open the course: what Binder builds, and the links and cells that lead there and to Google Colab."""
