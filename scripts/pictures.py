"""`make pictures`: the README's pictures, made again from what `make demo` left in out/."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).parents[1]
PDF = ROOT / "out" / "flights.pdf"
PICTURES = ROOT / "docs" / "pictures"
PAGES = {"cover": 1, "crosstab": 2, "ledger": 4}
WIDTH_PX = 880
DPI = 110
COLORS = 128


def main() -> int:
    """Write docs/pictures/*.png; 2 when the demo has not run."""
    if not PDF.is_file():
        print("error: out/flights.pdf is not there\nhint: run `make demo` first", file=sys.stderr)  # noqa: T201
        return 2
    PICTURES.mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        save(page_image(PDF, page), PICTURES / f"{name}.png")
    return 0


def page_image(pdf: Path, page: int) -> Image.Image:
    """Page `page` (from 1) as poppler draws it."""
    with tempfile.TemporaryDirectory() as folder:
        stem = Path(folder) / "page"
        numbers = ["-f", str(page), "-l", str(page)]
        command = ["pdftoppm", "-r", str(DPI), *numbers, "-singlefile", "-png", str(pdf), str(stem)]
        subprocess.run(command, check=True)
        with Image.open(f"{stem}.png") as image:
            return image.convert("RGB")


def save(image: Image.Image, path: Path) -> None:
    """Write a small PNG: README width, few colours, a thin frame."""
    height = round(image.height * WIDTH_PX / image.width)
    image = image.resize((WIDTH_PX, height), Image.Resampling.LANCZOS)
    framed = Image.new("RGB", (WIDTH_PX + 2, height + 2), "#d0d7de")
    framed.paste(image, (1, 1))
    framed.quantize(COLORS).save(path, optimize=True)


if __name__ == "__main__":
    sys.exit(main())
