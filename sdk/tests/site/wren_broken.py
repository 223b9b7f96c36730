"""A plugin that cannot be imported."""

raise RuntimeError("the wheels came off")
