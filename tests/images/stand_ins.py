"""Images for machines that reach Debian's mirrors but no registry: Debian's packages, the official names.

They hold what Pressroom uses of the official ones. The machine's CA bundle and its settings for pip, uv,
cargo and apt are taken over as they are made: a build in a container reaches what the machine reaches.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.images.engine import NoEngine

if TYPE_CHECKING:
    from tests.images.engine import Engine

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
DEBIAN = "stand-in/debian"
CA_BUNDLE = "etc/ssl/certs/ca-certificates.crt"
SETTINGS = re.compile(
    r"(PIP|UV|CARGO_HTTP|CARGO_NET|CARGO_REGISTRIES|CARGO_SOURCE)_\w+|SSL_CERT_\w+|(?i:\w+_proxy)"
)
FILES = ("etc/pip.conf", "etc/uv/uv.toml")
LEFT_OUT = ("PIP_FIND_LINKS", "PIP_TARGET", "PIP_PREFIX", "UV_CACHE_DIR", "UV_PYTHON")
"""They name folders of the machine."""


def official_images() -> dict[str, str]:
    """The images that the Dockerfile and the compose file build on, by the name of their stand-in."""
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    compose = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    found = re.findall(r"^ARG \w+_IMAGE=((\w+):\S+)", dockerfile, re.MULTILINE)
    found += re.findall(r"^ +image: ((?:\S+/)?(redis|postgres|minio):\S+)", compose, re.MULTILINE)
    return {name: image for image, name in found}


def get_images(engine: Engine) -> list[str]:
    """See that every image is there, from a registry or made here; returns those that were made here.

    Only an engine of the tests' own is given stand-ins: anybody else's keeps the names for the real ones.
    """
    made = []
    for name, image in official_images().items():
        if engine.succeeds("image", "inspect", image) or engine.succeeds("pull", "--quiet", image, limit=900):
            continue
        if not engine.own:
            raise NoEngine(
                f"{image} can't be pulled, and stand-ins are only made in an engine of the tests' own"
            )
        if not engine.succeeds("image", "inspect", DEBIAN):
            make_debian(engine)
        context = _toolchain(image) if name == "rust" else HERE
        engine.docker("build", "-q", "-t", image, "-f", str(HERE / f"{name}.Dockerfile"), str(context))
        made.append(image)
    return made


def make_debian(engine: Engine) -> None:
    """A Debian as small as debootstrap makes it, with the machine's way out."""
    if shutil.which("debootstrap") is None:
        raise NoEngine("no registry answers, and debootstrap is missing: make smoke brings it")
    with tempfile.TemporaryDirectory(prefix="pressroom-debian-") as folder:
        # Not the temporary folder itself: nobody but its owner may enter that.
        root = Path(folder, "root")
        command = ["debootstrap", "--variant=minbase", "--include=ca-certificates", "bookworm", str(root)]
        subprocess.run(command, check=True, capture_output=True)
        for path in FILES:
            if Path("/", path).exists():
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(Path("/", path), root / path)
        if Path("/", CA_BUNDLE).exists():
            shutil.copyfile(Path("/", CA_BUNDLE), root / CA_BUNDLE)
        apt = subprocess.run(["apt-config", "dump", "Acquire"], check=True, capture_output=True).stdout
        (root / "etc/apt/apt.conf.d/90machine").write_bytes(apt)
        for leftover in (
            *(root / "var/cache/apt/archives").glob("*.deb"),
            *(root / "var/lib/apt/lists").glob("*_*"),
        ):
            leftover.unlink()
        archive = Path(folder, "root.tar")
        subprocess.run(["tar", "-C", str(root), "-cf", str(archive), "."], check=True)
        changes = [option for line in _settings() for option in ("--change", line)]
        engine.docker("import", *changes, str(archive), DEBIAN)


def _settings() -> list[str]:
    """ENV lines for what this process is told about mirrors, proxies and certificates."""
    found = {
        name: value for name, value in os.environ.items() if SETTINGS.fullmatch(name) and name not in LEFT_OUT
    }
    return [f'ENV {name}="{value}"' for name, value in found.items()]


def _toolchain(image: str) -> Path:
    """Folder of the Rust toolchain of the image's version where rustup has it, else of the one in use."""
    version = image.partition(":")[2].partition("-")[0]
    asked = ["rustc", "--print", "sysroot"]
    for command in (["rustup", "run", version, *asked], asked):
        if shutil.which(command[0]) is not None:
            done = subprocess.run(command, check=False, capture_output=True, text=True)
            if done.returncode == 0:
                return Path(done.stdout.strip())
    raise NoEngine(f"{image} can't be pulled, and there is no Rust here to stand in for it")
