def test_status_lists_the_deployments(wren, fake, logged_in):
    fake.add_deployment(last_run="2029-12-31T09:00:00.123Z", last_status="failed")
    fake.add_deployment(id="dep_2", name="a name of more than eighty characters " * 3)

    plain, as_json = wren("status", COLUMNS="80", **logged_in), wren("status", "--json", **logged_in)

    assert (plain.code, as_json.code) == (0, 0)
    head, row, long = (" ".join(line.split()) for line in plain.out.splitlines())
    assert head == "name owner status version triggers last run (UTC) next run (UTC)"
    assert row == "daily alice active 1 1 2029-12-31 09:00 failed 2030-01-01 09:00"
    assert long.endswith("active 1 1 - - 2030-01-01 09:00")
    assert as_json.json == {"deployments": fake.deployments}


def test_status_names_the_connections_that_need_attention(wren, fake, logged_in):
    fake.add_deployment()
    dead = {"code": "CONNECTION_NEEDS_REAUTH", "message": "the provider refused the refresh token"}
    late = {"code": "REFRESH_REFUSED", "message": "the provider answered 400: no error code"}
    fake.add_connection(id="conn_1", integration="parcel", status="needs_reauth", error=dead)
    fake.add_connection(id="conn_2", integration="parcel", alias="two", status="active", error=late)
    fake.add_connection(id="conn_3", integration="weather", status="active")
    fake.add_connection(id="conn_4", integration="weather", alias="new", status="pending", error=late)

    plain, as_json = wren("status", COLUMNS="200", **logged_in), wren("status", "--json", **logged_in)

    said = plain.out.splitlines()
    assert said[0].startswith(
        "parcel (default) is needs_reauth: the provider refused the refresh token; run `wren connect"
    )
    assert said[1] == "parcel (two) is active: the provider answered 400: no error code"
    assert "weather" not in plain.out
    assert [item["id"] for item in as_json.json["connections"]] == ["conn_1", "conn_2"]


def test_a_deployment_on_a_later_page_is_found(wren, fake, logged_in):
    for number in range(450):
        fake.add_deployment(id=f"dep_{number}", name=f"name {number}")

    done = wren("status", "name 449", "--json", **logged_in)

    assert (done.code, done.json["deployment"]["id"]) == (0, "dep_449")


def test_status_of_nothing_says_how_to_deploy(wren, logged_in):
    assert "wren deploy SCRIPT" in wren("status", **logged_in).out


def test_status_of_a_deployment_shows_its_runs(wren, fake, logged_in):
    fake.add_deployment()
    fake.add_run(run_id="run_1", status="failed")

    plain, as_json = wren("status", "daily", **logged_in), wren("status", "dep_1", "--json", **logged_in)

    assert "daily is active: version 1 (dep_1)" in plain.out
    assert "run_1" in plain.out
    assert "failed" in plain.out
    assert as_json.json["deployment"]["name"] == "daily"
    assert [run["run_id"] for run in as_json.json["runs"]] == ["run_1"]


def test_status_of_a_run_shows_calls_and_why_it_failed(wren, fake, logged_in):
    call = {"integration": "parcel", "method": "send", "ms": 12.5, "outcome": "REJECTED"}
    error = {"type": "AgentFixableError", "code": "REJECTED", "message": "no such city", "file": "daily.py", "line": 7}
    fake.add_run(run_id="run_1", status="failed", calls=[call], calls_total=3, error=error)

    plain, as_json = wren("status", "run_1", **logged_in), wren("status", "run_1", "--json", **logged_in)

    assert plain.out.startswith("run_1 ended: failed\n")
    assert "parcel.send" in plain.out
    assert "these are the first 1 of 3 calls" in plain.out
    assert "REJECTED: daily.py:7: no such city" in plain.out
    assert as_json.json["run"]["error"]["code"] == "REJECTED"


def test_status_of_a_deployment_shows_what_starts_it_and_what_does_no_more(wren, fake, logged_in):
    config = {"timezone": "Europe/Oslo", "misfire": "latest", "cron": "0 9 * * *"}
    error = {"code": "CRON_INVALID", "message": "never again"}
    plain = {"type": "schedule", "func": "daily", "config": config, "next_fire_at": None, "error": error}
    fake.add_deployment(trigger_list=[{**plain, "last_fire_at": "2029-12-31T08:00:00Z", "missed": 3}])

    done = wren("status", "daily", **logged_in)

    rows = [" ".join(line.split()) for line in done.out.splitlines()]
    assert rows[1:6] == [
        "deployed by alice, whose accounts its runs use",
        "next run: 2030-01-01 09:00:00 UTC",
        "starts when next last missed",
        "daily schedule, 0 9 * * *, Europe/Oslo - 2029-12-31 08:00:00 UTC 3",
        "daily no longer starts: CRON_INVALID: never again",
    ]
    assert "it has not run yet; start it with `wren run daily --wait`" in done.out


def test_a_deployment_that_was_taken_away_is_found_by_its_id(wren, fake, logged_in):
    fake.add_deployment()
    fake.add_run()
    fake.hidden = True

    assert wren("status", "daily", "--json", **logged_in).error["code"] == "DEPLOYMENT_UNKNOWN"
    assert wren("status", "dep_1", "--json", **logged_in).json["deployment"]["name"] == "daily"
