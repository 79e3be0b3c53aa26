"""Django behind ``protect``: its resolver, its redirects, its middleware and its views."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.test.utils import override_settings
from django.urls import include, path, re_path
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import cache_page, never_cache
from django.views.decorators.http import require_http_methods

import delegate
from delegate.adapters.django import protect, public, requires
from delegate.errors import ConfigurationError, OutOfScopeError
from delegate.server.interface import ASGIApp
from tests.adapters.shops import READ, REFUND, STRANGER, ask, serve_urls, signed
from tests.support.world import World

may_read = requires(**READ)
may_refund = requires(**REFUND, resources=lambda r: {"order": [r.resolver_match.kwargs["order"]]})


@may_read
def read(_request: HttpRequest, grant: delegate.Grant) -> HttpResponse:
    return HttpResponse(grant.agent)


@may_refund
async def refund(_request: HttpRequest, order: str, grant: delegate.Grant) -> HttpResponse:
    return HttpResponse(f"{grant.agent} {order}")


def raw(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("raw")


@public
def about(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("about")


@pytest.fixture
def world() -> World:
    return World()


def serving(world: World, *patterns: Any, **options: Any) -> ASGIApp:
    serve_urls(*patterns)
    return protect(get_asgi_application(), world.verifier(), **options)


@pytest.fixture
def with_middleware() -> Iterator[Callable[[str], None]]:
    """Puts a middleware, by its name in this file, before those of Django."""
    overrides = []

    def put(name: str) -> None:
        override = override_settings(MIDDLEWARE=[name, *settings.MIDDLEWARE])
        override.enable()
        overrides.append(override)

    yield put
    for override in overrides:
        override.disable()


# --- what Django does by itself --------------------------------------------------------------------


def test_append_slash_redirects_nobody(world: World) -> None:
    app = serving(world, path("v1/orders/", read))
    assert signed(app, world.worker, "GET", "/v1/orders/").status == 200
    assert signed(app, world.worker, "GET", "/v1/orders").code == "action_unmapped"
    assert ask(app, "GET", "/v1/orders", STRANGER).code == "signature_missing"


def test_a_view_answers_every_method_and_asks_for_its_action(world: World) -> None:
    app = serving(world, path("v1/orders", require_http_methods(["GET", "HEAD"])(read)))
    assert signed(app, world.worker, "HEAD", "/v1/orders").status == 200
    nobody = world.agent("worker-agent", world.worker.key, scope=delegate.Scope(tools=["other"]))
    assert signed(app, nobody, "HEAD", "/v1/orders").code == "out_of_scope"
    assert signed(app, world.worker, "DELETE", "/v1/orders").status == 405


def test_a_signed_post_needs_no_csrf_token(world: World) -> None:
    @requires(**READ)
    def posted(request: HttpRequest, grant: delegate.Grant) -> HttpResponse:
        return HttpResponse(request.body + grant.agent.encode())

    app = serving(world, path("posted", posted), path("about", about))
    assert signed(app, world.worker, "POST", "/posted", b"by ").body == b"by worker-agent"
    assert ask(app, "POST", "/about", STRANGER).status == 403  # a public view is Django's to protect


def test_included_and_pattern_routes(world: World) -> None:
    inner = [path("refunds/<str:order>", refund), re_path(r"^re/(?P<order>[a-z]+-\d)$", refund)]
    app = serving(world, path("v1/", include(inner)))
    for base in ("/v1/refunds/", "/v1/re/"):
        assert signed(app, world.worker, "GET", base + "o-1").body == b"worker-agent o-1"
        assert signed(app, world.worker, "GET", base + "o-9").code == "out_of_scope"
        assert ask(app, "GET", base + "o-1", STRANGER).code == "signature_missing"


@may_refund
def escaped(_request: HttpRequest, order: str, grant: delegate.Grant) -> HttpResponse:
    return HttpResponse(order + grant.agent)


def test_the_value_that_is_authorized_is_the_one_that_the_view_gets(world: World) -> None:
    app = serving(world, path("v1/<str:order>", escaped))
    assert signed(app, world.worker, "GET", "/v1/%6f-1").body == b"o-1worker-agent"
    assert signed(app, world.worker, "GET", "/v1/%256f-1").code == "out_of_scope"


# --- views -----------------------------------------------------------------------------------------


class Orders(View):  # type: ignore[misc]  # Django ships no types
    def get(self, _request: HttpRequest, grant: delegate.Grant) -> HttpResponse:
        return HttpResponse(grant.agent)


class AsyncOrders(View):  # type: ignore[misc]
    async def get(self, _request: HttpRequest, grant: delegate.Grant) -> HttpResponse:
        return HttpResponse(grant.agent)


@method_decorator(may_read, name="dispatch")
class Decorated(Orders): ...


@pytest.mark.parametrize(
    "view",
    [may_read(Orders.as_view()), may_read(AsyncOrders.as_view()), Decorated.as_view()],
    ids=["sync", "async", "method_decorator"],
)
def test_views_that_are_classes(world: World, view: Any) -> None:
    app = serving(world, path("orders", view))
    assert signed(app, world.worker, "GET", "/orders").body == b"worker-agent"
    nobody = world.agent("worker-agent", world.worker.key, scope=delegate.Scope(tools=["other"]))
    answer = signed(app, nobody, "GET", "/orders")
    assert (answer.status, answer.code) == (403, "out_of_scope")


def test_a_streamed_answer(world: World) -> None:
    async def parts() -> AsyncIterator[bytes]:
        yield b"one "
        yield b"two"

    @may_read
    async def stream(_request: HttpRequest, grant: delegate.Grant) -> StreamingHttpResponse:
        return StreamingHttpResponse(parts(), headers={"X-By": grant.agent})

    assert signed(serving(world, path("stream", stream)), world.worker, "GET", "/stream").body == b"one two"


def test_all_that_a_view_requires_must_permit(world: World) -> None:
    may_audit = requires("audit.write", operation="write", risk="low")
    for view in (may_audit(read), may_read(may_audit(raw))):
        app = serving(world, path("both", view), path("one", read))
        assert signed(app, world.worker, "GET", "/one").status == 200
        assert signed(app, world.worker, "GET", "/both").code == "out_of_scope"


def test_an_argument_named_grant_is_never_from_the_path(world: World) -> None:
    app = serving(world, path("v1/<str:grant>", read))
    assert signed(app, world.worker, "GET", "/v1/forged").body == b"worker-agent"


class Later:
    def __await__(self) -> Iterator[None]:
        yield


def test_resources_are_not_async(world: World, caplog: pytest.LogCaptureFixture) -> None:
    view = requires(**READ, resources=lambda _request: Later())(raw)  # type: ignore[arg-type, return-value]
    assert signed(serving(world, path("raw", view)), world.worker, "GET", "/raw").status == 500
    assert "resources= of 'orders.read' is async" in caplog.text


# --- applications that do not start ----------------------------------------------------------------

UNMAPPED = {
    "view": lambda: path("raw", raw),
    "included": lambda: path("", include([path("raw", raw)])),
    "pattern": lambda: re_path("^raw$", raw),
    "class": lambda: path("raw", Orders.as_view()),
    "method": lambda: path("raw", method_decorator(may_read, name="get")(Orders).as_view()),
    "both": lambda: path("raw", public(may_read(raw))),
}


@pytest.mark.parametrize("what", UNMAPPED)
def test_an_application_with_an_unmapped_view_does_not_start(world: World, what: str) -> None:
    """'the application refuses to start where a route names none and is not marked public'"""
    with pytest.raises(ConfigurationError) as caught:
        serving(world, path("v1/orders", read), path("about", about), UNMAPPED[what]())
    assert caught.value.field == "routes"
    assert "raw" in str(caught.value)
    assert "about" not in str(caught.value)


def test_exempt_opens_reading_only(world: World) -> None:
    app = serving(world, path("healthz", raw), path("v1/orders", read), exempt=["/healthz"])
    assert ask(app, "GET", "/healthz", STRANGER).status == 200
    assert ask(app, "POST", "/healthz", STRANGER).code == "signature_missing"
    assert signed(app, world.worker, "POST", "/healthz").code == "action_unmapped"


# --- what stands in between ------------------------------------------------------------------------


def answering(get_response: Any) -> Any:
    """A middleware that answers what is asked twice, as ``FetchFromCacheMiddleware`` does."""
    kept: list[HttpResponse] = []

    def middleware(request: HttpRequest) -> HttpResponse:
        if not kept:
            kept.append(get_response(request))
        return HttpResponse(kept[0].content)

    return middleware


def test_nobody_answers_before_the_action_was_permitted(
    world: World, with_middleware: Callable[[str], None]
) -> None:
    """The fourth lock: a cache knows the address of a request, and not what its sender may do."""
    with_middleware(f"{__name__}.answering")
    app = serving(world, path("v1/orders", read))
    assert signed(app, world.worker, "GET", "/v1/orders").body == b"worker-agent"
    nobody = world.agent("worker-agent", world.worker.key, scope=delegate.Scope(tools=["other"]))
    answer = signed(app, nobody, "GET", "/v1/orders")
    assert (answer.status, answer.code) == (403, "action_unmapped")


def test_a_decorator_that_caches_gives_nothing_away(world: World) -> None:
    """``cache_page`` copies the mark of the view below it, and answers instead of it."""
    app = serving(world, path("cached", cache_page(60)(read)), path("about", never_cache(about)))
    assert signed(app, world.worker, "GET", "/cached").body == b"worker-agent"
    nobody = world.agent("worker-agent", world.worker.key, scope=delegate.Scope(tools=["other"]))
    assert signed(app, nobody, "GET", "/cached").code == "action_unmapped"
    assert ask(app, "GET", "/about", STRANGER).status == 200


def rerouting(get_response: Any) -> Any:
    """A middleware that has other routes."""

    def middleware(request: HttpRequest) -> HttpResponse:
        request.urlconf = (path("about", read),)
        response: HttpResponse = get_response(request)
        return response

    return middleware


def test_a_middleware_that_reroutes_opens_nothing(
    world: World, with_middleware: Callable[[str], None]
) -> None:
    """The third lock: the resolver goes elsewhere than the gate thought, and there is still no grant."""
    with_middleware(f"{__name__}.rerouting")
    app = serving(world, path("about", about))
    assert ask(app, "GET", "/about", STRANGER).status == 500


def test_a_refusal_of_a_call_that_the_view_made_is_a_defect(world: World) -> None:
    """Its caller was not refused, so it must not be told so."""

    @may_read
    def fails(_request: HttpRequest, grant: delegate.Grant) -> HttpResponse:
        msg = "elsewhere"
        raise OutOfScopeError(msg)

    answer = signed(serving(world, path("fails", fails)), world.worker, "GET", "/fails")
    assert (answer.status, b"elsewhere" in answer.body) == (500, False)


def test_requires_without_protect_serves_nobody(world: World) -> None:
    serve_urls(path("v1/orders", read))
    assert signed(get_asgi_application(), world.worker, "GET", "/v1/orders").status == 500


def test_a_request_without_a_server_has_no_grant() -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(HttpRequest())
    assert caught.value.field == "protect"
