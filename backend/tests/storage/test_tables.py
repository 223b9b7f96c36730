from wren_backend.runs.models import RunStatus
from wren_backend.storage.tables import stored_enum


def test_an_enumeration_is_stored_by_its_values():
    assert stored_enum(RunStatus).enums == [status.value for status in RunStatus]
