"""Every RPC of the contracts, found in the descriptors, callable with generated requests."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import grpc
from google.protobuf import descriptor, message, message_factory

import praxispost.attachments.v1
import praxispost.identity.v1
import praxispost.messaging.v1
import praxispost.notifier.v1
from tests.story.callers import Caller, Refused, refused

PACKAGES = {
    "identity": praxispost.identity.v1,
    "messaging": praxispost.messaging.v1,
    "attachments": praxispost.attachments.v1,
    "notifier": praxispost.notifier.v1,
}


Answer: TypeAlias = message.Message | list[message.Message] | Refused


@dataclass(frozen=True, slots=True)
class Rpc:
    """One method of one service."""

    service: str
    method: descriptor.MethodDescriptor

    @property
    def name(self) -> str:
        """ServiceName.MethodName."""
        return f"{self.method.containing_service.name}.{self.method.name}"

    def request(self, values: Mapping[str, Any]) -> message.Message:
        """A request with the fields that `values` names, in nested messages too; the others stay unset."""
        return filled(self.method.input_type, values)

    def call(
        self, caller: Caller, request: message.Message
    ) -> message.Message | list[message.Message] | Refused:
        """What the caller gets: an answer, a stream's first part, or the refusal."""
        path = f"/{self.method.containing_service.full_name}/{self.method.name}"
        parse = message_factory.GetMessageClass(self.method.output_type).FromString
        channel = caller.channel(self.service)
        try:
            if self.method.client_streaming and self.method.server_streaming:
                both = channel.stream_stream(path, _serialize, parse)
                return list(both(iter([request]), timeout=5))
            if self.method.client_streaming:
                upload = channel.stream_unary(path, _serialize, parse)
                return upload(iter([request]))
            if self.method.server_streaming:
                download = channel.unary_stream(path, _serialize, parse)
                stream = download(request, timeout=5)
                first = next(iter(stream), None)
                stream.cancel()
                return [] if first is None else [first]
            unary = channel.unary_unary(path, _serialize, parse)
            return unary(request)
        except grpc.RpcError as error:
            return refused(error)


def _serialize(request: message.Message) -> bytes:
    return request.SerializeToString()


def filled(kind: descriptor.Descriptor, values: Mapping[str, Any]) -> message.Message:
    """A message of this kind, filled by field name."""
    given: dict[str, Any] = {}
    for field in kind.fields:
        inner = field.message_type
        if field.name in values:
            given[field.name] = values[field.name]
        elif inner is not None and inner.file.package.startswith("praxispost") and not field.is_repeated:
            given[field.name] = filled(inner, values)
    return message_factory.GetMessageClass(kind)(**given)


def every_rpc() -> Iterator[Rpc]:
    """All methods of all four services, in the order of their files."""
    for service, package in PACKAGES.items():
        for module in pkgutil.iter_modules(package.__path__):
            if module.name.endswith("_pb2"):
                loaded = importlib.import_module(f"{package.__name__}.{module.name}")
                for described in loaded.DESCRIPTOR.services_by_name.values():
                    for method in described.methods:
                        yield Rpc(service, method)
