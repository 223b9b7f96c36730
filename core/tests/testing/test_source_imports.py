import pytest

from wren_core.testing.source_imports import list_imports


@pytest.mark.parametrize(
    ("source", "modules"),
    [
        ("import requests", ["requests"]),
        ("import a, b.c as d", ["a", "b.c"]),
        ("from requests.adapters import Retry", ["requests.adapters"]),
        ("def f():\n    import redis", ["redis"]),
        ("class A:\n    import redis", ["redis"]),
        ("if True:\n    import redis", ["redis"]),
        ("import importlib\nimportlib.import_module('redis')", ["importlib", "redis"]),
        ("x = __import__('redis')", ["redis"]),
        ("try:\n    import redis\nfinally:\n    pass", ["redis"]),
        ("try:\n    import redis\nexcept ValueError:\n    pass", ["redis"]),
        ("try:\n    import redis\nexcept ImportError:\n    import json", ["json"]),
        ("try:\n    import redis\nexcept (KeyError, ModuleNotFoundError):\n    pass", []),
        ("try:\n    import redis\nexcept:\n    pass", []),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import redis", ["typing"]),
        ("from . import a\nfrom .b import c\nfrom .. import d", []),
        ("from importlib import import_module\nimport_module('.a', __package__)\nimport_module(name)", ["importlib"]),
    ],
)
def test_the_imports_that_a_module_needs_are_found(source, modules):
    assert [item.module for item in list_imports(source)] == modules
