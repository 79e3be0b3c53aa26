"""Write the files, and take away those that nobody generates any more."""

from __future__ import annotations

from tests.vectors.case import FOLDER
from tests.vectors.generate import all_files


def main() -> None:
    """Make the folder hold exactly the generated files."""
    files = all_files()
    for path in [*FOLDER.glob("*/*.json"), *FOLDER.glob("*/*.jsonl")]:
        if str(path.relative_to(FOLDER)) not in files:
            path.unlink()
    for name, text in files.items():
        path = FOLDER / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
