"""Fonts of a plate: the file that WeasyPrint used for a text, its OpenType features, its fallbacks."""

from __future__ import annotations

import atexit
import hashlib
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont
from weasyprint.text.ffi import ffi, gobject, pango
from weasyprint.text.fonts import FontConfiguration, font_features, get_font_description

from pressroom.errors import TemplateFailed
from pressroom.plates.fontconfig import Face, coordinates, installed_files, pattern_of, sorted_patterns

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pressroom.plates.unreplayed import UnreplayedCss

# One character of each common script and of what reports like to print; a fallback is kept when it is the
# first in fontconfig's order that has one of them.
_PROBES = "AÅșẾΩЖҚאبپकবதతไ한字か—→✓★€₹₿∑≤■①½ﬁ"
_FALLBACKS = 24


class FontTable:
    """The fonts of one plate by number; each file, face and set of features once."""

    def __init__(
        self, configuration: FontConfiguration, folder: Path, texts: Iterable[str], unreplayed: UnreplayedCss
    ) -> None:
        """`folder` keeps the files that outlive WeasyPrint: web fonts and instances of variable fonts.

        `texts` are samples of what will be printed: fallbacks cover their characters.
        """
        self.fonts: list[dict[str, Any]] = []
        self._configuration = configuration
        self._folder = folder
        self._probes = dict.fromkeys(_PROBES + "".join(sorted({c for t in texts for c in t if c > "\x7f"})))
        self._unreplayed = unreplayed
        self._numbers: dict[tuple[Any, ...], int] = {}
        self._styles: dict[tuple[Any, ...], int] = {}

    def number(self, style: Any) -> int:  # noqa: ANN401 - WeasyPrint's computed style
        """Number of the font for text of this CSS style."""
        features = tuple(
            font_features(
                style["font_kerning"],
                style["font_variant_ligatures"],
                style["font_variant_position"],
                style["font_variant_caps"],
                style["font_variant_numeric"],
                style["font_variant_alternates"],
                style["font_variant_east_asian"],
                style["font_feature_settings"],
            ).items()
        )
        asked = (
            *(style[key] for key in ("font_family", "font_style", "font_stretch", "font_weight", "lang")),
            str(style["font_variation_settings"]),
            features,
        )
        if asked not in self._styles:
            self._styles[asked] = self._add(style, features)
        return self._styles[asked]

    def _add(self, style: Any, features: tuple[tuple[str, int], ...]) -> int:  # noqa: ANN401 - a style
        path, index, pattern = self._primary(style)
        missing = [c for c in self._probes if not pattern.covers(c)]
        number = self._numbered(path, index, features)
        self._check_capitals(style, path, index)
        fallbacks = self.fonts[number]["fallbacks"]
        for candidate in sorted_patterns(self._configuration._config, style):
            if not missing or len(fallbacks) >= _FALLBACKS:
                break
            face = candidate.face()
            if face is None or face.color or not any(candidate.covers(c) for c in missing):
                continue
            missing = [c for c in missing if not candidate.covers(c)]
            file = self._kept(face) if not face.variable else self._instanced(face, None)
            fallback = self._numbered(file, face.index if not face.variable else 0, features)
            if fallback != number and fallback not in fallbacks:
                fallbacks.append(fallback)
        return number

    def _numbered(self, path: str, index: int, features: tuple[tuple[str, int], ...]) -> int:
        key = (path, index, features)
        if key not in self._numbers:
            self._numbers[key] = len(self.fonts)
            self.fonts.append(
                {"path": path, "index": index, "features": [list(f) for f in features], "fallbacks": []}
            )
        return self._numbers[key]

    def _primary(self, style: Any) -> tuple[str, int, Any]:  # noqa: ANN401 - a style
        font_map = self._configuration.font_map
        context = ffi.gc(pango.pango_font_map_create_context(font_map), gobject.g_object_unref)
        description = get_font_description(style)
        font = ffi.gc(pango.pango_font_map_load_font(font_map, context, description), gobject.g_object_unref)
        families = ", ".join(style["font_family"])
        if font == ffi.NULL:
            raise TemplateFailed(f"font-family {families}: Pango finds no font", hint="install a font")
        pattern = pattern_of(font)
        face = pattern.face()
        if face is None:
            raise TemplateFailed(f"font-family {families}: fontconfig names no file for it")
        if pattern.has(b"embolden"):
            self._unreplayed.add(
                f"font-weight: {style['font_weight']}",
                f"font-family {families}",
                "is printed regular: no bold face is installed",
            )
        at = coordinates(pango.pango_font_get_hb_font(font))
        if at or face.variable or face.instance:
            return self._instanced(face, at), 0, pattern
        return self._kept(face), face.index, pattern

    def _check_capitals(self, style: Any, path: str, index: int) -> None:  # noqa: ANN401 - a style
        caps = style["font_variant_caps"]
        if caps == "normal":
            return
        with TTFont(path, fontNumber=index, lazy=True) as font:
            records = font["GSUB"].table.FeatureList.FeatureRecord if "GSUB" in font else ()
            known = {record.FeatureTag for record in records}
        if not {"smcp", "c2sc", "pcap", "c2pc", "unic", "titl"} & known:
            self._unreplayed.add(
                f"font-variant-caps: {caps}",
                f"font-family {', '.join(style['font_family'])}",
                "is printed as usual: the font has no such capitals",
            )

    def _kept(self, face: Face) -> str:
        """The font's path, or of a lasting copy: web fonts live in a folder that WeasyPrint removes."""
        own = self._configuration._folder
        if own is None or not Path(face.path).is_relative_to(own):
            return face.path
        data = Path(face.path).read_bytes()
        return self._stored(hashlib.sha256(data).hexdigest(), data)

    def _instanced(self, face: Face, at: list[float] | None) -> str:
        """A static instance of a variable font at the design coordinates `at` (None: its default)."""
        with TTFont(face.path, fontNumber=face.index, lazy=True) as font:
            if "fvar" not in font:
                return self._kept(face)
            axes = [axis.axisTag for axis in font["fvar"].axes]
            place = dict(zip(axes, at or [axis.defaultValue for axis in font["fvar"].axes], strict=True))
            source = Path(face.path).read_bytes()
            key = hashlib.sha256(source + repr((face.index, sorted(place.items()))).encode()).hexdigest()
            path = self._folder / f"{key}.ttf"
            if path.is_file():
                return str(path)
            static = instantiateVariableFont(font, place, inplace=False, static=True)
            with tempfile.SpooledTemporaryFile() as out:
                static.save(out)
                out.seek(0)
                return self._stored(key, out.read())

    def _stored(self, key: str, data: bytes) -> str:
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{key}.ttf"
        if not path.is_file():
            with tempfile.NamedTemporaryFile(dir=self._folder, delete=False) as temp:
                temp.write(data)
            Path(temp.name).replace(path)
        return str(path.resolve())


@cache
def system_fonts() -> frozenset[str]:
    """Files of the fonts installed on this system; read once a process."""
    return installed_files(FontConfiguration()._config)


@cache
def passing_folder() -> Path:
    """A folder for font files of plates that no cache keeps; removed when the process ends."""
    folder = tempfile.mkdtemp(prefix="pressroom-fonts-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)
