"""Find secrets in text: the plain value, and the forms that libraries write it in."""

from collections.abc import Iterable
from functools import cache

from wren_core.contract import secret_forms

# Thousands of texts are searched for the same secrets of a fake.
_forms = cache(secret_forms.forms)


def find_leak(text: str, secrets: Iterable[str]) -> str | None:
    """Return the form of the first secret in a text, such as `base64`; None where there is none."""
    return next((form for secret in secrets for form, value in _forms(secret) if value in text), None)
