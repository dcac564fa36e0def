"""Models: the protocol that the sampler uses, its implementations, and the functions that load them."""
