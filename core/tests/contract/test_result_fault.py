"""A result of another type than the declared one is refused with both types."""

from typing import Annotated, Any

import pytest

from wren_core import Integration, IntegrationSpec, Record, method
from wren_core.errors import InternalError, OutputInvalid


class Item(Record):
    """An item."""

    id: Annotated[str, "Id"]


class Shelf(Record):
    """A shelf."""

    items: Annotated[list[Item], "What is on it"]


class Shop(Integration):
    """Sell things."""

    spec = IntegrationSpec(name="shop", display_name="Shop")
    result: Any = None

    @method
    def one(self) -> Item:
        """Return one item."""
        return self.result

    @method
    def many(self) -> list[Item]:
        """Return many items."""
        return self.result

    @method
    def shelf(self) -> Shelf:
        """Return a shelf."""
        return self.result

    @method
    def count(self) -> int:
        """Count."""
        return self.result

    @method
    def fail(self) -> int:
        """Fail."""
        return self.result()


RESULTS = [
    ("one", {"id": "secret"}, r"shop.one returned dict where Item is expected \(Item is declared\); write Item\(\*\*"),
    ("one", "secret", "shop.one returned str where Item is expected"),
    ("one", None, "shop.one broke its output schema at /: expected Item, got NoneType"),
    ("many", [{"id": "secret"}], r"returned dict inside its list where Item is expected \(list\[Item\] is declared\)"),
    ("many", Item(id="secret"), r"returned Item where list\[Item\] is expected"),
    ("shelf", {"items": [{"id": "secret"}]}, "returned dict where Shelf is expected"),
    ("count", "secret", "returned str where int is expected"),
    ("count", object(), "returned object, and int is declared"),
]


@pytest.mark.parametrize(("method_id", "result", "words"), RESULTS)
def test_the_error_about_a_result_has_both_types_and_no_value(method_id, result, words):
    shop = Shop.create()
    shop.result = result

    with pytest.raises(OutputInvalid, match=words) as caught:
        shop.invoke(method_id, {})

    assert "secret" not in str(caught.value)


def test_an_exception_of_a_plugin_names_its_line():
    shop = Shop.create()
    shop.result = lambda: len(3)

    with pytest.raises(InternalError, match=r"shop.fail failed inside the plugin: TypeError \(test_result_fault.py, "):
        shop.fail()
