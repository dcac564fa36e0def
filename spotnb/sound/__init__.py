"""Sound processing without torch: lengths, log-mel spectrograms, files, loudness and seam measures."""
