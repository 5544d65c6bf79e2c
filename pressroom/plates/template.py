"""report.html as a Jinja2 template in a sandbox: what it may include, and errors that name file and line."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from jinja2 import (
    BaseLoader,
    BytecodeCache,
    StrictUndefined,
    TemplateError,
    TemplateNotFound,
    TemplateSyntaxError,
)
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from pressroom.errors import TemplateFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import CodeType, TracebackType

    from jinja2 import Environment
    from jinja2.bccache import Bucket

    from pressroom.plates.origins import Origins

BUILT_IN = Path(__file__).parent.parent / "templates"
"""The default design and the partial templates that helpers fill."""
_PREFIX = "pressroom/"
_MOST_COMPILED = 256


class Misused(TemplateFailed):
    """A helper was called wrongly; `Templates.render` adds where."""


class _Loader(BaseLoader):
    """Templates of the report's folder, and the built-in ones under `pressroom/`."""

    def __init__(self, folder: Path, origins: Origins) -> None:
        self._folder = folder.resolve()
        self._origins = origins

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        root, name = self._folder, template
        if template.startswith(_PREFIX):
            root, name = BUILT_IN.resolve(), template.removeprefix(_PREFIX)
        pure = PurePosixPath(name)
        if pure.is_absolute() or ".." in pure.parts or "\\" in name or "\0" in name:
            raise SecurityError(f"{template!r} is outside the report's folder")
        path = (root / pure).resolve()
        if not path.is_relative_to(root):
            raise SecurityError(f"{template!r} leads outside the report's folder")
        if not path.is_file():
            raise TemplateNotFound(template)
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError as e:
            raise TemplateFailed(f"{template}: not UTF-8 at byte {e.start}") from None
        self._origins.add(template, text)
        # Jinja shows this name in errors; never a path of the machine.
        return text, template, lambda: True


class _Compiled(BytecodeCache):
    """Templates compiled in this process, by content: a worker prints the same few reports over and over."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._kept.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        if len(self._kept) >= _MOST_COMPILED:
            self._kept.clear()
        if bucket.code is not None:
            self._kept[bucket.key, bucket.checksum] = bucket.code


_COMPILED = _Compiled()


class Templates:
    """The sandbox of one report: immutable values, strict undefined names, everything escaped.

    `origins` gets the text of every template that is read.
    """

    def __init__(self, folder: Path, filters: Mapping[str, Callable[..., Any]], origins: Origins) -> None:
        self._environment = ImmutableSandboxedEnvironment(
            loader=_Loader(folder, origins),
            bytecode_cache=_COMPILED,
            undefined=StrictUndefined,
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters.update(filters)

    def render(self, name: str, context: Mapping[str, Any]) -> str:
        """Fill template `name`; raises `TemplateFailed` that names file and line of whatever goes wrong."""
        try:
            return self._environment.get_template(name).render(context)
        except Misused as e:
            where = _line(e.__traceback__) or name
            raise TemplateFailed(f"{where}: {e.message}", hint=e.hint) from None
        except TemplateFailed:
            raise
        except TemplateSyntaxError as e:
            raise TemplateFailed(f"{e.name or name}:{e.lineno}: {e.message}") from None
        except TemplateNotFound as e:
            where = _line(e.__traceback__) or name
            raise TemplateFailed(
                f"{where}: no template {e.name!r}",
                hint="templates come from the report's folder, or from pressroom/",
            ) from None
        except Exception as e:
            # A template can make any Python expression fail: it is always the template's error.
            where = _line(e.__traceback__) or name
            kind = "" if isinstance(e, TemplateError) else f"{type(e).__name__}: "
            raise TemplateFailed(f"{where}: {kind}{e}") from e


def _line(traceback: TracebackType | None) -> str | None:
    """`file:line` of the innermost template frame: Jinja2 rewrites tracebacks to carry template names."""
    found = None
    while traceback is not None:
        if (
            "__jinja_template__" in traceback.tb_frame.f_globals
            or "__jinja_exception__" in traceback.tb_frame.f_globals
        ):
            found = f"{traceback.tb_frame.f_code.co_filename}:{traceback.tb_lineno}"
        traceback = traceback.tb_next
    return found
