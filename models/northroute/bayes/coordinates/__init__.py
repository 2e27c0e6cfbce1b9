"""The coordinates in which the sampler moves: centred by the data, straightened; adapted from a mode or a pilot."""
