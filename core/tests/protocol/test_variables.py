from wren_core.protocol.variables import account_variable, base_url_variable, config_variable


def test_the_variables_of_an_integration_carry_its_name_in_capitals():
    assert base_url_variable("my_mail") == "WREN_INTEGRATIONS__MY_MAIL__BASE_URL"
    assert config_variable("my_mail") == "WREN_INTEGRATIONS__MY_MAIL__CONFIG"


def test_a_named_account_has_separate_variables():
    assert account_variable("GMAIL_ACCESS_TOKEN", "work-mail_2") == "GMAIL_ACCESS_TOKEN__WORK_MAIL_2"
