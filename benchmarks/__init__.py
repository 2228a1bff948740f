"""Benchmarks, each compared with a plain baseline that is measured in the same run."""
