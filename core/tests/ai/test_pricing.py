import pytest

from wren_core.ai.pricing import cost_in_nanos, per_million, per_token, usd
from wren_core.ai.records import Usage
from wren_core.contract.spec import AIModel, Cost, ImageCost, LongCost


def model(cost=None, image=None):
    return AIModel(id="m", name="M", capabilities=("text",), cost_per_token=cost, cost_per_image=image)


@pytest.mark.parametrize(
    ("prices", "used", "nanos"),
    [
        ((3, 15), (1000, 200), 6_000_000),
        ((0.1, 0.5), (1, 1), 600),
        ((0.15, 0.6), (7, 3), 2850),
        ((2, 10), (0, 0), 0),
        ((0.0001, 0), (4, 0), 0),
        ((0.0001, 0), (5, 0), 1),
        ((1.1, 4.4), (1_000_003, 1), 1_100_003_300 + 4_400),
    ],
)
def test_a_price_is_exact_to_the_nanodollar_with_halves_rounded_up(prices, used, nanos):
    read, written = used

    assert cost_in_nanos(model(per_million(*prices)), Usage(input_tokens=read, output_tokens=written)) == nanos


def test_cached_tokens_have_their_own_price_where_the_model_has_one():
    used = Usage(input_tokens=1000, cached_input_tokens=900, output_tokens=0)

    assert cost_in_nanos(model(per_million(2, 10, cached_usd=0.2)), used) == 100 * 2000 + 900 * 200
    assert cost_in_nanos(model(per_million(2, 10)), used) == 1000 * 2000


@pytest.mark.parametrize(("read", "nanos"), [(100, 100 * 1000 + 10 * 5000), (101, 101 * 2000 + 10 * 7500)])
def test_a_long_prompt_changes_the_prices_of_the_whole_call(read, nanos):
    long = LongCost(above=100, input=per_token(2), output=per_token(7.5))

    found = cost_in_nanos(model(per_million(1, 5, long=long)), Usage(input_tokens=read, output_tokens=10))

    assert found == nanos


@pytest.mark.parametrize(("quality", "nanos"), [("standard", 80_000_000), ("hd", 160_000_000)])
def test_images_are_priced_by_the_piece_and_by_quality(quality, nanos):
    painter = model(image=ImageCost(standard=0.04, hd=0.08))

    assert cost_in_nanos(painter, Usage(images=2), quality=quality) == nanos


def test_images_are_priced_by_their_tokens_where_the_provider_counts_them():
    painter = model(per_million(5, 30), ImageCost(standard=0.04, hd=0.08))

    counted = cost_in_nanos(painter, Usage(images=1, input_tokens=10, output_tokens=439))
    uncounted = cost_in_nanos(painter, Usage(images=1))

    assert (counted, uncounted) == (10 * 5000 + 439 * 30_000, 40_000_000)


def test_the_cost_of_a_model_without_prices_is_unknown_and_not_zero():
    assert cost_in_nanos(model(), Usage(input_tokens=5)) is None
    assert cost_in_nanos(model(Cost()), Usage(input_tokens=5)) == 0
    assert (usd(None), usd(1_500_000)) == (None, 0.0015)
