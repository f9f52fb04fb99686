"""Looks at what attachments left in its database and its bucket."""

import asyncio
import io
from collections.abc import Callable

import psycopg
from minio import Minio
from psycopg import sql
from psycopg.rows import DictRow, dict_row

from praxispost.chassis.v1.envelope_pb2 import Envelope
from tests.integration.attachments.house import Stores
from tests.integration.chassis.waiting import eventually


class _Client(Minio):
    def begin_upload(self, bucket: str, key: str) -> None:
        self._create_multipart_upload(bucket, key, {})

    def incomplete(self, bucket: str) -> list[str]:
        return [each.object_name for each in self._list_multipart_uploads(bucket).uploads]


class Traces:
    """Sees the rows of every practice, and every object."""

    def __init__(self, stores: Stores) -> None:
        self._url = stores.superuser_url
        self._settings = stores.s3
        self.bucket = stores.s3.bucket
        self.client = _Client(
            endpoint=stores.s3.endpoint,
            access_key=stores.s3.access_key,
            secret_key=stores.s3.secret_key,
            secure=False,
            region=stores.s3.region,
        )

    def rows(self, **equal: object) -> list[DictRow]:
        """The attachments whose columns are equal to these values."""
        conditions = " AND ".join(f"{name} = %({name})s" for name in equal) or "true"
        with psycopg.connect(self._url, row_factory=dict_row) as connection:
            query = f"SELECT * FROM attachment WHERE {conditions} ORDER BY created_at, id"
            return connection.execute(query.encode(), equal).fetchall()

    def audit(self, **equal: object) -> list[DictRow]:
        """The audit rows whose columns are equal to these values."""
        conditions = " AND ".join(f"{name} = %({name})s" for name in equal)
        with psycopg.connect(self._url, row_factory=dict_row) as connection:
            query = f"SELECT * FROM audit WHERE {conditions} ORDER BY id"
            return connection.execute(query.encode(), equal).fetchall()

    def events(self) -> list[Envelope]:
        """What is to be told to other services, or was."""
        with psycopg.connect(self._url) as connection:
            rows = connection.execute("SELECT envelope FROM outbox ORDER BY id").fetchall()
        return [Envelope.FromString(envelope) for (envelope,) in rows]

    def set_state(self, attachment_id: object, state: str) -> None:
        """Put a document back to a state."""
        with psycopg.connect(self._url) as connection:
            connection.execute("UPDATE attachment SET state = %s WHERE id = %s", [state, attachment_id])

    def set_age(self, attachment_id: object, hours: float) -> None:
        """Let a document have come to its state so long ago."""
        with psycopg.connect(self._url) as connection:
            connection.execute(
                "UPDATE attachment SET state_at = state_at - make_interval(secs => %s) WHERE id = %s",
                [hours * 3600, attachment_id],
            )

    def objects(self, practice_id: object) -> list[str]:
        """The keys of the practice's objects."""
        listed = self.client.list_objects(bucket_name=self.bucket, prefix=f"{practice_id}/", recursive=True)
        return [each.object_name or "" for each in listed]

    def incomplete(self) -> list[str]:
        """The keys of uploads that the store has parts of."""
        return self.client.incomplete(self.bucket)

    def begin_upload(self, key: str) -> None:
        """Begin an upload in parts that nobody completes."""
        self.client.begin_upload(self.bucket, key)

    def read(self, key: str) -> bytes:
        """An object as it lies in the bucket."""
        response = self.client.get_object(bucket_name=self.bucket, object_name=key)
        try:
            return response.read()
        finally:
            response.close()

    def nothing_of(self, practice_id: object) -> bool:
        """Whether there is neither a row nor an object of the practice."""
        return not self.rows(practice_id=practice_id) and not self.objects(practice_id)

    def describe(self, key: str) -> str:
        """What the bucket tells of an object without its content."""
        told = self.client.stat_object(bucket_name=self.bucket, object_name=key)
        return f"{key} {told.content_type} {dict(told.metadata or {})}"

    def replace(self, key: str, content: bytes) -> None:
        """Put something else in an object's place."""
        self.client.put_object(
            bucket_name=self.bucket, object_name=key, data=io.BytesIO(content), length=len(content)
        )

    def remove(self, key: str) -> None:
        """Remove an object behind everybody's back."""
        self.client.remove_object(bucket_name=self.bucket, object_name=key)

    def copy(self, column: str, *, from_id: str, to_id: str) -> None:
        """Copy a column's value from one row to another."""
        query = sql.SQL(
            "UPDATE attachment SET {0} = (SELECT {0} FROM attachment WHERE id = %s) WHERE id = %s"
        )
        with psycopg.connect(self._url) as connection:
            connection.execute(query.format(sql.Identifier(column)), [from_id, to_id])

    def dump(self) -> list[str]:
        """Every row of every table as text, bytes in hexadecimal."""
        with psycopg.connect(self._url) as connection:
            tables = connection.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
            ).fetchall()
            return [
                row
                for (table,) in tables
                for (row,) in connection.execute(f'SELECT t::text FROM "{table}" AS t'.encode())
            ]


async def until(look: Callable[[], bool]) -> None:
    """Wait until a look at the stores shows it."""
    await eventually(lambda: asyncio.to_thread(look))
