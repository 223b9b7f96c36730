"""From documents to Markdown."""

from collections.abc import Iterable

from wren_core.contract.events import Attachment, Email, ManualStart, Message, ScheduleTick, WebhookRequest
from wren_core.export.docs import IntegrationDocs, MethodDoc, ParamDoc, RecordDoc, record_doc

EVENTS = (ScheduleTick, ManualStart, Email, Attachment, WebhookRequest, Message)
_TAKEN_RECORDS = (
    "A record with a column `required` is what a method takes: a dict with these keys, or the record itself."
)

_EVENTS = "A function with a trigger may take one argument: the event that started it. Times are aware, in UTC."


def to_markdown(docs: IntegrationDocs) -> str:
    """Render one integration: what it is, how to start, every method with its parameters."""
    parts = [f"# {docs.display_name}", docs.description, _usage(docs)]
    if docs.init_params:
        parts += ["## Configuration", _table(docs.init_params)]
    parts.append("## Methods")
    parts += [method_to_markdown(method) for method in docs.methods]
    if docs.records:
        parts.append("## Records")
        if any(record.is_taken for record in docs.records):
            parts.append(_TAKEN_RECORDS)
        parts += [_record(record) for record in docs.records]
    return "\n\n".join(part for part in parts if part) + "\n"


def render_events() -> str:
    """Render the events that triggers pass to functions, with their attributes."""
    parts = ["# Events", _EVENTS, *(_record(record_doc(event), level="##") for event in EVENTS)]
    return "\n\n".join(parts) + "\n"


def render_all(docs: Iterable[IntegrationDocs]) -> str:
    """Render several integrations, in the order given, as one document."""
    return "\n".join(to_markdown(item) for item in docs)


def _usage(docs: IntegrationDocs) -> str:
    auth = "Needs no credential." if docs.auth_type == "none" else f"Connect: `wren connect {docs.name}`."
    if docs.env_vars:
        auth += f" Locally it reads {', '.join(f'`{name}`' for name in docs.env_vars)}."
    return f"```python\n{docs.example}```\n\n{auth}" if docs.example else auth


def method_to_markdown(method: MethodDoc) -> str:
    """Render one method: its signature, its parameters, what it returns and needs."""
    parts = [f"### `{method.signature}`", method.description]
    if not method.has_handler:
        parts.append("No handler: a call is refused until a request or a plugin performs it.")
    if method.params:
        parts.append(_table(method.params))
    facts = [f"Returns: {method.returns}.", f"Effect: {method.effect}."]
    if method.scopes:
        facts.append(f"Scopes: {', '.join(f'`{scope}`' for scope in method.scopes)}.")
    parts.append(" ".join(facts))
    if method.example:
        parts.append(f"```python\n{method.example}\n```")
    return "\n\n".join(parts)


def _record(record: RecordDoc, *, level: str = "###") -> str:
    table = _table(record.fields) if record.is_taken else attribute_table(record.fields)
    return "\n\n".join(part for part in (f"{level} `{record.name}`", record.description, table) if part)


def attribute_table(fields: Iterable[ParamDoc]) -> str:
    """Render the attributes of an object in a script."""
    rows = [f"| `{_cell(field.name)}` | {_cell(field.type)} | {_cell(field.description)} |" for field in fields]
    return "\n".join(["| attribute | type | description |", "|---|---|---|", *rows])


def _table(params: Iterable[ParamDoc]) -> str:
    rows = [
        f"| `{_cell(param.name)}` | {_cell(param.type)} | {_format_default(param)} | {_cell(param.description)} |"
        for param in params
    ]
    return "\n".join(["| parameter | type | required | description |", "|---|---|---|---|", *rows])


def _format_default(param: ParamDoc) -> str:
    return "yes" if param.required else f"no, `{_cell(str(param.default))}`"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
