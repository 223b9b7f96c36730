"""Published and committed files: short metadata, one version, a lock that installs from any index, no local paths."""

import re

import pytest

from workspace import CONFIGURATION, INTEGRATIONS, MEMBERS, METADATA, ROOT, committed_files, requirement_name, shown

PROJECTS = [METADATA[member]["project"] for member in MEMBERS]
LOCK = (ROOT / "requirements.lock").read_text()

# With a character class around one letter, so that this file does not match itself.
ADDRESSES = re.compile(
    r"[p]ypi\.org|files\.[p]ythonhosted\.org|[r]egistry\.npmjs\.org|[r]egistry\.yarnpkg\.com"
    r"|/[r]oot/|/[w]ork/|/[o]pt/(pypi|wheels)"
)
GENERATED = re.compile(
    r"(^|/)(uv\.lock|package-lock\.json|\.env|\.DS_Store)$|(^|/)(__pycache__|\.venv|\.tools|node_modules|.*_cache)/"
    r"|\.(pyc|whl|db|sqlite3?)$|\.egg-info/"
)


def test_the_pyproject_of_an_integration_has_only_metadata():
    tables = {
        shown(m): {f"{tool}.{table}" for tool, found in METADATA[m].get("tool", {}).items() for table in found}
        for m in INTEGRATIONS
    }

    assert {member: found for member, found in tables.items() if found - {"wren.check"} != {"hatch.build"}} == {}
    assert {
        shown(m): set(METADATA[m]) for m in INTEGRATIONS if set(METADATA[m]) - {"project", "build-system", "tool"}
    } == {}


def _is_metadata(line: str) -> bool:
    """Tell whether a line is about the distribution, not the reason for an exemption from a rule."""
    return bool(line.strip()) and not re.match(r"W\d{3} = |\[tool\.wren\.check\.exempt\]", line)


def test_an_integration_needs_at_most_twenty_lines_of_metadata():
    lines = {
        shown(m): len([line for line in (m / "pyproject.toml").read_text().splitlines() if _is_metadata(line)])
        for m in INTEGRATIONS
    }

    assert len(lines) >= 4
    assert {member: count for member, count in lines.items() if count > 20} == {}


def test_the_root_pyproject_configures_every_tool():
    configured = {shown(member): set(METADATA[member].get("tool", {})) - {"hatch", "wren"} for member in MEMBERS}

    assert {member: tools for member, tools in configured.items() if tools} == {}


def test_the_members_promise_the_same_versions_of_python():
    promises = {(project["requires-python"], *project["classifiers"]) for project in PROJECTS}
    (oldest, *classifiers) = promises.pop()
    versions = [classifier.removeprefix("Programming Language :: Python :: ") for classifier in classifiers]

    assert promises == set()
    assert oldest == f">={versions[0]}"
    assert CONFIGURATION["tool"]["ruff"]["target-version"] == f"py{versions[0].replace('.', '')}"
    assert CONFIGURATION["tool"]["mypy"]["python_version"] == versions[0]
    assert f"sys.version_info < ({versions[0].replace('.', ', ')})" in (ROOT / "dev.py").read_text()


def test_the_members_have_one_version():
    assert len({project["version"] for project in PROJECTS}) == 1


def test_the_members_require_the_current_version_of_each_other():
    names = {project["name"] for project in PROJECTS}
    major, minor, _ = PROJECTS[0]["version"].split(".")
    current = f">={major}.{minor},<{major}.{int(minor) + 1}"

    asked = {
        requirement
        for project in PROJECTS
        for requirement in project["dependencies"]
        if requirement_name(requirement) in names
    }

    assert asked
    assert [requirement for requirement in asked if not requirement.endswith(current)] == []


def test_the_lock_pins_everything_by_hash():
    blocks = re.split(r"\n(?=\w)", LOCK)

    assert len(blocks) > 50
    assert [block.splitlines()[0] for block in blocks if "==" not in block or "--hash=sha256:" not in block] == []


def test_the_lock_contains_no_url_and_no_member():
    members = {METADATA[member]["project"]["name"] for member in MEMBERS}

    assert "://" not in LOCK
    assert {name for name in members if f"\n{name}==" in LOCK} == set()


def test_the_lock_contains_every_declared_dependency():
    groups = [
        CONFIGURATION["dependency-groups"]["dev"],
        *(METADATA[member]["project"]["dependencies"] for member in MEMBERS),
    ]
    declared = {requirement_name(requirement) for group in groups for requirement in group}
    ours = {METADATA[member]["project"]["name"] for member in MEMBERS}
    locked = set(re.findall(r"^([\w.-]+)==", LOCK, re.MULTILINE))

    assert declared - ours - locked == set()


def test_no_file_contains_a_registry_or_a_path_of_this_machine():
    found = {shown(path): ADDRESSES.search(path.read_text(errors="replace")) for path in committed_files()}

    assert {name: match.group() for name, match in found.items() if match} == {}


@pytest.mark.parametrize(
    "text", ["https://py" + "pi.org/simple", "https://registry" + ".npmjs.org/x", "/ro" + "ot/.cache"]
)
def test_a_registry_or_path_is_found(text):
    assert ADDRESSES.search(text)


def test_no_generated_file_is_committed():
    assert [shown(path) for path in committed_files() if GENERATED.search(shown(path))] == []
