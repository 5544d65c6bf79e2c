"""Rules of report.yaml in the printed table: what the core is told of a cell, and what a real one wears."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pressroom.errors import DefinitionError
from pressroom.rules import condition_to_json, fits, misfit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pressroom.plan import Plan
    from pressroom.plates.fonts import FontTable
    from pressroom.rules import Rule

BOLD = 700


def rules_of(plan: Plan, number: int) -> tuple[Rule, ...]:
    """Rules of column number `number`; what is made of another has none."""
    column = plan.columns[number]
    return () if column.made else column.definition.rules


def check_rules(plan: Plan, types: Sequence[str]) -> None:
    """Raise `DefinitionError` for a rule that its column's values can't meet."""
    for number, column in enumerate(plan.columns):
        for rule in rules_of(plan, number):
            if wrong := misfit(rule.condition, types[number]):
                raise DefinitionError(f"report.yaml: columns.{column.name}.rules: {rule.when}: {wrong}")


def worn(rules: Sequence[Rule], value: object) -> str:
    """CSS of a cell that holds `value`: of several rules that fit, the first that says a property wins."""
    css: dict[str, str] = {}
    for rule in rules:
        if not fits(rule.condition, value):
            continue
        if rule.color is not None:
            css.setdefault("color", rule.color)
        if rule.background is not None:
            css.setdefault("background-color", rule.background)
        if rule.bold is not None:
            css.setdefault("font-weight", str(BOLD) if rule.bold else "")
        if rule.italic is not None:
            css.setdefault("font-style", "italic" if rule.italic else "")
    return "".join(f"{name}: {said} !important; " for name, said in css.items() if said)


def widest(rules: Sequence[Rule]) -> str:
    """CSS of the widest look that these rules can give a cell."""
    bold = f"font-weight: {BOLD} !important; " if any(rule.bold for rule in rules) else ""
    return bold + ("font-style: italic !important; " if any(rule.italic for rule in rules) else "")


def plate_rules(
    rules: Sequence[Rule],
    column: int,
    style: Any,  # noqa: ANN401 - WeasyPrint's computed style of the cell
    fonts: FontTable,
    ground: Mapping[str, Any],
) -> dict[str, Any]:
    """`rules` and `faces` of a plate's cell; `ground` is what a background fills, without its colour."""
    if not rules:
        return {}
    made = [
        {
            "column": column,
            "when": condition_to_json(rule.condition),
            "color": rule.color and _rgb(rule.color),
            "background": rule.background and {**ground, "color": _rgb(rule.background)},
            "bold": rule.bold,
            "italic": rule.italic,
        }
        for rule in rules
    ]
    looks = ({"font_weight": BOLD}, {"font_style": "italic"}, {"font_weight": BOLD, "font_style": "italic"})
    return {"rules": made, "faces": [fonts.number(_with(style, look)) for look in looks]}


def _with(style: Any, look: Mapping[str, Any]) -> Any:  # noqa: ANN401 - WeasyPrint's computed style
    changed = style.copy()
    changed.update(look)
    return changed


def _rgb(color: str) -> list[int]:
    return [int(color[at : at + 2], 16) for at in (1, 3, 5)]
