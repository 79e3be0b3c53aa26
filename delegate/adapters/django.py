"""Django under ASGI: each view names its action, or says that it is public; nothing else is served.

    @requires("refunds.create", operation="financial", risk="high",
              resources=lambda r: {"order": [r.resolver_match.kwargs["order"]]})
    def refund(request: HttpRequest, order: str, grant: delegate.Grant) -> HttpResponse: ...

    urlpatterns = [path("v1/refunds/<str:order>", refund), path("about", public(about))]

    application = protect(get_asgi_application(), verifier)      # in asgi.py

What keeps everybody else out is in ``delegate.server.gate``. Here is what Django adds to it. It knows no
start-up, so ``protect`` itself looks at every view and raises. An action is named by a decorator of a view,
sync or async, or of what ``View.as_view()`` returns. Django turns every exception of a view into a page of
its own, so the decorated view answers refusals itself. It needs no CSRF token: a signature is nothing that
a browser adds on its own. APPEND_SLASH and other redirects are not taken: what was signed is what is
served. Routes whose paths depend on the language of the request (``i18n_patterns``) are matched in the
default language.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import wraps
from typing import Any, TypeAlias

from asgiref.sync import iscoroutinefunction
from django.core.handlers.asgi import get_script_prefix
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import Resolver404, URLPattern, URLResolver, get_resolver
from django.views.decorators.csrf import csrf_exempt

from delegate.errors import DelegateError
from delegate.keys import Signer
from delegate.server.gate import Gate, Requirement, refusal_of
from delegate.server.interface import ASGIApp, Scope
from delegate.server.routes import Leaf, Says, naming_action, public, says_of
from delegate.verifier import Verifier

__all__ = ["protect", "public", "requires"]

View: TypeAlias = Callable[..., Any]
"""A view, sync or async, that takes its grant as the keyword ``grant``."""

Resources: TypeAlias = Callable[[HttpRequest], Mapping[str, Sequence[str]]]
"""The resources that a request touches, by type; not async, because views need not be."""


def requires(
    tool: str,
    *,
    operation: str,
    risk: str,
    sensitivities: Iterable[str] = (),
    resources: Resources | None = None,
) -> Callable[[View], View]:
    """A decorator that permits this action and gives the view its ``Grant``, as the keyword ``grant``.

    ``resources`` is asked for each request; what it names is what the view will touch. Where several
    decorators stand on one view, all must permit, and it gets the grant of the lowest. Raises
    ``MalformedError`` at once for a name that is not one.
    """
    requirement = Requirement(
        tool, operation=operation, risk=risk, sensitivities=sensitivities, resources=resources
    )

    def decorate(view: View) -> View:
        permitted = _async_view(requirement, view) if iscoroutinefunction(view) else _view(requirement, view)
        marked: View = csrf_exempt(naming_action(permitted))
        return marked

    return decorate


def _view(requirement: Requirement[HttpRequest], view: View) -> View:
    @wraps(view)
    def permitted(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:  # noqa: ANN401 - the view's
        try:
            grant = requirement.permit(request, _scope(request))
            return view(request, *args, **{**kwargs, "grant": grant})
        except DelegateError as error:
            return _refuse(request, error)

    return permitted


def _async_view(requirement: Requirement[HttpRequest], view: View) -> View:
    @wraps(view)
    async def permitted(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:  # noqa: ANN401
        try:
            grant = requirement.permit(request, _scope(request))
            return await view(request, *args, **{**kwargs, "grant": grant})
        except DelegateError as error:
            return _refuse(request, error)

    return permitted


def _scope(request: HttpRequest) -> Scope:
    """The scope of ASGI; under WSGI, or in a test without a server, one in which nothing is verified."""
    scope: Scope = getattr(request, "scope", {})
    return scope


def _refuse(request: HttpRequest, error: DelegateError) -> HttpResponse:
    problem = refusal_of(error, _scope(request))
    headers = {name.decode(): value.decode() for name, value in problem.headers}
    return HttpResponse(problem.body, status=problem.status, headers=headers)


def protect(
    application: ASGIApp,
    verifier: Verifier,
    *,
    exempt: Iterable[str] = (),
    root_path: str = "",
    development: bool = False,
    answer_key: Signer | None = None,
) -> ASGIApp:
    """``application`` (of ``get_asgi_application()``) behind a gate; serve what this returns.

    ``exempt``, ``root_path``, ``development`` and ``answer_key`` are those of ``DelegateMiddleware``. Raises
    ``ConfigurationError`` where a view of ``ROOT_URLCONF`` names no action and is not public, and for an
    observing verifier, which has no ``Grant`` to give. Views of Django's own, such as the admin's, are public
    or in another application.
    """
    gate = Gate(
        verifier,
        says=_chosen,
        leaves=lambda: _leaves(get_resolver().url_patterns),
        exempt=exempt,
        root_path=root_path,
        development=development,
        answer_key=answer_key,
    )
    gate.app = application
    gate.check()
    return gate


# --- what routes there are -------------------------------------------------------------------------


def _chosen(scope: Scope) -> Says:
    """What the view says that Django will choose; the path is read as its handler reads it."""
    try:
        match = get_resolver().resolve(scope["path"].removeprefix(get_script_prefix(scope)))
    except Resolver404:
        return Says.NOTHING
    return says_of(match.func)


def _leaves(patterns: Iterable[URLPattern | URLResolver], prefix: str = "/") -> Iterator[Leaf]:
    for each in patterns:
        path = f"{prefix}{each.pattern}"
        if isinstance(each, URLResolver):
            yield from _leaves(each.url_patterns, path)
        else:
            yield Leaf("view", path, says_of(each.callback))
