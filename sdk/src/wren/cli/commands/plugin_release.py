"""`wren plugin release`: its output."""

from pathlib import Path
from typing import Any

from wren.authoring.change import Level
from wren.authoring.project import read_project
from wren.authoring.release import (
    BuiltFiles,
    Comparison,
    build_release,
    check_quality,
    check_repository,
    check_tag,
    check_version,
    compare,
    tag_release,
)
from wren.cli.screen import Screen

_COLOURS = {Level.MAJOR: "red", Level.MINOR: "yellow", Level.PATCH: "dim"}


def release_plugin(
    folder: Path, *, against: str, out: Path | None, is_dry: bool, isolated: bool, as_json: bool
) -> None:
    """Check, compare, refuse a version that is too small, build, show and, unless `is_dry`, tag."""
    screen = Screen(as_json=as_json)
    project = read_project(folder)
    tier = check_quality(project)
    screen.line(f"Checked: {tier.label}.")
    comparison = compare(project, against)
    _show_changes(screen, comparison)
    check_version(comparison)
    check_tag(comparison)
    if not is_dry:
        check_repository(comparison)
    target = out or (None if is_dry else project.folder / "dist")
    built = build_release(project, into=target, isolated=isolated)
    tag = None if is_dry else tag_release(comparison)
    screen.answer({"tier": tier.label, **_make_comparison_json(comparison), **_make_files_json(built), "tag": tag})
    _show_built(screen, built)
    _show_next(screen, tag)


def _show_changes(screen: Screen, comparison: Comparison) -> None:
    project, last = comparison.project, comparison.last
    if last is None:
        screen.line(f"{project.name} {comparison.version}: no earlier release", style="bold")
        return
    screen.line(f"{project.name} {comparison.version}, compared with {last.version} ({last.origin})", style="bold")
    for change in comparison.changes:
        screen.line(f"  {change.level.name.lower():6} {change}", style=_COLOURS[change.level])
    if not comparison.changes:
        screen.line("  no changes")
    screen.line(f"This requires {comparison.required} or later.")


def _show_built(screen: Screen, built: BuiltFiles) -> None:
    screen.line("Files to publish:", style="bold")
    screen.facts({name: f"{size / 1000:.1f} kB" for name, size in built.files.items()})
    screen.line("Files in the wheel:", style="bold")
    for member in built.wheel.members:
        screen.line(f"  {member}")
    screen.line("Its metadata:", style="bold")
    for name, value in _read_metadata(built).items():
        for item in value:
            screen.line(f"  {name}: {item}")


def _show_next(screen: Screen, tag: str | None) -> None:
    if tag is None:
        screen.note("Dry run: nothing was tagged, and nothing leaves this machine.")
        return
    screen.line(
        f"Tagged {tag} here. `git push origin {tag}` publishes it through the workflow publish.yml.", style="green"
    )


def _make_comparison_json(comparison: Comparison) -> dict[str, Any]:
    last = comparison.last
    return {
        "name": comparison.project.name,
        "version": str(comparison.version),
        "compared_with": {"version": str(last.version), "origin": last.origin} if last else None,
        "required": str(comparison.required) if comparison.required else None,
        "level": comparison.level.name.lower(),
        "changes": [
            {"level": change.level.name.lower(), "where": change.where, "text": change.text}
            for change in comparison.changes
        ],
    }


def _make_files_json(built: BuiltFiles) -> dict[str, Any]:
    return {"files": dict(built.files), "members": list(built.wheel.members), "metadata": _read_metadata(built)}


def _read_metadata(built: BuiltFiles) -> dict[str, list[str]]:
    found = built.wheel.metadata
    return {name: [str(value) for value in found.get_all(name, [])] for name in dict.fromkeys(found.keys())}
