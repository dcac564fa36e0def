"""Models: the protocol that the sampler drives, and the ways to get one."""
