import pytest

from wren_core.ai.images import find_media_type
from wren_core.ai.records import ChatMessage
from wren_core.ai.tokens import estimate_tokens
from wren_core.errors import ConfigInvalid, InvalidInput

PNG = b"\x89PNG\r\n\x1a\n rest"
JPEG = b"\xff\xd8\xff rest"


def code_of(call):
    with pytest.raises(InvalidInput) as caught:
        call()
    return caught.value


def test_the_default_model_answers_where_none_is_named(parrot, script):
    parrot.generate("hi")

    assert script.asked[0].model.id == "grey"


def test_a_setting_changes_the_default(make, script):
    make(model="macaw").generate("hi")

    assert script.asked[0].model.id == "macaw"


def test_the_first_suitable_model_answers_where_the_default_is_unsuitable(parrot, script):
    answer = parrot.generate("what is this?", images=[PNG])

    assert (script.asked[0].model.id, answer.model) == ("macaw", "macaw")


def test_the_error_of_an_unsuitable_model_names_the_suitable_ones(parrot):
    error = code_of(lambda: parrot.generate("what is this?", images=[PNG], model="grey"))

    assert error.code == "MODEL_UNSUITABLE"
    assert error.message == "grey cannot see images; these can: macaw"


def test_the_error_of_a_text_model_names_the_models_for_images(parrot):
    error = code_of(lambda: parrot.generate_image("a wren", modelId="grey"))

    assert error.message == "grey cannot generate images; these can: painter"
    assert error.details["models"] == ["painter"]


def test_an_error_says_that_no_model_is_suitable(make):
    blind = make(models=[{"id": "macaw", "capabilities": ["text"]}])

    assert "no model of parrot can" in code_of(lambda: blind.generate("?", images=[PNG])).message


def test_an_unknown_model_gets_the_nearest_one_and_a_way_out(parrot, ledger):
    error = code_of(lambda: parrot.generate("hi", model="maccaw"))

    assert (error.code, error.details["nearest"]) == ("MODEL_UNKNOWN", "macaw")
    assert "did you mean 'macaw'?" in error.message
    assert "`models`" in error.message
    assert ledger.asked == []


def test_a_default_that_does_not_exist_is_found_with_the_first_call(make):
    assert code_of(lambda: make(model="dodo").generate("hi")).code == "MODEL_UNKNOWN"


def test_a_declared_model_can_be_used_and_its_price_counts(make, script):
    own = {"id": "llama", "context_window": 8192, "input_price": 1, "output_price": 2}

    answer = make(models=[own], model="llama").generate("hi")

    assert script.asked[0].model.context_window == 8192
    assert answer.cost_usd == (1000 * 1 + 200 * 2) / 10**6


def test_settings_replace_prices_of_a_known_model_and_leave_the_rest(make, script):
    answer = make(models=[{"id": "grey", "input_price": 1, "output_price": 1}]).generate("hi")

    assert answer.cost_usd == 0.0012
    assert script.asked[0].model.max_tokens == 500


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ({"input_price": 1}, (1 * 1000 + 15 * 200) / 10**6),
        ({"output_price": 10}, (3 * 1000 + 10 * 200) / 10**6),
        ({"cached_input_price": 0.5}, (3 * 1000 + 15 * 200) / 10**6),
    ],
)
def test_a_price_that_no_setting_replaces_stays(make, setting, expected):
    assert make(models=[{"id": "grey", **setting}]).generate("hi").cost_usd == pytest.approx(expected)


@pytest.mark.parametrize(
    ("model", "setting", "quality", "expected"),
    [
        ("painter", {"image_price": 0.01}, "hd", 0.08),
        ("painter", {"image_price": 0.01}, "standard", 0.01),
        ("own", {"image_price": 0.02}, "hd", 0.02),
    ],
)
def test_a_price_of_images_that_no_setting_replaces_stays(make, model, setting, quality, expected):
    own = {"id": model, "capabilities": ["image_generation"], **setting}

    ai = make(models=[own])

    assert ai.generate_image("a wren", modelId=model, quality=quality).usage.cost == expected


@pytest.mark.parametrize("setting", [{"price": 1}, {"input_price": float("inf")}, {"output_price": -1}])
def test_an_unknown_setting_and_an_invalid_price_are_refused(make, setting):
    with pytest.raises(ConfigInvalid):
        make(models=[{"id": "x", **setting}])


def test_more_tokens_than_the_model_writes_are_refused_before_the_call(parrot, script, ledger):
    error = code_of(lambda: parrot.generate("hi", max_tokens=501))

    assert (error.code, error.details["expected"]) == ("MAX_TOKENS_TOO_LARGE", "at most 500")
    assert (script.asked, ledger.asked) == ([], [])


@pytest.mark.parametrize(("characters", "fits"), [(9_900, True), (10_100, False)])
def test_a_prompt_that_cannot_fit_is_refused_before_the_call(parrot, script, characters, fits):
    """2,000 tokens of window, a quarter of doubt about the estimate, four bytes to a token."""
    text = "word " * (characters // 5)

    if fits:
        parrot.generate(text)
    else:
        assert code_of(lambda: parrot.generate(text)).code == "CONTEXT_WINDOW_EXCEEDED"
    assert len(script.asked) == int(fits)


def test_the_room_an_answer_needs_counts_as_well(parrot):
    text = "word " * 1900

    parrot.generate(text, max_tokens=50)
    error = code_of(lambda: parrot.generate(text, max_tokens=500))

    assert error.details == {"model": "grey", "context_window": 2000, "estimated_input_tokens": 2375}


@pytest.mark.parametrize(("image", "told"), [(JPEG, "image/jpeg"), (b"%PDF-1.7", "this as an image")])
def test_an_image_the_model_cannot_read_is_refused(parrot, image, told):
    error = code_of(lambda: parrot.generate("?", images=[image], model="macaw"))

    assert error.code == "IMAGE_FORMAT_UNSUPPORTED"
    assert f"macaw cannot read {told}; it takes image/png" in error.message


@pytest.mark.parametrize(
    "arguments",
    [{}, {"messages": [ChatMessage(role="assistant", text="Hi.")]}, {"prompt": "", "images": []}],
)
def test_a_call_with_nothing_to_answer_is_refused(parrot, arguments):
    assert code_of(lambda: parrot.generate(**arguments)).details["pointer"] == "/prompt"


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (PNG, "image/png"),
        (JPEG, "image/jpeg"),
        (b"GIF89a...", "image/gif"),
        (b"RIFF....WEBPVP8 ", "image/webp"),
        (b"RIFF....WAVEfmt ", None),
        (b"", None),
    ],
)
def test_an_image_is_known_by_its_first_bytes(content, kind):
    assert find_media_type(content) == kind


@pytest.mark.parametrize(("text", "tokens"), [("", 0), ("a", 1), ("four", 1), ("fives", 2), ("日本", 2)])
def test_tokens_are_estimated_by_bytes(text, tokens):
    assert estimate_tokens(text) == tokens
