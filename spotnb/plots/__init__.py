"""Matplotlib plots of sounds, latents and tilings."""
