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
    assert "5:12" in done.error["message"]
    assert fake.requests == []


def test_the_servers_refusal_shows_where_a_person_can_act(wren, write, fake, logged_in):
    url = "https://wren.example/integrations/parcel/setup"
    error = {"type": "UserFacingConfigError", "code": "INTEGRATION_NOT_CONFIGURED", "message": "connect parcel first"}
    fake.fail_next(409, times=2, body={"error": {**error, "action_url": url, "can_retry": False}})
    script = str(write(SOUND))

    plain, as_json = wren("deploy", script, **logged_in), wren("deploy", script, "--json", **logged_in)

    assert (plain.code, as_json.code) == (3, 3)
    assert "error: connect parcel first" in plain.err
    assert f"next: {url}" in plain.err
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


def test_nobody_logged_in_is_told_how(wren, write):
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
