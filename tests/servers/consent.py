"""Submit the consent page of a fake as a person in a browser does, and stop at the redirect."""

import html
import re
from urllib.parse import urljoin

import httpx2

from wren_core.testing.patience import patience

FORM = re.compile(r"<form\b([^>]*)>(.*?)</form>", re.DOTALL | re.IGNORECASE)
INPUT = re.compile(r"<(?:input|button)\b([^>]*)>", re.IGNORECASE)
ATTRIBUTE = re.compile(r"""([\w-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")


def consent_google(authorize_url: str, *, email: str) -> str:
    """Consent as the user with this e-mail address; return the URL of the redirect."""
    return _click(authorize_url, field="email", value=email)


def consent_slack(authorize_url: str, *, user: str | None = None) -> str:
    """Consent as the user with this Slack id, or as the first user; return the URL of the redirect."""
    return _click(authorize_url, field="user_id", value=user)


def consent_github(authorize_url: str, *, login: str) -> str:
    """Consent as the user with this login name; return the URL of the redirect."""
    return _click(authorize_url, field="login", value=login)


def _click(authorize_url: str, *, field: str, value: str | None) -> str:
    page = httpx2.get(authorize_url, timeout=patience(5))
    if page.status_code != 200:
        raise LookupError(f"the consent page answered {page.status_code}: {page.text[:500]}")
    for attributes, body in FORM.findall(page.text):
        fields = _fields(body)
        if field in fields and value in (None, fields[field]):
            action = urljoin(authorize_url, _attributes(attributes)["action"])
            return httpx2.post(action, data=fields, timeout=patience(5)).headers["location"]
    raise LookupError(f"no consent form with {field}={value!r} on {authorize_url}")


def _fields(form: str) -> dict[str, str]:
    inputs = map(_attributes, INPUT.findall(form))
    return {each["name"]: each.get("value", "") for each in inputs if "name" in each}


def _attributes(tag: str) -> dict[str, str]:
    return {name: html.unescape(double or single) for name, double, single in ATTRIBUTE.findall(tag)}
