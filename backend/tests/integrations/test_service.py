from wren_backend.connections.build import ConnectionServices
from wren_backend.connections.credentials import refresh_repository
from wren_backend.deployments.quota import QuotaExceeded
from wren_backend.integrations.service import IntegrationService, check_integrations
from wren_backend.testing import add_subject


def test_a_connection_that_must_be_authorised_again_is_reported_with_its_reason(service, stand_in, context, subject):
    row = stand_in.connect_parcel(context, subject, {"access_token": "at", "refresh_token": "rt"})
    error = {"code": "CONNECTION_NEEDS_REAUTH", "message": "the provider refused the refresh token"}
    with context.database.writing() as session:
        refresh_repository.mark_needs_reauth(session, row, error=error, now=context.clock.now())

    problems = service.check(subject, ["parcel"])

    assert [problem.code for problem in problems] == ["CONNECTION_NEEDS_REAUTH"]
    assert "the provider refused the refresh token" in problems[0].message
    assert problems[0].action_url == f"{stand_in.PUBLIC_URL}/integrations/parcel/reauthorize"


def test_connections_of_others_do_not_count(service, stand_in, context, subject, database):
    stand_in.connect_parcel(context, subject, {"access_token": "at", "refresh_token": "rt"})

    problems = service.check(add_subject(database), ["parcel"])

    assert [problem.code for problem in problems] == ["INTEGRATION_NOT_CONFIGURED"]


def test_several_connections_without_a_default_are_ambiguous(service, stand_in, context, subject):
    for alias in ("home", "work"):
        stand_in.connect_parcel(context, subject, {"access_token": "at", "refresh_token": "rt"}, alias=alias)

    problems = service.check(subject, ["parcel"])

    assert [(problem.code, problem.details["aliases"]) for problem in problems] == [
        ("CONNECTION_AMBIGUOUS", ["home", "work"])
    ]


def test_the_check_is_the_one_a_deploy_uses(service, context, subject):
    problems = check_integrations(service._credentials, subject, ["abacus", "weather", "nothing"], {})

    assert [problem.details["integration"] for problem in problems] == ["weather", "nothing"]


def test_a_used_up_quota_is_reported_on_validation_and_not_on_redeployment(service, context, subject):
    full = IntegrationService(
        registry=context.registry,
        credentials=ConnectionServices.of(context).credentials,
        addresses=context.addresses,
        ai=service._ai,
        providers={},
        find_quota_problem=lambda _subject: QuotaExceeded(1),
    )

    assert [problem.code for problem in full.validate(subject, [])] == ["QUOTA_EXCEEDED"]
    assert full.check(subject, []) == []
