"""The container image and docker-compose.yml for real: `make smoke` runs it, since it takes minutes."""

from __future__ import annotations

import os
import re
import secrets
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import httpx
import pypdfium2
import pytest
from python_calamine import CalamineWorkbook

from pressroom.client import Client
from tests.images.engine import Engine, NoEngine, running_engine
from tests.images.stand_ins import get_images, official_images
from tests.images.system import IMAGE, PASSWORDS, TAG, System
from tests.services import ROOT, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.timeout(3600)

OURS = ("api", "worker-heavy", "worker-fast", "reaper", "flower")
SERVICES = ("redis", "postgres", *OURS)
HEAVY_WORKERS = 3
ROWS = 336_776
OWN_BYTES = 480_000_000
"""What the image adds to Python's: libraries and fonts, packages, Pressroom."""
ABSENT = ("gcc", "cc", "ld", "cargo", "rustc", "uv", "maturin", "git", "curl")
ABSENT_MODULES = ("pyarrow", "pytest", "mypy", "moto", "boto3", "dagger")
JOB_SECONDS = 180.0
OBJECT_STORE = {
    "COMPOSE_PROFILES": "s3",
    "PRESSROOM_STORAGE_URL": "s3://pressroom",
    "AWS_ENDPOINT_URL": "http://minio:9000",
    "AWS_ALLOW_HTTP": "true",
    "AWS_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "smoke",
}
SOMEBODY = 12345


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A container engine with the images that ours and the compose file are made of."""
    if not os.environ.get("SMOKE"):
        pytest.skip("it takes minutes and a container engine: make smoke")
    try:
        with running_engine(tmp_path_factory.mktemp("engine") / "dockerd.log") as running:
            made = get_images(running)
            sys.stdout.write(f"stand-ins: {', '.join(made) or 'none'}\n")
            yield running
    except NoEngine as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="module")
def image(engine: Engine) -> str:
    """Our image, as `make image` builds it."""
    command = ["make", "image", f"TAG={TAG}", f"DOCKER={engine.program}"]
    done = subprocess.run(
        command, cwd=ROOT, env=engine.environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-6000:]
    return IMAGE


@pytest.fixture(scope="module")
def system(engine: Engine, image: str) -> Iterator[System]:
    """The whole system, healthy, with three heavy workers."""
    assert image
    system = System(engine)
    try:
        system.up("--scale", f"worker-heavy={HEAVY_WORKERS}")
        yield system
    finally:
        system.down(ROOT / "out" / "smoke" / "compose.log")


@pytest.fixture(scope="module")
def client(system: System) -> Iterator[Client]:
    """A client of the system's API."""
    for service in SERVICES:
        system.wait_healthy(service, HEAVY_WORKERS if service == "worker-heavy" else 1)
    with Client(system.url) as client:
        yield client


