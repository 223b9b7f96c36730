"""Benchmarks of Wren and comparable tools: `nox -s bench`, or `python -m bench [NAME ...]`."""
