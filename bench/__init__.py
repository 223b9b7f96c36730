"""Benchmarks of Wren beside its peers: `nox -s bench`, or `python -m bench [NAME ...]`."""
