"""A call of a declared method: build the request, send it, read the answer, page after page for a paginated list."""

from collections.abc import Mapping
from typing import Any, Protocol

from wren_core.contract.credentials import Credentials
from wren_core.contract.record import IntegrationConfig
from wren_core.contract.request_binding import Pagination, RequestBinding
from wren_core.contract.spec import IntegrationSpec, MethodSpec
from wren_core.declarative.answer import read_content, select_output, with_attributes
from wren_core.declarative.paging import PageRequest, first_page, next_page, page_constants, relative_address
from wren_core.declarative.request import RequestContext, RequestValues, build_request
from wren_core.errors import OutputInvalid, Rejected
from wren_core.http_client import Answer


class HttpIntegration(Protocol):
    """The part of an integration that a call uses."""

    spec: IntegrationSpec
    config: IntegrationConfig
    credentials: Credentials
    base_url: str

    @property
    def client(self) -> Any:
        """The client that sends: an `HttpClient`."""
        ...


def perform(
    integration: HttpIntegration, method: MethodSpec, binding: RequestBinding, arguments: Mapping[str, Any]
) -> Any:
    """Call a method and return the part of the answer that its binding names.

    Raises:
        WrenError: the verdict for a refusal, or the reason why the request cannot be built.
    """
    if binding.pagination is not None:
        return with_attributes(_all_items(integration, method, binding, binding.pagination, arguments))
    answer = _send(integration, method, build_request(method, binding, arguments, _request_context(integration)))
    return with_attributes(select_output(binding, read_content(binding, answer)))


def _all_items(
    integration: HttpIntegration,
    method: MethodSpec,
    binding: RequestBinding,
    pagination: Pagination,
    arguments: Mapping[str, Any],
) -> list[Any]:
    asked = arguments.get(pagination.limit) if pagination.limit else None
    wanted = pagination.max_items if asked is None else min(asked, pagination.max_items)
    page: PageRequest | None = first_page(pagination, wanted=wanted)
    found: list[Any] = []
    for _ in range(pagination.max_pages):
        if page is None or len(found) >= wanted:
            return found[:wanted]
        answer = _send(integration, method, _page_request(integration, method, binding, pagination, page, arguments))
        document = read_content(binding, answer)
        items = _items(integration, method, binding, document)
        found += items
        page = next_page(pagination, page, document, items, answer.next_link)
    if page is None or len(found) >= wanted:
        return found[:wanted]
    hint = f"; ask for fewer with {pagination.limit}=..." if pagination.limit else ""
    message = f"{integration.spec.name}.{method.id}: the list has more than {pagination.max_pages} pages{hint}"
    raise Rejected(message, code="TOO_MANY_PAGES")


def _page_request(
    integration: HttpIntegration,
    method: MethodSpec,
    binding: RequestBinding,
    pagination: Pagination,
    page: PageRequest,
    arguments: Mapping[str, Any],
) -> RequestValues:
    if page.address is None:
        constants = (*binding.constants, *page_constants(pagination, page))
        paged = binding.model_copy(update={"constants": constants})
        return build_request(method, paged, arguments, _request_context(integration))
    request = build_request(method, binding, arguments, _request_context(integration))
    path, query = relative_address(integration.base_url, request.path, page.address)
    return RequestValues(
        method=request.method,
        path=path,
        query=query,
        headers=request.headers,
        content=request.content,
        files=request.files,
    )


def _items(integration: HttpIntegration, method: MethodSpec, binding: RequestBinding, document: Any) -> list[Any]:
    items = select_output(binding, document)
    if items is None:
        return []
    if not isinstance(items, list):
        method_name = f"{integration.spec.name}.{method.id}"
        raise OutputInvalid(
            f"{method_name} is a paginated list, but the answer has no list at {binding.output or '/'}",
            details={"integration": integration.spec.name, "method": method.id, "pointer": binding.output},
        )
    return items


def _send(integration: HttpIntegration, method: MethodSpec, request: RequestValues) -> Answer:
    answer: Answer = integration.client.request(
        request.method,
        request.path,
        query=request.query,
        content=request.content,
        files=request.files,
        headers=request.headers,
        repeatable=method.idempotent or (None if method.effect == "read" else False),
    )
    return answer


def _request_context(integration: HttpIntegration) -> RequestContext:
    return RequestContext(config=integration.config.model_dump(mode="json"), credentials=integration.credentials)
