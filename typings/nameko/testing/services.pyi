from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from nameko.containers import ServiceContainer
from nameko.testing.waiting import WaitResult

def worker_factory(service_cls: type, **dependencies: object) -> Any: ...
def entrypoint_hook(
    container: ServiceContainer, method_name: str
) -> AbstractContextManager[Callable[..., Any]]: ...
def entrypoint_waiter(
    container: ServiceContainer, method_name: str, timeout: float = 30, callback: Callable[..., bool] | None = None
) -> AbstractContextManager[WaitResult]: ...
