from pathlib import Path
from typing import Annotated, get_args

import pytest

from wren_core import CredentialSpec, CredentialType, Integration, IntegrationConfig, IntegrationSpec, method
from wren_core.contract.events import Attachment, Event
from wren_core.contract.spec import ApiKeyConfig
from wren_core.export.docs import AuthType, IntegrationDocs, MethodDoc, ParamDoc, RecordDoc
from wren_core.export.rendering import render_all, render_events, to_markdown

GOLDEN = Path(__file__).parent / "golden"


class Notes(Integration):
    """Keep notes."""

    spec = IntegrationSpec(
        name="notes",
        display_name="Notes",
        auth=ApiKeyConfig(),
        credentials=[CredentialSpec(key="api_key", type=CredentialType.API_KEY, env_var="NOTES_API_KEY")],
    )

    class Config(IntegrationConfig):
        folder: Annotated[str, "Where notes\nare kept"] = "a|b"

    @method(effect="write", scopes=["notes:write"], example='notes.add("Buy milk")')
    def add(self, text: Annotated[str, "What to keep | remember"], pinned: bool = False) -> str:
        """Add a note.

        It is kept until it is deleted.
        """
        return text

    @method
    def list_all(self) -> list[str]:
        """List every note."""
        return []


def test_the_page_of_an_integration_is_the_golden_one():
    page = to_markdown(IntegrationDocs.from_spec(Notes.full_spec()))

    assert page == (GOLDEN / "notes.md").read_text()


def test_an_integration_without_a_credential_says_so():
    page = to_markdown(IntegrationDocs(name="cron", display_name="Cron", description="", auth_type="none"))

    assert "Needs no credential.\n\n## Methods" in page
    assert [part for part in ("wren connect", "Locally", "## Configuration", "\n\n\n") if part in page] == []


@pytest.mark.parametrize("text", ["a|b", "a\nb", "a\r\n| b"])
def test_nothing_an_author_writes_breaks_a_table(text):
    param = ParamDoc(name="x", type=text, description=text, required=False, default=text)
    docs = IntegrationDocs(
        name="x",
        display_name="X",
        description="",
        auth_type="none",
        methods=[MethodDoc(name="act", description="Act.", params=[param])],
    )

    rows = [line for line in to_markdown(docs).splitlines() if line.startswith("| `x`")]

    assert [len(row.replace("\\|", "").split("|")) for row in rows] == [6]


def test_several_integrations_become_one_document_in_the_order_given():
    pages = [IntegrationDocs(name=name, display_name=name, description="", auth_type="none") for name in ("b", "a")]

    document = render_all(pages)

    assert document == to_markdown(pages[0]) + "\n" + to_markdown(pages[1])


def test_what_methods_return_is_shown_attribute_by_attribute():
    fields = [ParamDoc(name="id", type="str", description="Identifier")]
    docs = IntegrationDocs(
        name="x",
        display_name="X",
        description="",
        auth_type=AuthType.NONE,
        records=[RecordDoc(name="Posted", description="As posted.", fields=fields)],
    )

    page = to_markdown(docs)

    assert "## Records\n\n### `Posted`\n\nAs posted.\n\n| attribute | type | description |" in page
    assert "| `id` | str | Identifier |" in page


def test_what_methods_take_is_shown_with_what_it_requires():
    fields = [ParamDoc(name="text", type="str", description="What to say")]
    record = RecordDoc(name="Turn", description="One turn.", fields=fields, is_taken=True)
    docs = IntegrationDocs(name="x", display_name="X", description="", auth_type=AuthType.NONE, records=[record])

    page = to_markdown(docs)

    assert "a dict with these keys" in page
    assert "| `text` | str | yes | What to say |" in page


def test_every_event_is_described_with_each_of_its_attributes():
    page = render_events()

    for event in (*get_args(Event), Attachment):
        assert f"## `{event.__name__}`" in page
        table = page.partition(f"## `{event.__name__}`")[2].partition("\n## ")[0]
        rows = [line.split("|") for line in table.splitlines() if line.startswith("| `")]
        assert [row[1].strip(" `") for row in rows] == list(event.model_fields)
        assert all(row[3].strip() for row in rows), f"an attribute of {event.__name__} is not explained"
    assert "| `scheduled_for` | datetime |" in page
    assert "| `attachments` | list[Attachment] |" in page
    assert "| `content` | bytes |" in page
