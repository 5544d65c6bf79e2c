"""The image that ships: built from the Dockerfile, tried beside a broker and a database, pushed."""

from __future__ import annotations

import dagger
from dagger import dag

REDIS_IMAGE = "redis:7.2-bookworm"
POSTGRES_IMAGE = "postgres:17-bookworm"
USER = "10001:10001"
"""The image's user, as the Dockerfile makes it."""
ORDERED, PRINTED = "/order/sales.csv", "/order/printed"
SALES = "city,amount\nZürich,12.5\n東京,30\n"


def build(
    source: dagger.Directory,
    arguments: dict[str, str],
    *,
    target: str = "",
    platform: dagger.Platform | None = None,
) -> dagger.Container:
    """The image of `source`, for `platform` or the engine's own, whole or up to a stage."""
    return source.docker_build(
        build_args=[dagger.BuildArg(name, value) for name, value in arguments.items()],
        target=target,
        platform=platform,
    )


def redis() -> dagger.Service:
    """A broker without a password: only containers that it is bound to reach it."""
    return dag.container().from_(REDIS_IMAGE).with_exposed_port(6379).as_service()


def postgres() -> dagger.Service:
    """A job database without a password, for the same reason."""
    container = (
        dag.container()
        .from_(POSTGRES_IMAGE)
        .with_env_variable("POSTGRES_USER", "pressroom")
        .with_env_variable("POSTGRES_DB", "pressroom")
        .with_env_variable("POSTGRES_HOST_AUTH_METHOD", "trust")
    )
    return container.with_exposed_port(5432).as_service(use_entrypoint=True)


def press(image: dagger.Container) -> dagger.Service:
    """The whole press out of one container of `image`, with its API on port 8000."""
    container = (
        image.with_service_binding("redis", redis())
        .with_service_binding("postgres", postgres())
        .with_env_variable("PRESSROOM_REDIS_URL", "redis://redis/0")
        .with_env_variable("PRESSROOM_DATABASE_URL", "postgresql+psycopg://pressroom@postgres/pressroom")
        .with_env_variable("PRESSROOM_ALLOWED_HOSTS", "press")
    )
    return container.with_exposed_port(8000).as_service(args=["up"], use_entrypoint=True)


def printed(image: dagger.Container) -> dagger.Directory:
    """What the press of `image` prints when its command line asks it over REST: hello.pdf, hello.xlsx."""
    # The image's user is nobody's: the folder for the files is made for it.
    client = (
        image.with_service_binding("press", press(image))
        .with_env_variable("PRESSROOM_URL", "http://press:8000")
        .with_directory("/order", dag.directory().with_new_file("sales.csv", SALES), owner=USER)
    )
    order = ["submit", "hello", "--data", ORDERED, "--out", PRINTED]
    return client.with_exec(order, use_entrypoint=True).directory(PRINTED)


async def publish(
    variants: list[dagger.Container], repository: str, tags: list[str], username: str, password: dagger.Secret
) -> list[str]:
    """Push one image of all `variants` as `repository` under each of `tags`; the addresses, with digests."""
    if not tags:
        raise ValueError("tags: none is given, so nothing could be published")
    if ":" in repository.rpartition("/")[2] or "@" in repository:
        raise ValueError(f"repository: {repository} has a tag or a digest of its own; give tags apart")
    first, *others = variants
    ready = first.with_registry_auth(repository, username, password)
    return [await ready.publish(f"{repository}:{tag}", platform_variants=others) for tag in tags]
