"""Taichi on CPUs: kernels compiled at the first call, whose outermost loop runs on its threads."""
