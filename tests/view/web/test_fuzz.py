"""Fuzz: whatever the API is asked, it does not fail, and it answers as its schema says."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from ceasefire.view.web import schema
from ceasefire.view.web.app import create_app
from ceasefire.view.web.jobs import Answer, Tell
from ceasefire.view.web.safety import Access

EXAMPLES = 12
CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)


async def work(asked: dict[str, Any], tell: Tell) -> Answer:
    """Work that is done at once."""
    tell(1, 1, "done")
    await asyncio.sleep(0)
    return Answer({}, b"\0", {"report.html": b"<p>"})


@pytest.fixture(scope="module")
def api(shown_subject, tmp_path_factory) -> Any:
    app = create_app(shown_subject, Access("127.0.0.1", 80), out=tmp_path_factory.mktemp("fuzzed"), work=work)

    async def by_its_name(scope: Any, receive: Any, send: Any) -> None:
        others = [(name, value) for name, value in scope.get("headers", ()) if name != b"host"]
        await app({**scope, "headers": [*others, (b"host", b"localhost")]}, receive, send)

    return schemathesis.openapi.from_asgi("/api/openapi.json", by_its_name)


STEADY = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def test_nothing_that_is_asked_makes_the_server_fail(api: Any):
    """Requests that keep to the schema, and requests that do not, for every route but the streams."""
    operations = [found.ok() for found in api.get_all_operations() if not found.ok().path.endswith("/events")]
    assert len(operations) > 20
    for operation in operations:
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):

            @STEADY
            @given(case=operation.as_strategy(generation_mode=mode))
            def answered(case: Any) -> None:
                case.call_and_validate(checks=CHECKS)

            with contextlib.suppress(Unsatisfiable):  # a route that takes nothing cannot be asked wrongly
                answered()


def test_the_schema_is_always_the_same():
    assert schema.schema() == schema.schema()
