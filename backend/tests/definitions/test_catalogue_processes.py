"""Starts of real processes over distributions as an installer leaves them, one of them editable."""

import json
import os
import subprocess

from servers.plugins import environment
from wren_core.testing.patience import patience

BOOT = """
import json, sys
from datetime import UTC, datetime
from wren_backend.storage.database import open_database
from wren_backend.definitions.catalogue import open_catalogue
from wren_backend.storage.migration import migrate
from wren_core.plugins.policy import PluginPolicy

database = open_database(sys.argv[1])
migrate(database)
policy = PluginPolicy(allow=frozenset({"acme-alpha", "acme-beta"}))
registry = open_catalogue(database, now=datetime.now(UTC), policy=policy)
methods = {plugin.name: [method.id for method in plugin.spec.methods] for plugin in registry}
print(json.dumps([methods, sorted(name for name in sys.modules if name.startswith("acme_"))]))
"""
MODULE = '''
from wren_core import Integration, IntegrationSpec, method


class {title}(Integration):
    """Answer with a word."""

    spec = IntegrationSpec(name="{name}", display_name="{title}")

    @method
    def {method}(self) -> str:
        """Answer."""
        return "{name}"
'''


def source(name, method="answer"):
    return MODULE.format(name=name, title=name.title(), method=method)


def install_editable(made, project):
    """Leave what `pip install -e` leaves: metadata that say where the code is, and a path to it."""
    package = project / "src" / "acme_beta"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("from acme_beta.methods import Beta\n")
    (package / "methods.py").write_text(source("beta"))
    info = made.site_packages / "acme_beta-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-beta\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[wren.integrations]\nbeta = acme_beta:Beta\n")
    origin = {"url": project.as_uri(), "dir_info": {"editable": True}}
    (info / "direct_url.json").write_text(json.dumps(origin))
    (made.site_packages / "acme_beta.pth").write_text(f"{package.parent}\n")
    return package


def start(made, database):
    return subprocess.Popen([made.python, "-c", BOOT, database], stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def answer(process):
    out, err = process.communicate(timeout=patience(60))
    assert process.returncode == 0, err.decode()
    return json.loads(out.splitlines()[-1])


def test_a_process_imports_what_changed_since_the_last_one_and_nothing_else(tmp_path):
    made = environment(tmp_path / "env")
    made.install("acme-alpha", source("alpha"), offers="alpha = Alpha")
    package = install_editable(made, tmp_path / "project")
    database = f"sqlite:///{tmp_path / 'wren.db'}"
    both = {"alpha": ["answer"], "beta": ["answer"]}

    rivals = [start(made, database) for _ in range(2)]
    assert [answer(process)[0] for process in rivals] == [both, both]

    assert answer(start(made, database)) == [both, []]

    module = package / "methods.py"
    module.write_text(source("beta", method="touched"))
    os.utime(module, ns=(module.stat().st_atime_ns, module.stat().st_mtime_ns + 1_000_000))
    assert answer(start(made, database)) == [{**both, "beta": ["touched"]}, ["acme_beta", "acme_beta.methods"]]

    made.uninstall("acme-alpha")
    made.install("acme-alpha", source("alpha", method="released"), offers="alpha = Alpha", version="1.1")
    assert answer(start(made, database)) == [{"alpha": ["released"], "beta": ["touched"]}, ["acme_alpha"]]
