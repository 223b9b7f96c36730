from wren.installed_plugins.dependency_conflicts import find_conflicts


def said(*roots: str) -> list[str]:
    return [str(conflict) for conflict in find_conflicts(roots)]


def test_distributions_that_find_what_they_need_are_in_no_conflict(install):
    install("acme-base", version="2.5")
    install("acme-mail", requires=["acme-base>=2,<3"])

    assert said("acme-mail") == []


def test_two_plugins_that_need_different_versions_are_both_named(install):
    install("acme-base", version="2.5")
    install("acme-mail", requires=["acme-base>=3"])
    install("acme-chat", requires=["acme_base<3"])

    (conflict,) = find_conflicts(["acme-chat", "acme-mail"])

    assert str(conflict) == (
        "acme-mail needs acme-base>=3; acme-base 2.5 is installed, and acme-chat needs acme_base<3"
    )
    assert conflict.roots == ("acme-chat", "acme-mail")


def test_of_many_that_are_content_three_are_named(install):
    install("acme-base", version="2.5")
    install("acme-mail", requires=["acme-base>=3"])
    for number in range(5):
        install(f"acme-chat{number}", requires=["acme-base<3"])

    (told,) = said("acme-mail", *(f"acme-chat{number}" for number in range(5)))

    assert told.endswith("acme-chat2 needs acme-base<3, 2 more")


def test_what_a_dependency_of_a_dependency_misses_is_found(install):
    install("acme-mail", requires=["acme-base"])
    install("acme-base", requires=["acme-ground>=1"])

    (conflict,) = find_conflicts(["acme-mail"])

    assert str(conflict) == "acme-base needs acme-ground>=1; acme-ground is not installed"
    assert (conflict.installed, conflict.roots) == (None, ("acme-mail",))


def test_requirements_of_other_systems_and_of_unused_extras_do_not_count(install):
    install(
        "acme-mail", requires=["nowhere; sys_platform == 'plan9'", "nowhere; extra == 'speed'", "not a requirement"]
    )

    assert said("acme-mail") == []


def test_a_required_extra_counts(install):
    install("acme-mail", requires=["acme-base[speed]"])
    install("acme-base", requires=["acme-ground; extra == 'speed'"])

    assert said("acme-mail") == ["acme-base needs acme-ground; acme-ground is not installed"]


def test_distributions_that_need_one_another_end_the_walk(install):
    install("acme-mail", requires=["acme-base"])
    install("acme-base", requires=["acme-mail"])

    assert said("acme-mail") == []
