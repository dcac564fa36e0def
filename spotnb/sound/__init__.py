"""Sound without a network: lengths, mel spectra, files, loudness and measures, without torch."""
