"""The stub of one integration: its class with typed methods, and the arguments of `init`."""

import dataclasses
import inspect
from collections.abc import Mapping
from typing import Any, get_type_hints

from pydantic import BaseModel

from wren.stubs.annotation import Annotations, Imports, write_default
from wren.stubs.declaration import Argument, camel_case, is_name, write_class, write_function
from wren.stubs.schema_type import SchemaTypes
from wren_core.contract.integration import Integration
from wren_core.contract.methods import Method
from wren_core.contract.spec import MethodSpec

_ACCOUNT = Argument(
    name="account",
    annotation="str | None",
    default="None",
    keyword_only=True,
    description="Alias of one of several connections. Default: the default connection",
)


class StubModule:
    """Writes one integration."""

    def __init__(self, integration: type[Integration]) -> None:
        self._integration = integration
        self._spec = integration.full_spec()
        self._imports = Imports(taken=integration.methods())
        self._classes: dict[str, str] = {}
        self._title = integration.__name__ if is_name(integration.__name__) else camel_case(self._spec.name)
        self._annotations = Annotations(self._imports, self._declare_record)

    @property
    def handle(self) -> str:
        """Name of the class of `wren.integrations.<name>`."""
        return f"{self._title}Handle"

    def text(self) -> str:
        """Return the module, without a header."""
        base = self._imports.name("wren_core", "Integration")
        members = [self._write_method(self._integration.methods()[spec.id], spec) for spec in self._spec.methods]
        own = write_class(self._title, base, self._spec.description, members)
        parts = [*self._classes.values(), own, self._write_handle()]
        return "\n".join(self._imports.lines()) + "\n\n\n" + "\n\n\n".join(parts) + "\n"

    def _write_method(self, method: Method, spec: MethodSpec) -> str:
        hints = _read_hints(method)
        schema = spec.input_schema
        declared = self._schema_types(schema, method.id)
        properties: Mapping[str, Any] = schema.get("properties", {})
        arguments, unwritable = [], []
        for parameter in method.signature.parameters.values():
            if not is_name(parameter.name):
                unwritable.append(parameter.name)
                continue
            hint, part = hints.get(parameter.name), properties.get(parameter.name, {})
            if hint is None:
                annotation = declared.write_type(part, parameter.name)
            else:
                annotation = self._annotations.write_type(hint, as_input=True)
            arguments.append(_make_argument(parameter, annotation, part, is_declared=hint is None))
        if unwritable:
            arguments.append(self._make_rest_argument(unwritable))
        return write_function(
            spec.id, arguments, self._write_return_type(spec, hints), spec.description, spec.example or ""
        )

    def _write_return_type(self, spec: MethodSpec, hints: Mapping[str, Any]) -> str:
        if "return" in hints:
            return self._annotations.write_type(hints["return"])
        schema = spec.output_schema
        return self._schema_types(schema, spec.id, "result").write_type(schema) if schema else self._imports.any

    def _write_handle(self) -> str:
        schema = self._spec.config_schema
        declared = self._schema_types(schema, "config")
        arguments = [
            self._make_setting(name, part if isinstance(part, dict) else {}, declared)
            for name, part in schema.get("properties", {}).items()
            if is_name(name)
        ]
        arguments.append(_ACCOUNT)
        text = f"Return an instance of {self._spec.display_name}; it connects on the first call of a method."
        members = [
            "name: str",
            write_function("init", arguments, self._title, text),
            write_function(
                "get_docs", [], self._imports.name("wren_core.export.docs", "IntegrationDocs"), "Return the documents."
            ),
        ]
        return write_class(self.handle, "", f"`wren.integrations.{self._spec.name}`.", members)

    def _make_setting(self, name: str, part: Mapping[str, Any], declared: SchemaTypes) -> Argument:
        field = next(
            (item for key, item in self._integration.Config.model_fields.items() if name in (key, item.alias)), None
        )
        if field is None or _is_any(field.annotation):
            annotation = declared.write_type(part, name)
        else:
            annotation = self._annotations.write_type(field.annotation, as_input=True)
        # Nothing is required here: a connection or the operator may set it.
        default = write_default(part["default"], annotation) if "default" in part else "..."
        return Argument(
            name=name,
            annotation=annotation,
            default=default,
            keyword_only=True,
            description=str(part.get("description", "")),
        )

    def _schema_types(self, schema: Mapping[str, Any], *path: str) -> SchemaTypes:
        return SchemaTypes(self._imports, self._classes, schema, camel_case(self._title, *path))

    def _make_rest_argument(self, names: list[str]) -> Argument:
        text = f"arguments whose names are not valid in Python: {', '.join(names)}"
        return Argument(name="**more", annotation=self._imports.any, description=text)

    def _declare_record(self, cls: type) -> str | None:
        """Write a record that cannot be imported with its types; return its name."""
        if not (issubclass(cls, BaseModel) or dataclasses.is_dataclass(cls)):
            return None
        name = camel_case(cls.__name__)
        if name not in self._classes:
            self._classes[name] = ""  # reserved: a record may contain itself
            members = (f"{key}: {self._annotations.write_type(hint)}" for key, hint in _read_fields(cls).items())
            self._classes[name] = write_class(name, "", inspect.cleandoc(cls.__doc__ or ""), members)
        return name


def _make_argument(
    parameter: inspect.Parameter, annotation: str, part: Mapping[str, Any], *, is_declared: bool
) -> Argument:
    default = None if parameter.default is parameter.empty else write_default(parameter.default, annotation)
    if is_declared and default is not None and parameter.default is None:
        default = "..."  # None means "left out", whatever the type
    return Argument(
        name=parameter.name,
        annotation=annotation,
        default=default,
        keyword_only=parameter.kind is parameter.KEYWORD_ONLY,
        description=str(part.get("description", "")) if isinstance(part, Mapping) else "",
    )


def _read_hints(method: Method) -> dict[str, Any]:
    """Return the types of a signature; none if the method's function has other parameters."""
    written = list(inspect.signature(method.function).parameters)[1:]
    return get_type_hints(method.function, include_extras=True) if written == list(method.signature.parameters) else {}


def _read_fields(cls: type) -> dict[str, Any]:
    if issubclass(cls, BaseModel):
        return {name: field.annotation for name, field in cls.model_fields.items()}
    return get_type_hints(cls)


def _is_any(annotation: Any) -> bool:
    return annotation is Any or annotation is None
