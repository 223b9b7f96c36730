"""Renders the reference pages of the documentation from docstrings."""
