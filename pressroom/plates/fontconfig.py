"""The few calls of Pango, fontconfig and HarfBuzz that WeasyPrint's own binding lacks.

Pointers come from WeasyPrint's cffi and are passed over as integers: both bind the same loaded libraries.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cffi
from weasyprint.text.ffi import ffi as weasyprint_ffi

if TYPE_CHECKING:
    from collections.abc import Iterator

_ffi = cffi.FFI()
_ffi.cdef("""
    typedef struct { int nfont; int sfont; void **fonts; } FcFontSet;
    typedef struct { int type; union { const char *s; int i; double d; void *p; } u; } FcValue;
    void *FcPatternCreate(void);
    void FcPatternDestroy(void *);
    int FcPatternAddString(void *, const char *, const char *);
    int FcPatternAddInteger(void *, const char *, int);
    int FcPatternAddDouble(void *, const char *, double);
    int FcPatternGetString(void *, const char *, int, char **);
    int FcPatternGetInteger(void *, const char *, int, int *);
    int FcPatternGetBool(void *, const char *, int, int *);
    int FcPatternGetCharSet(void *, const char *, int, void **);
    int FcCharSetHasChar(void *, unsigned int);
    int FcPatternGetWithBinding(void *, const char *, int, FcValue *, int *);
    int FcConfigSubstitute(void *, void *, int);
    void FcDefaultSubstitute(void *);
    double FcWeightFromOpenTypeDouble(double);
    FcFontSet *FcFontSort(void *, void *, int, void **, int *);
    void FcFontSetDestroy(FcFontSet *);
    FcFontSet *FcConfigGetFonts(void *, int);
    void *pango_fc_font_get_pattern(void *);
    const float *hb_font_get_var_coords_design(void *, unsigned int *);
""")


def _library(*names: str) -> Any:  # noqa: ANN401 - a cffi library
    for name in names[:-1]:
        try:
            return _ffi.dlopen(name)
        except OSError:
            continue
    return _ffi.dlopen(names[-1])


_fontconfig = _library("libfontconfig.so.1", "libfontconfig.1.dylib", "libfontconfig")
_pangoft2 = _library("libpangoft2-1.0.so.0", "libpangoft2-1.0.dylib", "libpangoft2-1.0")
_harfbuzz = _library("libharfbuzz.so.0", "libharfbuzz.0.dylib", "libharfbuzz")

_SYSTEM, _APPLICATION = 0, 1
_WEAK = 0
_SLANT = {"normal": 0, "italic": 100, "oblique": 110}
_WIDTH = {
    "ultra-condensed": 50,
    "extra-condensed": 63,
    "condensed": 75,
    "semi-condensed": 87,
    "normal": 100,
    "semi-expanded": 113,
    "expanded": 125,
    "extra-expanded": 150,
    "ultra-expanded": 200,
}


@dataclass(frozen=True, slots=True)
class Face:
    """A font file that fontconfig knows: the face's number in it, and what must be done to use it."""

    path: str
    index: int
    instance: int
    variable: bool
    color: bool


class Pattern:
    """A fontconfig pattern; keeps the owner of its memory alive."""

    def __init__(self, pointer: Any, owner: object) -> None:  # noqa: ANN401 - a cffi pointer
        self._pointer = pointer
        self._owner = owner

    def face(self) -> Face | None:
        """The font file that the pattern names."""
        text, number = _ffi.new("char **"), _ffi.new("int *")
        if _fontconfig.FcPatternGetString(self._pointer, b"file", 0, text):
            return None
        path = _ffi.string(text[0]).decode()
        index = 0 if _fontconfig.FcPatternGetInteger(self._pointer, b"index", 0, number) else int(number[0])
        return Face(
            path=path,
            index=index & 0xFFFF,
            # Named instance of a variable font, counted from 1 (as in FreeType's face index).
            instance=(index >> 16) & 0x7FFF,
            variable=self._flag(b"variable"),
            color=self._flag(b"color"),
        )

    def families(self) -> list[str]:
        """The names of the font's family, in every language that the font has."""
        text, names = _ffi.new("char **"), list[str]()
        while not _fontconfig.FcPatternGetString(self._pointer, b"family", len(names), text):
            names.append(_ffi.string(text[0]).decode())
        return names

    def covers(self, character: str) -> bool:
        """Whether the font has a glyph for `character`."""
        charset = _ffi.new("void **")
        if _fontconfig.FcPatternGetCharSet(self._pointer, b"charset", 0, charset):
            return False
        return bool(_fontconfig.FcCharSetHasChar(charset[0], ord(character)))

    def has(self, name: bytes) -> bool:
        """Whether the pattern says anything about the boolean property `name`, and says yes."""
        return self._flag(name)

    def _flag(self, name: bytes) -> bool:
        number = _ffi.new("int *")
        return not _fontconfig.FcPatternGetBool(self._pointer, name, 0, number) and bool(number[0])


