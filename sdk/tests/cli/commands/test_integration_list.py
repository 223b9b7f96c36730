def test_installed_integrations_are_listed_with_those_that_failed(wren):
    plain, as_json = wren("integrations", "list"), wren("integrations", "list", "--json")

    assert (plain.code, as_json.code) == (0, 0)
    assert "Parcel Post" in plain.out
    assert "broken of wren-broken 0.1 failed: PLUGIN_RAISED: RuntimeError: the wheels came off" in plain.out
    listed = {item["name"]: item for item in as_json.json["integrations"]}
    assert listed["parcel"]["methods"] == ["client_text", "settings", "track", "send", "tell"]
    assert (listed["parcel"]["version"], listed["parcel"]["distribution"]) == ("1.2.3", "wren-parcel")
    assert "broken" in [item["name"] for item in as_json.json["failed"]]


def test_an_integration_is_shown_as_markdown_and_as_definition(wren):
    plain, as_json = wren("integrations", "show", "parcel"), wren("integrations", "show", "parcel", "--json")

    assert plain.out.startswith("# Parcel Post\n")
    assert "### `track(number, limit=10, full=False)`" in plain.out
    assert (as_json.json["integrationId"], as_json.json["authType"]) == ("parcel", "apikey")


def test_an_unknown_integration_is_answered_with_the_nearest(wren):
    done = wren("integrations", "show", "parcl", "--json")

    assert (done.code, done.error["code"]) == (1, "INTEGRATION_UNKNOWN")
    assert done.error["details"]["nearest"] == "parcel"


def test_a_broken_integration_asks_for_a_person(wren):
    done = wren("integrations", "show", "broken", "--json")

    assert (done.code, done.error["code"]) == (3, "PLUGIN_FAILED")


def test_the_servers_integrations_are_listed(wren, logged_in):
    plain = wren("integrations", "list", "--remote", **logged_in)
    as_json = wren("integrations", "list", "--remote", "--json", **logged_in)

    assert "Parcel Post" in plain.out
    assert as_json.json["integrations"][0]["connected"] is True
