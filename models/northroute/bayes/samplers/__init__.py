"""Samplers: nutpie on the compiled density; PyMC and NumPyro on the plain statement; drafts by Laplace."""
