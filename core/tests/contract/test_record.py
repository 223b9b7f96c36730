import json
from datetime import datetime
from typing import Annotated

import pytest
from pydantic import AliasPath, BaseModel, Field, ValidationError

from wren_core import IntegrationConfig, Record


class Mail(Record):
    """One message."""

    subject: Annotated[str, "Subject line"]
    sender: Annotated[str, "Who wrote it", Field(alias="from")]
    size: Annotated[int, Field(description="In bytes"), "not this"] = 0
    raw: bytes = b""


class Settings(IntegrationConfig):
    folder: Annotated[str, "Where to look", Field(min_length=1)] = "INBOX"


class Reply(Record):
    to: Annotated["Thread | None", "What it answers"] = None


class Thread(Record):
    replies: Annotated[list[Reply], "What came back"] = []


def test_the_text_of_an_annotated_describes_the_field():
    properties = Mail.model_json_schema()["properties"]

    assert properties["subject"]["description"] == "Subject line"
    assert properties["from"]["description"] == "Who wrote it"
    assert properties["size"]["description"] == "In bytes"
    assert "description" not in properties["raw"]


@pytest.mark.parametrize("mode", ["validation", "serialization"])
def test_descriptions_are_there_in_both_directions(mode):
    assert Mail.model_json_schema(mode=mode)["properties"]["from"]["description"] == "Who wrote it"


def test_a_subclass_keeps_the_descriptions_it_inherits():
    class Draft(Mail):
        saved: Annotated[bool, "Kept on the server"] = False

    properties = Draft.model_json_schema()["properties"]

    assert properties["subject"]["description"] == "Subject line"
    assert properties["saved"]["description"] == "Kept on the server"


def test_records_that_refer_to_one_another_keep_their_descriptions():
    definitions = Reply.model_json_schema()["$defs"]

    assert definitions["Reply"]["properties"]["to"]["description"] == "What it answers"
    assert definitions["Thread"]["properties"]["replies"]["description"] == "What came back"


def test_a_record_inside_a_plain_model_is_described_too():
    class Page(BaseModel):
        mails: list[Mail]

    assert Page.model_json_schema()["$defs"]["Mail"]["properties"]["subject"]["description"] == "Subject line"


def test_a_record_cannot_be_changed():
    mail = Mail.model_validate({"subject": "s", "from": "a"})

    with pytest.raises(ValidationError, match="frozen"):
        mail.subject = "t"


def test_a_record_takes_what_a_provider_adds_later():
    mail = Mail.model_validate({"subject": "s", "from": "a", "brand_new": 1})

    assert not hasattr(mail, "brand_new")


def test_bytes_go_through_json_unharmed():
    mail = Mail.model_validate({"subject": "s", "from": "a", "raw": bytes(range(256))})

    rebuilt = Mail.model_validate(json.loads(json.dumps(mail.model_dump(mode="json", by_alias=True))))

    assert rebuilt == mail


def test_a_config_refuses_what_it_does_not_know():
    with pytest.raises(ValidationError, match="foldr"):
        Settings.model_validate({"foldr": "x"})


def test_a_config_describes_its_fields_and_keeps_their_limits():
    node = Settings.model_json_schema()["properties"]["folder"]

    assert (node["description"], node["minLength"], node["default"]) == ("Where to look", 1, "INBOX")


def test_a_record_with_a_time_is_json():
    class Seen(Record):
        at: datetime

    seen = Seen.model_validate({"at": "2025-03-01T12:00:00Z"})

    assert seen.model_dump(mode="json") == {"at": "2025-03-01T12:00:00Z"}


def test_a_text_is_found_behind_limits_and_under_every_name_of_the_field():
    class Odd(Record):
        count: Annotated[int, Field(ge=0), "How many"] = 0
        inside: Annotated[int, "Taken from within", Field(validation_alias=AliasPath("a", 0))] = 0
        incoming: Annotated[int, "Named otherwise on the way in", Field(validation_alias="in")] = 0
        hidden: Annotated[int, "Never written", Field(exclude=True)] = 0

    read = Odd.model_json_schema(mode="validation")["properties"]
    written = Odd.model_json_schema(mode="serialization")["properties"]

    assert read["count"]["description"] == "How many"
    assert written["inside"]["description"] == "Taken from within"
    assert read["in"]["description"] == written["incoming"]["description"] == "Named otherwise on the way in"
    assert "hidden" not in written
