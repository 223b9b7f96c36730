"""Secrets in text: a value as it is, and in the forms libraries give it."""

from collections.abc import Iterable
from functools import cache

from wren_core.contract import secret_forms

# Thousands of texts are looked through for the same secrets of a fake.
_forms = cache(secret_forms.forms)


def find_leak(text: str, secrets: Iterable[str]) -> str | None:
    """Return the form in which a secret stands in a text, such as `base64`; None where there is none."""
    return next((form for secret in secrets for form, value in _forms(secret) if value in text), None)
