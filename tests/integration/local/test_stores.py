"""The private stores: what services find in them, and that they keep it when they end and come again."""

import io

import kombu
import psycopg
import pytest
from minio import Minio
from minio.error import S3Error

from deploy.local.postgres import Postgres
from deploy.local.rabbitmq import RabbitMq
from deploy.local.s3 import S3


def test_a_database_is_made_once(postgres: Postgres) -> None:
    assert postgres.database("made_once") == postgres.database("made_once")


def test_the_app_role_can_neither_make_tables_nor_pass_by_row_level_security(postgres: Postgres) -> None:
    urls = postgres.temporary_database()
    with psycopg.connect(urls.app) as connection:
        bypass = connection.execute(
            "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
        assert bypass == (False,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("CREATE TABLE sneaky (id int)")


def test_one_databases_roles_cannot_enter_another(postgres: Postgres) -> None:
    one, other = postgres.temporary_database(), postgres.temporary_database()
    name = other.app.rpartition("/")[2]
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        psycopg.connect(one.app.rpartition("/")[0] + f"/{name}").close()


def test_what_is_committed_outlives_a_crash(postgres: Postgres) -> None:
    urls = postgres.temporary_database()
    with psycopg.connect(urls.owner) as connection:
        connection.execute("CREATE TABLE kept (id int)")
        connection.execute("INSERT INTO kept VALUES (1)")
    postgres.process.kill()
    postgres.start()
    with psycopg.connect(urls.owner) as connection:
        assert connection.execute("SELECT id FROM kept").fetchall() == [(1,)]


def test_rabbitmq_lets_in_who_has_its_address(rabbitmq: RabbitMq) -> None:
    connection = kombu.Connection(rabbitmq.url)
    try:
        kombu.Queue("let-in", durable=False)(connection.channel()).declare()
    finally:
        connection.release()


def client(s3: S3) -> Minio:
    access = s3.access
    return Minio(
        endpoint=access.endpoint,
        access_key=access.access_key,
        secret_key=access.secret_key,
        secure=False,
        region=access.region,
    )


def test_the_bucket_takes_and_gives_objects(s3: S3) -> None:
    mine = client(s3)
    mine.put_object(bucket_name=s3.access.bucket, object_name="a/b", data=io.BytesIO(b"document"), length=8)
    assert mine.stat_object(bucket_name=s3.access.bucket, object_name="a/b").size == 8
    mine.remove_object(bucket_name=s3.access.bucket, object_name="a/b")


def test_the_services_key_opens_its_bucket_only(s3: S3) -> None:
    with pytest.raises(S3Error) as refused:
        client(s3).make_bucket(bucket_name="another-bucket")
    assert refused.value.code == "AccessDenied"
