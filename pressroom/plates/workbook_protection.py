"""A workbook that can be read and not changed: every sheet, and which sheets there are.

It keeps readers from accidents. It is no encryption: the file's parts stay readable, and the password is a
hash of 16 bits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xlsxwriter import Workbook

    from pressroom.definition import Protection

OPTIONS = {"filter": "autofilter"}
"""Names of XlsxWriter's options where they are not the definition's."""


def protect(workbook: Workbook, protection: Protection) -> None:
    """Protect every sheet that the design has not protected itself."""
    options = {OPTIONS.get(name, name): True for name in protection.allow}
    for worksheet in workbook.worksheets():
        if not worksheet.protect_options:
            worksheet.protect(protection.password, options)


def structure_lock(protection: Protection | None) -> dict[str, str] | None:
    """The `lock` of a plate (`rust_core::xlsx::plate::StructureLock`)."""
    if protection is None:
        return None
    return {"password": password_hash(protection.password) if protection.password else ""}


def password_hash(password: str) -> str:
    """The hash of `workbookPassword`: four hexadecimal digits (ECMA-376 Part 4 §14.7.1)."""
    value = 0
    for byte in reversed(password.encode("cp1252", errors="replace")):
        value = (((value >> 14) & 1) | ((value << 1) & 0x7FFF)) ^ byte
    value = ((value >> 14) & 1) | ((value << 1) & 0x7FFF)
    return f"{value ^ len(password) ^ 0xCE4B:04X}"
