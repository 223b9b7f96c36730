from wren.cli.tool_cost import FORMS


def test_costs_are_shown_by_method_form_and_mode(wren):
    plain, as_json = wren("integrations", "cost", "parcel"), wren("integrations", "cost", "parcel", "depot", "--json")

    parcel, depot = as_json.json["integrations"]
    modes = as_json.json["modes"]
    assert (plain.code, as_json.code) == (0, 0)
    assert plain.out.splitlines()[1].split() == ["method", *FORMS, "docs", "dynamic"]
    assert [method["id"] for method in parcel["methods"]] == ["client_text", "settings", "track", "send", "tell"]
    assert modes["all"]["tokens"]["mcp"] == parcel["total"]["mcp"] + depot["total"]["mcp"]
    assert modes["specific"]["tokens"]["depot"] == depot["total"]
    assert 0 < modes["dynamic"]["method"]["least"] < modes["dynamic"]["method"]["most"]
    assert modes["dynamic"]["tokens"]["openai"] > 0


def test_one_that_fails_is_left_out_unless_it_was_asked_for(wren):
    everything, asked = wren("integrations", "cost", "--json"), wren("integrations", "cost", "broken", "--json")

    assert everything.code == 0
    assert "the wheels came off" in everything.json["missing"]["broken"]
    assert (asked.code, asked.error["code"]) == (3, "PLUGIN_FAILED")


def test_an_unknown_name_is_answered_with_the_nearest(wren):
    done = wren("integrations", "cost", "parcl", "--json")

    assert (done.code, done.error["details"]["nearest"]) == (1, "parcel")
