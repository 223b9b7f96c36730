from wren_core.schemas.subschemas import iter_subschemas


def test_schemas_are_found_at_any_depth_and_data_is_not():
    schema = {"items": [{"not": {"title": "deep"}}], "default": {"title": "data"}, "const": {"title": "data"}}

    assert [node["title"] for node in iter_subschemas(schema) if "title" in node] == ["deep"]


def test_a_deep_schema_needs_no_recursion():
    schema: dict = {}
    for _ in range(5000):
        schema = {"items": schema}

    assert sum(1 for _ in iter_subschemas(schema)) == 5001
