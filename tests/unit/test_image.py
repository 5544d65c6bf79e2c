"""The container image and the compose file, read rather than run: what holds before anything is started."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from pressroom.settings import Settings

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
COMPOSE = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(COMPOSE)["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"].startswith("pressroom:")}
INTERPOLATED = re.compile(r"(?<!\$)\$\{(\w+)(:[-?])?([^}]*)\}")


def setting_names() -> set[str]:
    return {f"PRESSROOM_{name.upper()}" for name in Settings.model_fields}


def stages() -> list[str]:
    return re.split(r"^FROM ", DOCKERFILE, flags=re.MULTILINE)[1:]


def words_of(name: str) -> list[str]:
    """A list of packages in scripts/system-libraries."""
    script = (ROOT / "scripts" / "system-libraries").read_text(encoding="utf-8")
    (words,) = re.findall(rf"^{name}_packages=\((.*)\)$", script, re.MULTILINE)
    return str(words).split()


def test_the_compose_file_runs_every_part_of_the_press() -> None:
    assert set(OURS) == {"migrate", "api", "worker-heavy", "worker-fast", "reaper", "flower"}
    assert set(SERVICES) - set(OURS) == {"redis", "postgres", "minio"}


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_bounded_hardened_and_looked_after(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["mem_limit"]
    assert service["pids_limit"] > 0
    assert set(service["logging"]["options"]) == {"max-size", "max-file"}
    once = name == "migrate"
    assert service["healthcheck"] == {"disable": True} if once else service["healthcheck"]["test"]
    assert service["restart"] == ("no" if once else "unless-stopped")
    assert once or service["stop_grace_period"]
    # It would forbid a second worker.
    assert "container_name" not in service


@pytest.mark.parametrize("name", SERVICES)
def test_what_is_published_is_published_on_loopback(name: str) -> None:
    for port in SERVICES[name].get("ports", ()):
        assert re.match(r"(\$\{\w+:-)?127\.0\.0\.1:", port)


@pytest.mark.parametrize("name", sorted(set(OURS) - {"migrate", "flower"}))
def test_no_part_starts_before_the_database_is_migrated(name: str) -> None:
    assert SERVICES[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}


def test_no_secret_has_a_default() -> None:
    secrets = [
        (name, operator, text)
        for name, operator, text in INTERPOLATED.findall(COMPOSE)
        if re.search(r"PASSWORD|SECRET|KEY", name)
    ]
    assert {name for name, operator, _ in secrets if operator == ":?"} == {
        "POSTGRES_PASSWORD",
        "REDIS_PASSWORD",
        "FLOWER_PASSWORD",
    }
    for name, operator, text in secrets:
        assert (operator, text) == (":-", "") or text.startswith(f"{name} is not set; ")
    assert re.findall(r"^#?\w*(?:PASSWORD|SECRET|KEY)\w*=(.+)$", EXAMPLE, re.MULTILINE) == []


def test_the_line_that_makes_passwords_makes_three(tmp_path: Path) -> None:
    (line,) = re.findall(r"^#   (\(umask.+)$", EXAMPLE, re.MULTILINE)
    assert f"$ {line}\n" in (ROOT / "README.md").read_text(encoding="utf-8")
    shutil.copyfile(ROOT / ".env.example", tmp_path / ".env.example")
    subprocess.run(["bash", "-c", line], cwd=tmp_path, check=True)
    made = re.findall(r"^(\w+)_PASSWORD=([0-9a-f]{48})$", (tmp_path / ".env").read_text(), re.MULTILINE)
    assert [name for name, _ in made] == ["POSTGRES", "REDIS", "FLOWER"]
    assert len({password for _, password in made}) == 3
    assert (tmp_path / ".env").stat().st_mode & 0o077 == 0


def test_every_setting_that_is_named_is_one() -> None:
    named = set(re.findall(r"\bPRESSROOM_\w+", COMPOSE + EXAMPLE + DOCKERFILE))
    assert "PRESSROOM_DATABASE_URL" in named
    assert named - setting_names() == set()


def test_every_variable_of_the_compose_file_is_explained() -> None:
    passed_on = re.findall(r"^  ([A-Z_]+):$", COMPOSE, re.MULTILINE)
    explained = set(re.findall(r"^#? ?([A-Z_]+)(?:=|  )", EXAMPLE, re.MULTILINE))
    assert {name for name, _, _ in INTERPOLATED.findall(COMPOSE)} | set(passed_on) == explained


@pytest.mark.parametrize("line", re.findall(r"^#([A-Z_]+=.*)$", EXAMPLE, re.MULTILINE))
def test_what_the_example_calls_a_default_is_one(line: str) -> None:
    name, value = line.split("=", 1)
    defaults = {
        text for found, operator, text in INTERPOLATED.findall(COMPOSE) if found == name and operator == ":-"
    }
    field = Settings.model_fields.get(name.removeprefix("PRESSROOM_").lower())
    plain = (
        field is not None and isinstance(field.default, int | float) and not isinstance(field.default, bool)
    )
    if defaults and name != "REPORTS_FOLDER":
        assert defaults == {value}
    elif plain and field is not None:
        assert float(value) == field.default
    else:
        # No default, so an example of what may be said: it is taken all the same.
        assert name in COMPOSE


def test_a_heavy_worker_may_drain_before_it_is_killed() -> None:
    (drain,) = {text for name, _, text in INTERPOLATED.findall(COMPOSE) if name == "PRESSROOM_DRAIN_SECONDS"}
    for name in ("worker-heavy", "worker-fast"):
        grace = int(re.findall(r":-(\d+)s", SERVICES[name]["stop_grace_period"])[0])
        assert grace >= int(drain) + Settings.model_fields["cancel_grace_seconds"].default


def test_the_image_installs_what_the_script_lists_and_nothing_else() -> None:
    final = stages()[-1]
    assert "/mnt/system-libraries image" in final
    assert "apt-get" not in final
    assert not {"gcc", "libc6-dev", "python3-venv"} & {*words_of("run"), *words_of("image")}
    assert words_of("image") == ["tini"]


def test_the_image_is_that_of_the_locked_tools() -> None:
    crates = tomllib.loads((ROOT / "Cargo.toml").read_text(encoding="utf-8"))
    rust = crates["workspace"]["package"]["rust-version"]
    assert f"ARG RUST_IMAGE=rust:{rust}-slim-bookworm\n" in DOCKERFILE
    (uv,) = re.findall(
        r"^UV_VERSION := (\S+)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert f"ARG UV_VERSION={uv}\n" in DOCKERFILE
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert f"ARG VERSION={project['version']}\n" in stages()[-1]
    assert DOCKERFILE.count("uv sync --quiet --locked") == DOCKERFILE.count("uv sync") == 2


def test_the_image_runs_as_nobody_who_can_do_anything() -> None:
    final = stages()[-1]
    assert re.search(r"^USER 10001:10001$", final, re.MULTILINE)
    assert 'ENTRYPOINT ["tini", "--", "pressroom"]' in final
    assert "HEALTHCHECK" in final


def test_only_what_is_named_reaches_the_build() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert next(line for line in lines if not line.startswith("#")) == "*"
    let_in = {line[1:] for line in lines if line.startswith("!")}
    assert all((ROOT / path).exists() for path in let_in)
    copied = re.findall(r"^COPY (?!--)(.+) \S+$", DOCKERFILE, re.MULTILINE)
    bound = re.findall(r"type=bind,source=([^,]+)", DOCKERFILE)
    assert {path for line in copied for path in line.split()} | set(bound) == let_in


def test_a_compiler_is_no_part_of_what_the_image_installs(tmp_path: Path) -> None:
    """The script itself, with apt and dpkg replaced: nothing is installed here, and there is no compiler."""
    log = tmp_path / "log"
    for name, body in (
        ("dpkg-query", "exit 1"),
        ("id", "echo 0"),
        ("apt-get", f'echo "$*" >> {log}'),
        ("env", 'shift 2; exec "$@"'),
    ):
        path = tmp_path / name
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)
    script = str(ROOT / "scripts" / "system-libraries")
    subprocess.run(
        ["/bin/bash", script, "image"], check=True, env={"PATH": str(tmp_path)}, capture_output=True
    )
    asked = log.read_text().splitlines()[-1]
    assert asked.endswith(" ".join([*words_of("run"), *words_of("image")]))


def test_a_purpose_that_is_none_is_refused(tmp_path: Path) -> None:
    script = str(ROOT / "scripts" / "system-libraries")
    done = subprocess.run(
        ["/bin/bash", script, "tests"],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (2, "error: tests: not run, test, smoke or image\n")
