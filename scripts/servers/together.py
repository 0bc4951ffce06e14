"""PostgreSQL and Redis, as they stand behind several web workers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from itembank.base.errors import Unavailable
from scripts.servers.postgres import Postgres, PostgresMissing, start_postgres
from scripts.servers.redis import RedisMissing, RedisServer, start_redis


class ServerMissing(Unavailable):
    """The servers' binaries are not here."""

    code = "server_missing"
    message = "A database server is needed for this: {reason}"


@dataclass(frozen=True)
class Servers:
    """Both of them, running."""

    postgres: Postgres
    redis: RedisServer

    @property
    def database_url(self) -> str:
        return self.postgres.url("postgres")


@contextmanager
def start_servers() -> Iterator[Servers]:
    """Run both while the block lasts; every commit waits for the disk. Raises ServerMissing."""
    with ExitStack() as stack:
        try:
            postgres = start_postgres(fsync=True)
            stack.callback(postgres.stop)
            redis = start_redis()
            stack.callback(redis.stop)
        except (PostgresMissing, RedisMissing) as reason:
            raise ServerMissing(reason=str(reason)) from reason
        yield Servers(postgres, redis)
