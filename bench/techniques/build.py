"""Builds of the compiled techniques: made when they are needed, kept outside the checkout by content."""

from __future__ import annotations

import hashlib
import importlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.contender import ContenderFailed
from bench.dataset import cache_folder
from bench.techniques.kernel import KERNELS

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from bench.techniques.kernel import Result

HERE = Path(__file__).parent
SECONDS = "seconds"
RUST_MODULE = "techniques"


def function(technique: str, kernel: str) -> Callable[[Any, int], Result]:
    """A technique's function for a kernel, built before if it must be."""
    if technique not in BUILDERS:
        module = importlib.import_module(f"bench.techniques.{technique}.{kernel}")
    else:
        name = RUST_MODULE if technique == "rust" else f"{technique}_{kernel}"
        module = _loaded(built(technique), name)
    found: Callable[[Any, int], Result] = getattr(module, kernel)
    return found


def built(technique: str, *, fresh: bool = False) -> Path:
    """The folder of a technique's compiled modules; `fresh` builds them even where they are there."""
    folder = cache_folder() / "techniques" / f"{technique}-{key(technique)}"
    if fresh:
        shutil.rmtree(folder, ignore_errors=True)
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix="build-") as temporary:
            made = Path(temporary) / technique
            made.mkdir()
            began = time.perf_counter()
            BUILDERS[technique](technique, made)
            (made / SECONDS).write_text(str(time.perf_counter() - began), encoding="utf-8")
            # Named only when it is complete; of two processes that build the same, one comes too late.
            try:
                made.rename(folder)
            except OSError:
                if not folder.is_dir():
                    raise
    return folder


def build_seconds(technique: str) -> float | None:
    """What the build of all kernels took; None: there is nothing to build."""
    if technique not in BUILDERS:
        return None
    return float((built(technique) / SECONDS).read_text(encoding="utf-8"))


def source(technique: str, kernel: str) -> Path:
    """The one file that a technique's kernel is written in."""
    folder = HERE / technique
    return next(path for path in sorted(folder.rglob(f"{kernel}.*")) if path.suffix in {".py", ".pyx", ".rs"})


def key(technique: str) -> str:
    """Changes with the sources, the interpreter and the compilers."""
    digest = hashlib.sha256(f"{sys.version} {version('cython')} {version('mypy')}".encode())
    for path in sorted((HERE / technique).rglob("*")):
        if path.is_file() and path.suffix in {".py", ".pyx", ".rs", ".toml", ".lock"}:
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _copies(technique: str, folder: Path) -> list[str]:
    """The kernels' sources in the folder of their build, each a module at the top with a name of its own."""
    paths = [source(technique, kernel) for kernel in KERNELS]
    return [Path(shutil.copy(path, folder / f"{technique}_{path.name}")).name for path in paths]


def _mypyc(technique: str, folder: Path) -> None:
    (folder / "mypy.ini").write_text("[mypy]\nfollow_imports = skip\nignore_missing_imports = True\n")
    _run([sys.executable, "-m", "mypyc", *_copies(technique, folder)], folder, MYPYC_OPT_LEVEL="3")


def _cython(technique: str, folder: Path) -> None:
    # The sources themselves say the language, the directives and the compiler's options.
    _run([sys.executable, "-m", "Cython.Build.Cythonize", "-q", "-i", *_copies(technique, folder)], folder)


def _rust(technique: str, folder: Path) -> None:
    command = ["cargo", "build", "--release", "--locked", "--quiet"]
    crate = HERE / technique / "Cargo.toml"
    _run(
        [*command, "--manifest-path", str(crate)],
        folder,
        CARGO_TARGET_DIR="target",
        PYO3_PYTHON=sys.executable,
    )
    library = next(
        path for path in (folder / "target" / "release").glob(f"lib{RUST_MODULE}.*") if path.suffix != ".d"
    )
    shutil.copy(library, folder / f"{RUST_MODULE}.abi3.so")
    shutil.rmtree(folder / "target")


BUILDERS: dict[str, Callable[[str, Path], None]] = {
    "mypyc": _mypyc,
    "cython_py": _cython,
    "cython_pyx": _cython,
    "cython_cpp": _cython,
    "rust": _rust,
}


def _run(command: list[str], folder: Path, **settings: str) -> None:
    environment = {**os.environ, **settings}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        said = (done.stdout + done.stderr)[-3000:]
        raise ContenderFailed(f"{command[:3]} in {folder} ended with {done.returncode}:\n{said}")


def _loaded(folder: Path, name: str) -> ModuleType:
    # mypyc puts what its modules share into one more, which they import by name.
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
    return importlib.import_module(name)
