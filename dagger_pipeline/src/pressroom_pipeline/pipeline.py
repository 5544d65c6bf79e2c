"""The pipeline's functions, in the order in which a release takes them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import dagger
from dagger import Doc, field, object_type

from pressroom_pipeline import image as images
from pressroom_pipeline.source import Source
from pressroom_pipeline.step import fresh_step, step
from pressroom_pipeline.workshop import make, workshop

RUST_IMAGE = "rust:1.88-slim-bookworm"
BASE_IMAGE = "python:3.11-slim-bookworm"

OfflineAccepted = Annotated[bool, Doc("Go on when a database can't be reached; findings still fail")]
Repository = Annotated[str, Doc("Where to push to, without a tag: registry.example.com/team/pressroom")]
Username = Annotated[str, Doc("Who pushes")]
Password = Annotated[dagger.Secret, Doc("The registry's password or token, as env://NAME or file://PATH")]
Tags = Annotated[list[str], Doc("Each names the same image: 0.1.0,latest")]
Platforms = Annotated[list[dagger.Platform], Doc("linux/amd64,linux/arm64; by default the engine's own")]


@object_type
class PressroomPipeline:
    """The pipeline over one checkout. A function fails when what it runs fails, and says what that said."""

    source: Source = field()
    rust_image: Annotated[str, Doc("Debian with Rust: compiles, lints and tests")] = field(default=RUST_IMAGE)
    base_image: Annotated[str, Doc("Debian with Python: the image's base")] = field(default=BASE_IMAGE)
    revision: Annotated[str, Doc("The commit, for the image's label")] = field(default="unknown")

    @step
    async def lint(self) -> str:
        """Check formatting, types, import rules, spelling and licences; what the tools said.

        The same as `make lint`.
        """
        return await make(self._workshop(), "lint").stdout()

    @step
    async def test(self) -> str:
        """Run every test, Rust's and Python's; what they said.

        The same as `make test`. No service is bound: tests start a Redis and a PostgreSQL of their own, as
        they kill and wipe them. They also mount small disks to fill, for which they get every capability.
        """
        return await make(self._workshop(), "test", root=True).stdout()

    @step
    def wheels(self) -> dagger.Directory:
        """Build the wheel for CPython 3.11 and newer, and try it in an environment of its own; its folder.

        The same as `make wheels`.
        """
        return make(self._workshop(), "wheels").directory("/src/out/wheels").filter(include=["*.whl"])

    @fresh_step
    def scan(self, accept_unreachable: OfflineAccepted = False) -> dagger.Directory:
        """Look what is locked up in the advisory databases; reports, and CycloneDX lists of what ships.

        The same as `make scan`.
        """
        now = datetime.now(UTC).isoformat(timespec="seconds")
        goals = ["scan", "OFFLINE=1"] if accept_unreachable else ["scan"]
        return make(self._workshop().with_env_variable("SCANNED_AT", now), *goals).directory("/src/out/scan")

    @step
    def image(
        self,
        platform: Annotated[dagger.Platform | None, Doc("linux/arm64; by default the engine's own")] = None,
        target: Annotated[str, Doc("Stop at this stage of the Dockerfile")] = "",
    ) -> dagger.Container:
        """Build the image that ships, from the Dockerfile."""
        arguments = {
            "BASE_IMAGE": self.base_image,
            "RUST_IMAGE": self.rust_image,
            "REVISION": self.revision,
        }
        return images.build(self.source, arguments, target=target, platform=platform)

    @step
    def smoke(self) -> dagger.Directory:
        """Start the press of the image beside a Redis and a PostgreSQL, and order a report; its two files."""
        return images.printed(self.image())

    @fresh_step
    async def publish(
        self,
        repository: Repository,
        username: Username,
        password: Password,
        tags: Tags,
        platforms: Platforms = [],  # noqa: B006 - read only, and an empty list is what the engine registers
    ) -> list[str]:
        """Push the image to a registry under each tag, unchecked; the addresses, with digests."""
        variants = [self.image(platform) for platform in platforms] or [self.image()]
        return await images.publish(variants, repository, tags, username, password)

    @fresh_step
    async def release(
        self,
        repository: Repository,
        username: Username,
        password: Password,
        tags: Tags,
        platforms: Platforms = [],  # noqa: B006 - as above
        accept_unreachable: OfflineAccepted = False,
    ) -> list[str]:
        """Lint, test, build and try the wheel, scan, try the image, publish it; the addresses, with digests.

        The first step that fails is the last: nothing is pushed unless all have passed. Images of other
        platforms than the engine's are built, not tried.
        """
        await self.lint()
        await self.test()
        await self.wheels().sync()
        await self.scan(accept_unreachable).sync()
        await self.smoke().sync()
        return await self.publish(repository, username, password, tags, platforms)

    def _workshop(self) -> dagger.Container:
        return workshop(self.source, self.rust_image)
