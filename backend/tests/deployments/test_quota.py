from wren_backend.deployments.quota import find_quota_problem
from wren_backend.testing import add_deployment, add_subject


def test_a_full_workspace_gets_an_error_with_a_remedy_and_its_neighbour_gets_none(database):
    full, neighbour = add_subject(database), add_subject(database)
    add_deployment(database, full, name="one")
    add_deployment(database, full, name="two")

    problem = find_quota_problem(database, full, most=2)

    assert (problem.type, problem.code) == ("UserFacingConfigError", "QUOTA_EXCEEDED")
    assert "2 deployments" in problem.message
    assert "WREN_MAX_DEPLOYMENTS" in problem.message
    assert find_quota_problem(database, full, most=3) is None
    assert find_quota_problem(database, neighbour, most=2) is None
