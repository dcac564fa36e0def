"""Where tiles, shifts and seams fall: whole numbers, without torch."""
