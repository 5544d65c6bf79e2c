"""The container in which `make` runs: Debian, Rust, Python, and caches that outlive a run.

Only make knows how Pressroom is linted, tested and built; the workshop gives it what a developer has.
"""

from __future__ import annotations

import dagger
from dagger import dag

BOOTSTRAP = ["ca-certificates", "git", "make", "python3", "python3-venv"]
"""What make needs to begin with; scripts/system-libraries brings the rest."""

SHARED, LOCKED = dagger.CacheSharingMode.SHARED, dagger.CacheSharingMode.LOCKED

CACHES = {
    "/usr/local/cargo/registry": ("pressroom-cargo-registry", SHARED),
    "/usr/local/cargo/git": ("pressroom-cargo-git", SHARED),
    "/var/cache/uv": ("pressroom-uv", SHARED),
    # uv itself, cargo-deny, the validator: make puts them there once a machine.
    "/var/cache/pressroom": ("pressroom-tools", LOCKED),
    # Built crates; `make settle` keeps cargo honest about their age, which two runs at a time would undo.
    "/var/cache/target": ("pressroom-target", LOCKED),
}
"""Path in the container, volume, and whether one run at a time may have it."""

APT_CACHES = {"/var/cache/apt": "pressroom-apt", "/var/lib/apt/lists": "pressroom-apt-lists"}


def workshop(source: dagger.Directory, rust_image: str) -> dagger.Container:
    """A container with the source in /src, ready for make."""
    container = dag.container().from_(rust_image).with_env_variable("DEBIAN_FRONTEND", "noninteractive")
    for path, volume in APT_CACHES.items():
        container = container.with_mounted_cache(path, dag.cache_volume(volume), sharing=LOCKED)
    # Debian's images throw fetched packages away, which would empty the cache.
    container = (
        container.with_exec(["rm", "-f", "/etc/apt/apt.conf.d/docker-clean"])
        .with_exec(["apt-get", "update", "-qq"])
        .with_exec(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *BOOTSTRAP])
        .with_exec(["rustup", "component", "add", "clippy", "rustfmt"])
        .with_env_variable("HOME", "/root")
        .with_env_variable("XDG_CACHE_HOME", "/var/cache")
        .with_env_variable("CARGO_TARGET_DIR", "/var/cache/target")
        .with_env_variable("UV_LINK_MODE", "copy")
    )
    for path, (volume, sharing) in CACHES.items():
        container = container.with_mounted_cache(path, dag.cache_volume(volume), sharing=sharing)
    return container.with_directory("/src", source).with_workdir("/src")


def make(workshop: dagger.Container, *goals: str, root: bool = False) -> dagger.Container:
    """The workshop after `make settle` and `goals`; with `root`, they have every capability."""
    return workshop.with_exec(["make", "settle", *goals], insecure_root_capabilities=root)
