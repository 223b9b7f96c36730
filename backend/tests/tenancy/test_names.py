import pytest

from wren_backend.tenancy.names import MAX_NAME_LENGTH, clean_name, name_key
from wren_core.errors import InvalidInput


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("daily_report", "daily_report"),
        ("  daily report ", "daily report"),
        ("Bericht für Köln", "Bericht für Köln"),
        ("cafe\u0301", "café"),
        ("日報", "日報"),
        ("v1.2", "v1.2"),
        ("x" * MAX_NAME_LENGTH, "x" * MAX_NAME_LENGTH),
    ],
)
def test_a_name_is_kept_as_written_in_one_unicode_form(raw, name):
    assert clean_name(raw) == name


@pytest.mark.parametrize(
    "raw",
    [
        *("", "   ", "x" * (MAX_NAME_LENGTH + 1), "x" * 10_000),
        *("a\x00b", "a\nb", "\ud800", "\u202eevil", "zero\u200bwidth", "\u2028", "\ue000"),
        *("../../etc/x", "/etc/x", "a\\b", "..", ".", "%2e%2e%2f", "%2E"),
    ],
)
def test_a_name_that_hides_something_or_reads_like_a_path_is_refused(raw):
    with pytest.raises(InvalidInput) as caught:
        clean_name(raw)

    assert (caught.value.type, caught.value.code) == ("AgentFixableError", "NAME_INVALID")
    assert caught.value.details == {"field": "name"}
    str(caught.value).encode()


@pytest.mark.parametrize(
    ("one", "other"),
    [("Report", "rEPORT"), ("Straße", "STRASSE"), ("ﬁle", "file"), ("\uff21", "a"), ("²", "2"), ("Å", "Å")],
)
def test_names_a_person_takes_for_the_same_have_one_key(one, other):
    assert name_key(one) == name_key(other)


def test_different_names_have_different_keys():
    assert len({name_key(name) for name in ("report", "reports", "re port", "rëport")}) == 4
