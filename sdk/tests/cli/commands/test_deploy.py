import socket

from wren_core.testing import FakeResponse

SOUND = 'import wren\n@wren.on_schedule("0 9 * * *")\ndef daily(): ...\n'


def test_deploy_sends_the_script_its_metadata_and_the_files_name(wren, write, fake, logged_in):
    done = wren("deploy", str(write("\ufeff" + SOUND, "report.py")), "--json", **logged_in)

    assert done.code == 0
    assert done.json["deployment_id"] == "dep_1"
    assert fake.requests[-1].json() == {
        "script": SOUND,
        "name": "report",
        "metadata": {
            "integrations": [],
            "triggers": [{"type": "schedule", "func": "daily", "config": {"cron": "0 9 * * *", "timezone": "UTC"}}],
            "schedules": [{"cron": "0 9 * * *", "func_name": "daily"}],
        },
    }


def test_deploy_says_what_to_do_next(wren, write, logged_in):
    done = wren("deploy", str(write(SOUND)), "--name", "morning", **logged_in)

    assert done.code == 0
    assert "morning is active: version 1" in done.out
    assert "2030-01-01 09:00:00 UTC" in done.out
    assert "wren run morning --wait" in done.out


def test_a_script_with_errors_is_not_sent(wren, write, fake, logged_in):
    done = wren("deploy", str(write(SOUND + "def f():\n    return totl\n")), "--json", **logged_in)

    assert (done.code, done.error["code"]) == (1, "SCRIPT_INVALID")
    assert [item["code"] for item in done.error["details"]["findings"]] == ["UNDEFINED_NAME"]
    assert "daily.py:5:12: UNDEFINED_NAME: name 'totl' is used but not defined" in done.error["message"]
    assert fake.requests == []


def test_a_person_reads_what_is_wrong_once_and_that_nothing_was_deployed(wren, write, fake, logged_in):
    path = write(SOUND + "def f():\n    return totl\n")

    done = wren("deploy", str(path), **logged_in)

    assert done.code == 1
    assert f"{path}:5:12: error UNDEFINED_NAME" in done.out
    assert done.err == f"error: nothing was deployed: {path} has 1 error\n  SCRIPT_INVALID\n"


def test_every_connection_that_is_missing_is_named_at_once(wren, write, fake, logged_in):
    problems = [
        {"type": "UserFacingConfigError", "code": "X", "message": f"connect {name}", "action_url": f"https://w/{name}"}
        for name in ("parcel", "depot")
    ]
    fake.fail_next(409, body={"error": {**problems[0], "details": {"problems": problems}}})

    done = wren("deploy", str(write(SOUND)), **logged_in)

    assert [line for line in done.err.splitlines() if "corr_" not in line] == [
        *("error: connect parcel", "  open: https://w/parcel"),
        *("also: connect depot", "  open: https://w/depot"),
    ]


def test_names_are_shown_as_they_are_typed(wren, write, logged_in):
    done = wren("deploy", str(write(SOUND)), "--name", "two words", **logged_in)

    assert "`wren status 'two words'`" in done.out


def test_an_empty_name_is_left_to_the_server(wren, write, fake, logged_in):
    wren("deploy", str(write(SOUND)), "--name", "", **logged_in)

    assert fake.requests[-1].json()["name"] == ""


def test_the_servers_refusal_shows_where_a_person_can_act(wren, write, fake, logged_in):
    url = "https://wren.example/integrations/parcel/setup"
    error = {"type": "UserFacingConfigError", "code": "INTEGRATION_NOT_CONFIGURED", "message": "connect parcel first"}
    fake.fail_next(409, times=2, body={"error": {**error, "action_url": url, "can_retry": False}})
    script = str(write(SOUND))

    plain, as_json = wren("deploy", script, **logged_in), wren("deploy", script, "--json", **logged_in)

    assert (plain.code, as_json.code) == (3, 3)
    assert "error: connect parcel first" in plain.err
    assert f"open: {url}" in plain.err
    assert as_json.error["action_url"] == url
    assert as_json.error["correlation_id"].startswith("corr_")


def test_the_id_of_an_error_is_the_one_the_server_was_sent(wren, fake, logged_in):
    fake.fail_next(500, body={"error": {"type": "InternalError", "code": "INTERNAL", "message": "logged"}})

    done = wren("undeploy", "daily", "--json", **logged_in)

    assert done.code == 4
    assert done.error["correlation_id"] == fake.requests[0].headers["x-correlation-id"]


def test_undeploy_takes_a_deployment_away_by_name(wren, fake, logged_in):
    fake.add_deployment()

    done = wren("undeploy", "daily", "--json", **logged_in)

    assert (done.code, done.json) == (0, {"id": "dep_1", "status": "undeployed"})
    assert fake.deployments == []


def test_an_unknown_deployment_is_answered_with_the_nearest(wren, fake, logged_in):
    fake.add_deployment()

    done = wren("undeploy", "dayly", "--json", **logged_in)

    assert (done.code, done.error["code"]) == (1, "DEPLOYMENT_UNKNOWN")
    assert "did you mean 'daily'?" in done.error["message"]


def test_without_a_login_the_error_says_how_to_log_in(wren, write):
    done = wren("deploy", str(write(SOUND)))

    assert done.code == 3
    assert "wren login --url http://127.0.0.1:8080" in done.err


def test_a_server_that_does_not_answer_is_named(wren, write):
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"

    done = wren("deploy", str(write(SOUND)), "--json", WREN_API_URL=url, WREN_API_KEY="wren_k")

    assert (done.code, done.error["code"]) == (4, "SERVER_UNREACHABLE")
    assert url in done.error["message"]


def test_a_refused_key_asks_for_a_person_and_does_not_show_it(wren, write, server):
    done = wren("deploy", str(write(SOUND)), WREN_API_URL=server, WREN_API_KEY="wren_wrongkey")

    assert done.code == 3
    assert "UNAUTHENTICATED" in done.err
    assert "wren_wrongkey" not in done.out + done.err


def test_text_of_a_server_cannot_drive_the_terminal(wren, write, fake, logged_in):
    body = {"error": {"type": "AgentFixableError", "code": "X", "message": "red \x1b[31m [bold]markup[/bold]"}}
    fake._faults.clear()
    fake.fail_next(422, body=FakeResponse(body=body).body)

    done = wren("deploy", str(write(SOUND)), **logged_in)

    assert "\x1b" not in done.err
    assert r"red \x1b[31m [bold]markup[/bold]" in done.err
