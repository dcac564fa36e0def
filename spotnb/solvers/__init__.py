"""How a noise prediction moves a whole latent one step towards sound."""
