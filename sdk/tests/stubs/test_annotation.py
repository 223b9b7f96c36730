import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, Generic, Literal, NewType, TypeVar, Union

import pytest
from pydantic import AwareDatetime, BaseModel

from wren.stubs.annotation import Annotations, Imports, find_public_module, is_importable, write_default
from wren_core.export.docs import MethodDoc

T = TypeVar("T")
Ident = NewType("Ident", str)


class Colour(Enum):
    RED = "red"


class Page(BaseModel, Generic[T]):
    items: list[T]


@dataclass
class Local:
    number: int


def write_type(annotation, *, as_input=False, taken=()) -> str:
    return Annotations(Imports(taken), lambda cls: f"Own{cls.__name__}").write_type(annotation, as_input=as_input)


@pytest.mark.parametrize(
    ("annotation", "words"),
    [
        (None, "None"),
        (Any, "_typing.Any"),
        ("Later", "_typing.Any"),
        (T, "_typing.Any"),
        (int, "int"),
        (Union[str, None], "str | None"),  # noqa: UP007 - the old spelling is another class
        (str | None | int, "str | None | int"),
        (list[dict[str, Any]], "list[dict[str, _typing.Any]]"),
        (tuple[int, ...], "tuple[int, ...]"),
        (tuple[int, str], "tuple[int, str]"),
        (Literal["a", 1, None, True], "_typing.Literal['a', 1, None, True]"),
        (Annotated[str, "words"], "str"),
        (list[Annotated[Ident, "words"]], "list[str]"),
        (datetime, "_datetime.datetime"),
        (AwareDatetime, "_pydantic_types.AwareDatetime"),
        (Mapping[str, int], "_collections_abc.Mapping[str, int]"),
        (Path, "_pathlib.Path"),
        (MethodDoc, "_wren_core_export_docs.MethodDoc"),
        (Local, "OwnLocal"),
        (Page[int], "OwnPage[int]"),
    ],
)
def test_a_type_is_written_the_way_a_checker_reads_it(annotation, words):
    assert write_type(annotation) == words


@pytest.mark.parametrize(
    ("annotation", "words"),
    [
        (list[int], "_collections_abc.Sequence[int]"),
        (tuple[int, ...], "_collections_abc.Sequence[int]"),
        (Sequence[float], "_collections_abc.Sequence[float]"),
        (list[str], "list[str] | tuple[str, ...]"),
        (tuple[int, str], "tuple[int, str]"),
        (MethodDoc, "_wren_core_export_docs.MethodDoc | dict[str, _typing.Any]"),
        (
            list[MethodDoc] | None,
            "_collections_abc.Sequence[_wren_core_export_docs.MethodDoc | dict[str, _typing.Any]] | None",
        ),
    ],
)
def test_what_a_script_passes_is_written_as_wide_as_the_runtime_takes_it(annotation, words):
    assert write_type(annotation, as_input=True) == words


def test_a_builtin_that_a_method_is_called_after_is_written_in_full():
    assert write_type(list[int], taken=["list"]) == "_builtins.list[int]"


def test_what_is_imported_is_listed_sorted():
    imports = Imports()
    annotations = Annotations(imports, lambda _: None)

    annotations.write_type(dict[str, datetime | Any])

    assert imports.lines() == ["import datetime as _datetime", "import typing as _typing"]


def test_a_class_that_cannot_be_imported_or_written_is_anything():
    assert Annotations(Imports(), lambda _: None).write_type(Local) == "_typing.Any"


def test_only_a_typed_package_is_worth_an_import():
    assert is_importable(MethodDoc)
    assert is_importable(datetime)
    assert not is_importable(Colour)  # of this module, which no py.typed speaks for


@pytest.mark.parametrize(
    ("value", "annotation", "words"),
    [
        (None, "str | None", "None"),
        (None, "str", "..."),
        (None, "_typing.Any", "None"),
        (3, "int", "3"),
        ("it's", "str", '"it\'s"'),
        (True, "bool", "True"),
        (1.5, "float", "1.5"),
        (float("inf"), "float", "..."),
        ((), "tuple[str, ...]", "..."),
        (Colour.RED, "Colour", "..."),
    ],
)
def test_a_default_is_shown_where_it_is_a_plain_value(value, annotation, words):
    assert write_default(value, annotation) == words


@pytest.mark.parametrize("module", ["colours", "colours._local", "colours._local.deeper"])
def test_a_class_is_imported_from_the_public_module_that_shows_it(monkeypatch, module):
    shade = type("Shade", (), {"__module__": module})
    monkeypatch.setitem(sys.modules, "colours", ModuleType("colours"))
    sys.modules["colours"].Shade = shade

    assert find_public_module(shade) == "colours"


def test_a_class_that_no_public_module_shows_is_imported_from_its_own():
    shade = type("Shade", (), {"__module__": "colours._local"})

    assert find_public_module(shade) == "colours._local"
