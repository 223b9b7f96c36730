from wren_core.testing.fake_model import FakeAnswer, FakeModel, text_of


def test_a_model_answers_what_it_was_told_once_and_echoes_after():
    model = FakeModel()
    model.say("Paris", when="capital")

    answers = [model.answer(said).text for said in ("hello", "the capital?", "the capital?")]

    assert answers == ["You said: hello", "Paris", "You said: the capital?"]
    assert model.heard == ["hello", "the capital?", "the capital?"]


def test_answers_are_given_in_the_order_they_were_told():
    model = FakeModel()
    model.say("first")
    model.call("weather", {"city": "Rome"})

    first, second = model.answer("a"), model.answer("b")

    assert (first.text, second.tool, second.arguments) == ("first", "weather", {"city": "Rome"})


def test_a_text_falls_into_words_that_make_it_again():
    assert FakeAnswer(text="one two  three").words == ["one", " two", " ", " three"]
    assert FakeAnswer().words == []


def test_the_text_of_a_turn_is_found_in_every_form():
    parts = [{"type": "text", "text": "a"}, {"type": "image"}, {"type": "tool_result", "content": "b"}]

    assert [text_of(None), text_of("x"), text_of(parts)] == ["", "x", "a\nb"]
