from wren_core.testing.fake_model import FakeAnswer, FakeModel, text_of


def test_a_fake_model_gives_a_prepared_answer_once_and_then_echoes():
    model = FakeModel()
    model.say("Paris", when="capital")

    answers = [model.answer(said).text for said in ("hello", "the capital?", "the capital?")]

    assert answers == ["You said: hello", "Paris", "You said: the capital?"]
    assert model.prompts == ["hello", "the capital?", "the capital?"]


def test_prepared_answers_are_given_in_order():
    model = FakeModel()
    model.say("first")
    model.call("weather", {"city": "Rome"})

    first, second = model.answer("a"), model.answer("b")

    assert (first.text, second.tool, second.arguments) == ("first", "weather", {"city": "Rome"})


def test_the_words_of_an_answer_join_to_its_text():
    assert FakeAnswer(text="one two  three").words == ["one", " two", " ", " three"]
    assert FakeAnswer().words == []


def test_the_text_of_a_turn_is_read_from_every_form():
    parts = [{"type": "text", "text": "a"}, {"type": "image"}, {"type": "tool_result", "content": "b"}]

    assert [text_of(None), text_of("x"), text_of(parts)] == ["", "x", "a\nb"]
