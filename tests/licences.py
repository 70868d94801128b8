#!/usr/bin/env python3
"""Refuses dependencies whose licence is not on the list, or that come from outside crates.io."""

import json
import re
import subprocess
import sys

ALLOWED = {
    "0BSD", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0",
    "CC0-1.0", "CDLA-Permissive-2.0", "ISC", "MIT", "MIT-0", "MPL-2.0", "Unicode-3.0", "Unlicense", "Zlib",
}


def allowed(expression: str) -> bool:
    """Evaluates an SPDX expression (`OR`, `AND`, parentheses, and the old `/` for `OR`)."""
    words = re.findall(r"\(|\)|[^\s()]+", expression.replace("/", " OR "))
    terms, licence = [], []
    for word in words + [")"]:
        if word in {"(", ")", "AND", "OR"}:
            if licence:
                terms.append(str(" ".join(licence) in ALLOWED))
                licence = []
            terms.append({"AND": "and", "OR": "or"}.get(word, word))
        else:
            licence.append(word)
    return eval(" ".join(terms[:-1]))  # only True, False, and, or and parentheses can stand here


def main() -> int:
    metadata = json.loads(subprocess.check_output(["cargo", "metadata", "--format-version=1", "--locked"]))
    bad = []
    for package in metadata["packages"]:
        source = package["source"]
        if source is None:
            continue
        name = f"{package['name']} {package['version']}"
        if not source.startswith(("registry+", "sparse+")):
            bad.append(f"{name} comes from {source}")
        if not allowed(package["license"] or "none"):
            bad.append(f"{name} has the licence {package['license']!r}")
    print("\n".join(bad) or f"{len(metadata['packages'])} packages, all licences allowed")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
