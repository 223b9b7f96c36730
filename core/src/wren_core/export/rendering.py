"""From documents to Markdown."""

from collections.abc import Iterable

from wren_core.export.docs import IntegrationDocs, MethodDoc, ParamDoc, RecordDoc


def to_markdown(docs: IntegrationDocs) -> str:
    """Render one integration: what it is, how to start, every method with its parameters."""
    parts = [f"# {docs.display_name}", docs.description, _usage(docs)]
    if docs.config:
        parts += ["## Configuration", _table(docs.config)]
    parts.append("## Methods")
    parts += [method_to_markdown(method) for method in docs.methods]
    if docs.records:
        parts.append("## Records")
        parts += [_record(record) for record in docs.records]
    return "\n\n".join(part for part in parts if part) + "\n"


def render_all(docs: Iterable[IntegrationDocs]) -> str:
    """Render several integrations, in the order given, as one document."""
    return "\n".join(to_markdown(item) for item in docs)


def _usage(docs: IntegrationDocs) -> str:
    lines = ["```python", "import wren", "", f"{docs.name} = wren.integrations.{docs.name}.init()", "```"]
    auth = "Needs no credential." if docs.auth_type == "none" else f"Connect: `wren connect {docs.name}`."
    if docs.env_vars:
        auth += f" Locally it reads {', '.join(f'`{name}`' for name in docs.env_vars)}."
    return "\n".join(lines) + "\n\n" + auth


def method_to_markdown(method: MethodDoc) -> str:
    """Render one method: its signature, its parameters, what it returns and needs."""
    parts = [f"### `{method.signature}`", method.description]
    if method.params:
        parts.append(_table(method.params))
    facts = [f"Returns: {method.returns}.", f"Effect: {method.effect}."]
    if method.scopes:
        facts.append(f"Scopes: {', '.join(f'`{scope}`' for scope in method.scopes)}.")
    parts.append(" ".join(facts))
    if method.example:
        parts.append(f"```python\n{method.example}\n```")
    return "\n\n".join(parts)


def _record(record: RecordDoc) -> str:
    rows = [f"| `{_cell(field.name)}` | {_cell(field.type)} | {_cell(field.description)} |" for field in record.fields]
    table = "\n".join(["| attribute | type | description |", "|---|---|---|", *rows])
    return "\n\n".join(part for part in (f"### `{record.name}`", record.description, table) if part)


def _table(params: Iterable[ParamDoc]) -> str:
    rows = [
        f"| `{_cell(param.name)}` | {_cell(param.type)} | {_required(param)} | {_cell(param.description)} |"
        for param in params
    ]
    return "\n".join(["| parameter | type | required | description |", "|---|---|---|---|", *rows])


def _required(param: ParamDoc) -> str:
    return "yes" if param.required else f"no, `{_cell(repr(param.default))}`"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
