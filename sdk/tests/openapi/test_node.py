import pytest

from wren.openapi.errors import NodeInvalid
from wren.openapi.node import LoneSource, Node

ROOT = {"a": {"$ref": "#/b~1c/0"}, "b/c": [{"x": 1}], "d e": {"y": 2}, "loop": {"$ref": "#/loop"}, "n": None}


def node(reference: str) -> Node:
    return Node({"$ref": reference}, "/here", LoneSource(ROOT))


def test_references_are_followed_to_their_end():
    assert node("#/a").resolve() == Node({"x": 1}, "/b~1c/0", LoneSource(ROOT))
    assert node("#/d%20e").resolve().value == {"y": 2}


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        ("#/b~1c/7", "has no target"),
        ("#/a/b", "has no target"),
        ("https://elsewhere.example/x", "nothing is fetched"),
        ("other.yaml#/x", "its folder is not known"),
        ("#/loop", "form a cycle"),
    ],
)
def test_a_reference_that_cannot_be_followed_is_a_mistake_at_its_place(reference, reason):
    with pytest.raises(NodeInvalid, match=f"^/here: .*{reason}"):
        node(reference).resolve()


def test_members_and_items_know_their_places():
    root = Node.of(ROOT)

    assert root.members()["b/c"].items()[0].pointer == "/b~1c/0"
    assert root.find("n") is None


@pytest.mark.parametrize(
    ("read", "reason"),
    [
        (lambda root: root.find("b/c").members(), "^/b~1c: must be an object, not an array$"),
        (lambda root: root.items(), "^must be an array, not an object$"),
        (lambda root: root.find("a").find("$ref").find("x"), r"^/a/\$ref: must be an object, not text$"),
    ],
)
def test_a_value_of_another_kind_is_a_mistake_at_its_place(read, reason):
    with pytest.raises(NodeInvalid, match=reason):
        read(Node.of(ROOT))
