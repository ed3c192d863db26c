"""``python -m benchmarks``: lists the benchmarks; ``python -m benchmarks NAME …`` runs some, ``all`` runs every one.

Each module of this package with a ``main()`` is one benchmark; its first docstring line says what it compares.
"""

import ast
import runpy
import sys
from collections.abc import Sequence
from pathlib import Path


def found(folder: Path) -> dict[str, str]:
    """The benchmarks in ``folder``: module name → first line of its docstring. Nothing is imported."""
    names: dict[str, str] = {}
    for path in sorted(folder.glob("*.py")):
        if not path.name.startswith("_"):
            doc = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
            names[path.stem] = doc.partition("\n")[0]
    return names


def main(argv: Sequence[str] | None = None) -> int:
    wanted = list(sys.argv[1:] if argv is None else argv)
    known = found(Path(__file__).parent)
    if not wanted:
        for name, what in known.items():
            print(f"{name:<16} {what}")
        print("\nmake bench ARGS='NAME …' runs some of them, ARGS=all every one")
        return 0
    names = list(known) if wanted == ["all"] else wanted
    if unknown := [name for name in names if name not in known]:
        print(f"no benchmark {', '.join(unknown)}; there are {', '.join(known)}", file=sys.stderr)
        return 2
    for name in names:
        print(f"== {name}: {known[name]}", flush=True)
        sys.argv = [name]
        runpy.run_module(f"benchmarks.{name}", run_name="__main__")
    return 0


if __name__ == "__main__":
    sys.exit(main())