@pytest.fixture(scope="module")
def datasets(client: Client, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The flights, uploaded once."""
    folder = tmp_path_factory.mktemp("data")
    subprocess.run([sys.executable, str(ROOT / "examples" / "flights" / "data.py"), str(folder)], check=True)
    return {path.stem: client.upload(path)["id"] for path in sorted(folder.glob("*.csv"))}


def run(engine: Engine, image: str, *command: str, options: tuple[str, ...] = ()) -> str:
    """What a program of the image prints, in a container as hardened as those of the compose file."""
    hardened = ("--rm", "--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--network", "none")
    return engine.docker("run", *hardened, *options, image, *command)


def shell(engine: Engine, image: str, script: str, *options: str) -> str:
    return run(engine, image, "-c", script, options=("--entrypoint", "sh", *options))


def flights(client: Client, datasets: dict[str, str]) -> dict[str, Any]:
    return client.submit({"report": "flights", "dataset": datasets, "outputs": ["pdf", "xlsx"]})


def check_files(client: Client, job: dict[str, Any], folder: Path) -> None:
    """Download both files, which the client checks by their SHA-256, and open them."""
    assert job["state"] == "succeeded", job["error"]
    files = {file["name"]: file for file in job["files"]}
    for file in files.values():
        assert client.download(file, folder).stat().st_size == file["bytes"]
        assert file["rows"] == ROWS
    with pypdfium2.PdfDocument(folder / "flights.pdf") as pdf:
        assert len(pdf) == files["flights.pdf"]["pages"]
    with CalamineWorkbook.from_path(str(folder / "flights.xlsx")) as book:
        sheets = [book.get_sheet_by_name(name) for name in book.sheet_names]
    assert max(sheet.total_height for sheet in sheets) > ROWS


def test_the_image_is_small_and_says_what_it_is(engine: Engine, image: str) -> None:
    def inspected(template: str, image: str = image) -> str:
        return engine.docker("image", "inspect", "--format", template, image).strip()

    assert int(inspected("{{.Size}}")) - int(inspected("{{.Size}}", official_images()["python"])) < OWN_BYTES
    assert inspected("{{.Config.User}}") == "10001:10001"
    label = '{{index .Config.Labels "org.opencontainers.image.%s"}}'
    assert re.fullmatch(r"\d+\.\d+\.\d+", inspected(label % "version"))
    assert re.fullmatch(r"[0-9a-f]{40}", inspected(label % "revision"))


def test_the_image_holds_no_compiler_no_cache_and_nothing_of_the_tests(engine: Engine, image: str) -> None:
    assert shell(engine, image, f"for p in {' '.join(ABSENT)}; do command -v $p; done; true") == ""
    looks = "".join(f"print({name!r}) if find_spec({name!r}) else 0;" for name in ABSENT_MODULES)
    assert shell(engine, image, f'python -c "from importlib.util import find_spec; {looks}"') == ""
    held = "~root/.cache ~root/.cargo /var/cache/pip /var/cache/uv /var/lib/apt/lists /var/cache/apt/archives"
    # As root: nobody else may look into its folder.
    look = f"find {held} /src /opt/maturin -type f -name '?*.*' 2>/dev/null; id -u"
    assert shell(engine, image, look, "--user", "0", "--cap-add", "DAC_OVERRIDE").strip() == "0"
    # Bytecode is there, and is never written again.
    assert shell(engine, image, "ls /opt/pressroom/lib/python3*/site-packages/pressroom/__pycache__").strip()


def test_no_secret_is_in_the_image(engine: Engine, image: str) -> None:
    history = engine.docker("history", "--no-trunc", "--format", "{{.CreatedBy}}", image)
    settings = engine.docker("image", "inspect", "--format", "{{json .Config.Env}}", image)
    assert not re.search(r"(?i)password|secret|token|credential|://[^/\s]*@", history + settings)


def test_a_report_is_rendered_by_anybody_on_a_read_only_root_without_a_network(
    engine: Engine, image: str, tmp_path: Path
) -> None:
    tries = "touch /data/x /tmp/x && echo written; touch /x 2>/dev/null || echo refused"
    said = shell(engine, image, f"id -u; id -g; {tries}").split()
    assert said == ["10001", "10001", "written", "refused"]
    (tmp_path / "sales.csv").write_text("city,amount\nZürich,12.5\n東京,30\n", encoding="utf-8")
    somebody = os.geteuid() or SOMEBODY
    os.chown(tmp_path, somebody, -1)
    options = ("--user", f"{somebody}:{somebody}", "-v", f"{tmp_path}:/out")
    command = ("render", "hello", "--data", "/out/sales.csv", "--out", "/out")
    said = run(engine, image, *command, options=options)
    assert re.search(r"/out/hello\.pdf +2 rows", said)
    assert (tmp_path / "hello.pdf").stat().st_uid == somebody
    assert (tmp_path / "hello.xlsx").read_bytes().startswith(b"PK")


def test_without_passwords_compose_says_which_is_missing(engine: Engine) -> None:
    for missing in PASSWORDS:
        system = System(engine)
        del system.environment[missing]
        with pytest.raises(AssertionError, match=f"{missing} is not set; .env.example says how"):
            system.compose("config")


def test_every_service_becomes_healthy(system: System, client: Client) -> None:
    assert client.jobs()["jobs"] == []
    (migrate,) = system.containers("migrate")
    assert system.inspect(migrate)["State"]["ExitCode"] == 0


def test_every_container_is_hardened_and_bounded(system: System, client: Client) -> None:
    assert client
    for service in SERVICES:
        for container in system.containers(service):
            found = system.inspect(container)["HostConfig"]
            assert found["ReadonlyRootfs"], service
            assert found["CapDrop"] == ["ALL"], service
            assert found["SecurityOpt"] == ["no-new-privileges:true"], service
            assert found["Memory"] > 0, service
            assert found["PidsLimit"] > 0, service
            uid = system.engine.docker("exec", container, "id", "-u").strip()
            assert uid == ("10001" if service in OURS else "999"), service
            assert not system.engine.succeeds("exec", container, "touch", "/usr/x"), service


def test_flower_asks_for_its_password(system: System, client: Client) -> None:
    assert client
    workers = f"{system.flower_url}/api/workers"
    assert httpx.get(workers).status_code == 401
    known = ("operator", system.environment["FLOWER_PASSWORD"])
    assert httpx.get(workers, auth=known, timeout=60).status_code == 200


def test_redis_and_postgres_ask_for_their_passwords(system: System, client: Client) -> None:
    assert client
    (redis,) = system.containers("redis")
    said = system.engine.docker("exec", "--env", "REDISCLI_AUTH=", redis, "redis-cli", "ping")
    assert "NOAUTH" in said
    (postgres,) = system.containers("postgres")
    asked = ("psql", "-w", "-h", "postgres", "-U", "pressroom", "-c", "SELECT 1")
    assert not system.engine.succeeds("exec", postgres, *asked)
    known = f"PGPASSWORD={system.environment['POSTGRES_PASSWORD']}"
    assert system.engine.succeeds("exec", "--env", known, postgres, *asked)


def test_a_small_job_goes_to_the_fast_worker(client: Client, system: System) -> None:
    job = client.submit({"report": "hello", "rows": [{"city": "Zürich", "amount": 1}], "outputs": ["pdf"]})
    assert client.wait(job["id"])["state"] == "succeeded"
    assert job["id"] in system.logs("worker-fast")


def test_a_job_outlives_the_container_that_runs_it(
    client: Client, system: System, datasets: dict[str, str], tmp_path: Path
) -> None:
    job = flights(client, datasets)

    def taken() -> str:
        for container in system.containers("worker-heavy"):
            if job["id"] in system.engine.docker("logs", container):
                return container
        return ""

    container = wait_for(taken, "a worker takes the job", JOB_SECONDS)
    system.engine.docker("kill", "--signal", "KILL", container)
    assert client.job(job["id"])["state"] == "running"
    done = client.wait(job["id"])
    assert done["attempt"] == 2
    check_files(client, done, tmp_path)
    system.engine.docker("start", container)
    system.wait_healthy("worker-heavy", HEAVY_WORKERS)


def test_the_press_goes_on_after_redis_was_restarted(
    client: Client, system: System, datasets: dict[str, str], tmp_path: Path
) -> None:
    system.compose("restart", "redis")
    done = client.wait(flights(client, datasets)["id"])
    assert done["attempt"] == 1
    check_files(client, done, tmp_path)
    for service in OURS:
        system.wait_healthy(service, HEAVY_WORKERS if service == "worker-heavy" else 1)


def test_every_part_stops_in_order(client: Client, system: System) -> None:
    assert client
    parts = [name for name in OURS if name != "flower"]
    system.compose("stop", *parts)
    codes = {
        name: [system.inspect(c)["State"]["ExitCode"] for c in system.containers(name)] for name in parts
    }
    # Uvicorn ends by the very signal that told it to stop, once it is done.
    in_order = {"api": [128 + signal.SIGTERM], "worker-heavy": [0] * HEAVY_WORKERS}
    assert codes == {name: in_order.get(name, [0]) for name in parts}


def test_files_are_kept_in_the_object_store_of_the_profile(
    engine: Engine, image: str, tmp_path: Path
) -> None:
    assert image
    system = System(engine, **OBJECT_STORE, AWS_SECRET_ACCESS_KEY=secrets.token_hex(16))
    try:
        system.up("api", "worker-fast", "reaper", "minio")
        for service in ("minio", "api", "worker-fast", "reaper"):
            system.wait_healthy(service)
        with Client(system.url) as client:
            job = client.submit({"report": "hello", "rows": [{"city": "Zürich", "amount": 1}]})
            job = client.wait(job["id"])
            assert job["state"] == "succeeded", job["error"]
            for file in job["files"]:
                client.download(file, tmp_path)
        (api,) = system.containers("api")
        kept = engine.docker("exec", api, "find", "/data", "-type", "f").split()
        assert [path for path in kept if path.startswith(("/data/files/", "/data/datasets/"))] == []
    finally:
        system.down(ROOT / "out" / "smoke" / "object-store.log")
