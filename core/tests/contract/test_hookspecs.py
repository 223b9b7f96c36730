import inspect

import pluggy

from wren_core.contract import hookspecs


def test_every_hook_is_a_spec_with_a_docstring_and_an_example():
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)

    names = [name for name in vars(manager.hook) if not name.startswith("_")]

    assert names == ["wren_integrations"]
    assert "Example:" in str(inspect.getdoc(hookspecs.wren_integrations))