def pattern_of(pango_font: Any) -> Pattern:  # noqa: ANN401 - WeasyPrint's PangoFont pointer
    """The pattern from which Pango opened `pango_font`."""
    return Pattern(_pangoft2.pango_fc_font_get_pattern(_borrow(pango_font)), pango_font)


def coordinates(hb_font: Any) -> list[float]:  # noqa: ANN401 - WeasyPrint's hb_font_t pointer
    """Where a variable font stands on its axes, in the order of the `fvar` table; empty for a static one."""
    length = _ffi.new("unsigned int *")
    values = _harfbuzz.hb_font_get_var_coords_design(_borrow(hb_font), length)
    return [float(values[i]) for i in range(length[0])] if values else []


def sorted_patterns(config: Any, style: Any) -> Iterator[Pattern]:  # noqa: ANN401 - FcConfig pointer, CSS style
    """Every font in the order in which Pango falls back for text of this CSS style."""
    pattern = _ffi.gc(_fontconfig.FcPatternCreate(), _fontconfig.FcPatternDestroy)
    for family in style["font_family"]:
        _fontconfig.FcPatternAddString(pattern, b"family", family.encode())
    weight = _fontconfig.FcWeightFromOpenTypeDouble(float(style["font_weight"]))
    _fontconfig.FcPatternAddDouble(pattern, b"weight", weight)
    _fontconfig.FcPatternAddInteger(pattern, b"slant", _SLANT[style["font_style"]])
    _fontconfig.FcPatternAddInteger(pattern, b"width", _WIDTH[style["font_stretch"]])
    if style["lang"]:
        _fontconfig.FcPatternAddString(pattern, b"lang", style["lang"].encode())
    borrowed = _borrow(config)
    _fontconfig.FcConfigSubstitute(borrowed, pattern, 0)
    _fontconfig.FcDefaultSubstitute(pattern)
    found = _ffi.gc(
        _fontconfig.FcFontSort(borrowed, pattern, 1, _ffi.NULL, _ffi.new("int *")),
        _fontconfig.FcFontSetDestroy,
    )
    if not found:
        return
    for i in range(found.nfont):
        yield Pattern(found.fonts[i], found)


def installed_files(config: Any) -> frozenset[str]:  # noqa: ANN401 - FcConfig pointer
    """Files of the fonts installed on this system."""
    faces = (pattern.face() for pattern in _patterns(config, _SYSTEM))
    return frozenset(face.path for face in faces if face is not None)


def known_families(config: Any) -> frozenset[str]:  # noqa: ANN401 - FcConfig pointer
    """Families of the installed fonts and of the web fonts that were added to `config`."""
    patterns = (pattern for kind in (_SYSTEM, _APPLICATION) for pattern in _patterns(config, kind))
    return frozenset(family for pattern in patterns for family in pattern.families())


def same_families(config: Any, family: str) -> list[str]:  # noqa: ANN401 - FcConfig pointer
    """`family` and what fontconfig takes for the same, as Liberation Sans for Arial.

    Its configuration binds those as strongly as the name itself (`binding="same"`, 30-metric-aliases.conf),
    and mere substitutes weakly.
    """
    pattern = _ffi.gc(_fontconfig.FcPatternCreate(), _fontconfig.FcPatternDestroy)
    _fontconfig.FcPatternAddString(pattern, b"family", family.encode())
    _fontconfig.FcConfigSubstitute(_borrow(config), pattern, 0)
    value, binding = _ffi.new("FcValue *"), _ffi.new("int *")
    names, number = [], 0
    while not _fontconfig.FcPatternGetWithBinding(pattern, b"family", number, value, binding):
        number += 1
        if binding[0] != _WEAK:
            names.append(_ffi.string(value.u.s).decode())
    return names


def _patterns(config: Any, kind: int) -> Iterator[Pattern]:  # noqa: ANN401 - FcConfig pointer
    fonts = _fontconfig.FcConfigGetFonts(_borrow(config), kind)
    return (Pattern(fonts.fonts[i], config) for i in range(fonts.nfont if fonts else 0))


def _borrow(pointer: Any) -> Any:  # noqa: ANN401 - a pointer of WeasyPrint's cffi, as one of ours
    return _ffi.cast("void *", int(weasyprint_ffi.cast("uintptr_t", pointer)))
