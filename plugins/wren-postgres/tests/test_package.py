import importlib.metadata
import re
from pathlib import Path

from wren_core.testing import IntegrationContract
from wren_postgres import Postgres
from wren_postgres.fake import FakePostgres

README = (Path(__file__).parents[1] / "README.md").read_text()


class TestPostgres(IntegrationContract):
    integration = Postgres
    config = {"host": "db.example"}


def rows(heading):
    """Return the first cell of each row of the table below a heading."""
    section = README.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return re.findall(r"^\| `([^`]+)`", section, re.MULTILINE)


def test_the_readme_lists_every_method_and_setting():
    methods = [f"{name}({', '.join(item.signature.parameters)})" for name, item in Postgres.methods().items()]

    assert rows("Methods") == methods
    assert rows("Settings") == list(Postgres.Config.model_fields)


def test_the_example_with_the_fake_runs():
    (block,) = [block for block in re.findall(r"```python\n(.*?)```", README, re.DOTALL) if "serve(" in block]
    names = {}

    exec(compile(block, "README.md", "exec"), names)
    next(value for name, value in names.items() if name.startswith("test_"))()


def test_the_fake_is_offered_with_the_integration():
    (fake,) = importlib.metadata.entry_points(group="wren.fakes", name="postgres")

    assert fake.load() is FakePostgres
    assert FakePostgres.name == Postgres.spec.name


def test_effects_are_declared_correctly():
    by_effect = {item.id: (item.effect, item.requires_approval) for item in Postgres.full_spec().methods}

    assert by_effect == {
        "query": ("read", False),
        "execute": ("destructive", True),
        "tables": ("read", False),
        "describe": ("read", False),
    }


def test_the_spec_has_two_credentials_and_only_the_configured_host():
    spec = Postgres.full_spec()

    assert spec.auth_type == "custom"
    assert spec.auth.parameters["required"] == ["username", "password"]
    assert spec.get_env_mapping() == {"username": "POSTGRES_USERNAME", "password": "POSTGRES_PASSWORD"}
    assert [credential.secret for credential in spec.credentials] == [False, True]
    assert (spec.hosts, spec.config_hosts) == ((), ("{host}:{port}",))
