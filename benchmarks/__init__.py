"""Benchmarks of the fused model, outside the DAG: `python -m benchmarks --help`."""
