"""A run: settings, windows, guidance, steps and the sampler that drives them."""
