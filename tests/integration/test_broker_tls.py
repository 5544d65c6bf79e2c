"""A broker behind TLS: the parts talk to the one whose certificate they can check, and to no other."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest
import redis
from kombu.exceptions import OperationalError

from api.ring import make_ring
from pressroom.broker import FAST
from tests.services import Process, free_port, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate of 127.0.0.1 that nobody but itself has signed; its key lies beside it."""
    made = tmp_path / "broker.pem"
    new = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=broker"]
    files = ["-keyout", str(made.with_suffix(".key")), "-out", str(made)]
    subprocess.run([*new, "-addext", "subjectAltName=IP:127.0.0.1", *files], check=True, capture_output=True)
    return made


@pytest.fixture
def url(certificate: Path, tmp_path: Path) -> Iterator[str]:
    """The address of a Redis that speaks nothing but TLS."""
    port = free_port()
    tls = ["--port", "0", "--tls-port", str(port), "--tls-auth-clients", "no", "--bind", "127.0.0.1"]
    tls += ["--tls-cert-file", str(certificate), "--tls-key-file", str(certificate.with_suffix(".key"))]
    command = ["redis-server", *tls, "--save", "", "--dir", str(tmp_path)]
    process = Process(command, tmp_path / "redis.log", dict(os.environ))
    address = f"rediss://127.0.0.1:{port}/0"
    try:
        wait_for(lambda: rings(address, certificate) == 0, "the broker answers")
        yield address
    finally:
        process.kill()


def rings(address: str, certificate: Path) -> int:
    """How many rings lie in the fast queue; -1 while the broker does not answer."""
    try:
        with redis.Redis.from_url(address, ssl_ca_certs=str(certificate)) as client:
            return int(client.llen(FAST))  # type: ignore[arg-type]
    except redis.exceptions.ConnectionError:
        return -1


def test_a_broker_whose_certificate_nobody_signed_gets_no_ring(url: str, certificate: Path) -> None:
    with pytest.raises(OperationalError, match="certificate verify failed"):
        make_ring(url)("01j00000000000000000000000", FAST)
    assert rings(url, certificate) == 0


def test_the_url_names_the_authority_that_is_believed(url: str, certificate: Path) -> None:
    make_ring(f"{url}?ssl_ca_certs={certificate}")("01j00000000000000000000000", FAST)
    assert rings(url, certificate) == 1
