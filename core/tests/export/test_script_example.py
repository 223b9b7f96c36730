from typing import Annotated, Literal

import pytest
from pydantic import Field

from wren_core import Integration, IntegrationConfig, IntegrationSpec, method
from wren_core.export.script_example import script_example


class Shop(Integration):
    """Sell things."""

    spec = IntegrationSpec(name="shop", display_name="Shop")

    class Config(IntegrationConfig):
        branch: Literal["north", "south"]
        note: str = ""

    @method(effect="destructive", example="shop.clear()")
    def clear(self) -> None:
        """Sell everything."""

    @method(example="shop.order(order_id).total")
    def order(self, order_id: Annotated[int, Field(ge=1)]) -> float:
        """Return what an order is worth."""
        return 1.0


class Stall(Shop):
    """Sell a few things."""

    spec = IntegrationSpec(name="stall", display_name="Stall")

    @method(example="for item in stall.items():\n    print(item)")
    def items(self) -> list[str]:
        """List the items."""
        return []


def calls_of(script):
    return script.partition("def daily():\n")[2]


def test_a_script_gives_what_is_required_and_calls_a_method_that_reads():
    script = script_example(Shop.full_spec())

    assert script.startswith("import wren\n\nshop = wren.integrations.shop.init(branch='north')\n")
    assert calls_of(script) == "    print(shop.order(order_id=1))\n"


def test_a_self_contained_example_is_the_call():
    assert calls_of(script_example(Stall.full_spec())) == "    for item in stall.items():\n        print(item)\n"


def test_an_integration_without_methods_has_a_script_that_makes_an_instance():
    script = script_example(IntegrationSpec(name="x", display_name="X"))

    assert script == "import wren\n\nx = wren.integrations.x.init()\n"


@pytest.mark.parametrize("integration", [Shop, Stall])
def test_a_script_is_python(integration):
    compile(script_example(integration.full_spec()), "example", "exec")
