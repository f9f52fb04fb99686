"""The renderings that the tests look at, made once."""

import pytest

from tests.chart.rendering import SCENARIOS, Rendered, render, values_of


@pytest.fixture(scope="session")
def renderings() -> dict[str, Rendered]:
    """Each scenario's."""
    return {scenario: render(values_of(scenario)) for scenario in SCENARIOS}


@pytest.fixture(params=SCENARIOS)
def rendered(request: pytest.FixtureRequest, renderings: dict[str, Rendered]) -> Rendered:
    """Each scenario's in turn."""
    return renderings[request.param]


@pytest.fixture
def minimal(renderings: dict[str, Rendered]) -> Rendered:
    """With the least that must be said."""
    return renderings["minimal"]


@pytest.fixture
def production(renderings: dict[str, Rendered]) -> Rendered:
    """With external stores, TLS, network policies, autoscaling and monitoring."""
    return renderings["production"]
