"""Solvers: how a noise prediction moves the full-length latent one denoising step forward."""
