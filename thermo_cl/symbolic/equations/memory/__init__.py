"""Kernels, families of them and integral feedback."""
