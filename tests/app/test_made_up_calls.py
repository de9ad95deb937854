"""Calls that schemathesis makes up from the description of the API: whatever comes, the server does not fail."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import httpx2
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode

_EVENTS = "/api/jobs/{job_id}/events"
"""A stream, which ends when its job does."""


def answers(address: str, operation: Any, mode: GenerationMode, count: int) -> list[Any]:
    """Returns the answers to made-up calls of one operation."""
    told: list[Any] = []

    @settings(
        max_examples=count,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def call(case: Any) -> None:
        told.append(case.call(base_url=address, timeout=120))

    with suppress(Unsatisfiable):  # nothing can be wrong with a call that says nothing
        call()
    return told


@pytest.mark.parametrize(
    "mode", [pytest.param(GenerationMode.POSITIVE, marks=pytest.mark.long), GenerationMode.NEGATIVE]
)
def test_no_made_up_call_makes_the_server_fail(address: str, mode: GenerationMode) -> None:
    schema = schemathesis.openapi.from_url(f"{address}/openapi.json")
    seen = 0
    for found in schema.get_all_operations():
        operation = found.ok()
        if operation.path == _EVENTS:
            continue
        for answer in answers(address, operation, mode, 2):
            seen += 1
            assert answer.status_code < 500, f"{operation.label}: {answer.text}"
            if answer.status_code >= 400:
                assert answer.headers["content-type"] == ["application/problem+json"], operation.label
            assert str(answer.status_code) in operation.definition.raw["responses"], operation.label
    assert seen > 20
    assert httpx2.get(f"{address}/health").status_code == 200
