"""Measures the fused model beside what it replaces, side by side: `python -m benchmarks --help`. Not in the DAG."""
