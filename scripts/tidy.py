#!/usr/bin/env python3
"""The house rules that neither the compiler nor the formatter checks. Prints one line per offence; exit status 1 if any.

Usage: tidy.py [ROOT]. Warnings (a file longer than 200 lines) do not fail.
"""
import pathlib
import re
import subprocess
import sys

import tidy_docs

MAX_FILE_LINES = 500
WARN_FILE_LINES = 200
MAX_FUNCTION_LINES = 70
MAX_COLUMNS = 120
# The formatter breaks neither comments nor literals; a line of them may be a little longer, but not for ever.
MAX_COMMENT_COLUMNS = 100
MAX_LITERAL_COLUMNS = 200
MAX_BLOB_BYTES = 1 << 20
# From so many parameters without a label on a call cannot be read.
MAX_UNLABELLED = 3

# Word, why not, and the folders (below the root) that may.
BANNED = [
    (r"\bDate\(\)", "the clock is an input", []),
    (r"\btry!", "say what happens on failure", []),
    (r"\bDispatchQueue\b", "event loops and tasks only", ["Sources/Simulation/Gateway/SimEventLoop.swift"]),
    (r"(?<![\w.])print\(", "libraries do not print", ["Sources/millrace"]),
    (r"\.wait\(\)", "never block an event loop", ["Sources/millrace"]),
    (r"nonisolated\(unsafe\)", "prove it to the compiler", []),
    (r'fatalError\("TODO', "finish it", []),
    (r"\bTODO(?!\()", "TODO(name): reason", []),
]
SWIFT_ROOTS = ["Sources", "Tests", "Fuzz", "loadtest/Sources", "Benchmarks"]
SOURCE_ROOTS = ["Sources", "loadtest/Sources"]

offences = []
warnings = []


def offend(path, line, what):
    offences.append(f"{path}:{line}: {what}")


def strip(source):
    """The source with comments and the insides of strings blanked, line for line."""
    pattern = re.compile(r'"""(?:\\.|[^\\])*?"""|#"(?:[^\n]*?)"#|"(?:\\\((?:[^()]|\([^()]*\))*\)|\\.|[^"\\\n])*"|//[^\n]*|/\*.*?\*/', re.S)
    return pattern.sub(lambda match: re.sub(r"[^\n]", " ", match.group(0)), source)


def check_lines(path, text, code, in_sources):
    codes = code.split("\n")
    for number, line in enumerate(text.split("\n"), 1):
        if line.lstrip().startswith("//"):
            limit = MAX_COMMENT_COLUMNS
        elif '"' in line:
            limit = MAX_LITERAL_COLUMNS
        else:
            limit = MAX_COLUMNS
        # What is blank once literals are taken out is a line of a multi-line literal.
        is_text = not codes[number - 1].strip() and line.strip() and not line.lstrip().startswith("//")
        if len(line) > limit and not is_text:
            offend(path, number, f"{len(line)} columns, at most {limit}")
        if line != line.rstrip():
            offend(path, number, "trailing blanks")
    if not in_sources:
        return
    originals = text.split("\n")
    for number, line in enumerate(codes, 1):
        for pattern, why, allowed in BANNED:
            searched = originals[number - 1] if "TODO" in pattern else line
            if "wait" in pattern and "await " in line:
                continue
            if re.search(pattern, searched) and not any(str(path).startswith(folder) for folder in allowed):
                offend(path, number, f"{re.search(pattern, searched).group(0).strip()}: {why}")
        if "@unchecked Sendable" in line:
            before = originals[max(0, number - 4) : number - 1]
            if not any(entry.strip().startswith("//") for entry in before):
                offend(path, number, "@unchecked Sendable without a proof in a comment above it")


def check_functions(path, code):
    """Functions and initializers by their braces."""
    lines = code.split("\n")
    start = re.compile(r"^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:[\w()]+\s+)*(?:func\s+\S+|init\b[?!]?\s*[(<])")
    index = 0
    while index < len(lines):
        if not start.match(lines[index]):
            index += 1
            continue
        depth, opened, parentheses, end = 0, False, 0, index
        for end in range(index, len(lines)):
            for character in lines[end]:
                if character in "([":
                    parentheses += 1
                elif character in ")]":
                    parentheses -= 1
                elif character == "{":
                    depth += 1
                    opened = opened or parentheses == 0
                elif character == "}":
                    depth -= 1
            if opened and depth <= 0:
                break
            # A requirement of a protocol has no body.
            if not opened and parentheses <= 0 and end + 1 < len(lines):
                following = lines[end + 1].strip()
                if depth < 0 or not re.match(r"^(throws|async|rethrows|->|where|\{|\))", following):
                    break
        length = end - index + 1
        if opened and length > MAX_FUNCTION_LINES:
            offend(path, index + 1, f"a function of {length} lines, at most {MAX_FUNCTION_LINES}")
        index += 1


def signatures(code):
    """Line, name and parameters of each function, initializer and subscript."""
    for match in re.finditer(r"\b(?:func\s+([^\s(<]+)|(init)[?!]?|(subscript))\s*(?:<[^>{}]*>)?\s*\(", code):
        depth, start, parameters = 1, match.end(), []
        for place in range(match.end(), len(code)):
            character = code[place]
            if character in "([{":
                depth += 1
            elif character in ")]}":
                depth -= 1
            if depth == 0 or (character == "," and depth == 1):
                parameters.append(code[start:place].strip())
                start = place + 1
            if depth == 0:
                break
        yield code.count("\n", 0, match.start()) + 1, match.group(1) or match.group(2) or match.group(3), parameters


def check_labels(path, code):
    """No function, initializer or subscript has three or more parameters without a label; operators cannot have labels."""
    for number, name, parameters in signatures(code):
        unlabelled = [parameter for parameter in parameters if parameter.startswith("_ ")]
        if len(unlabelled) >= MAX_UNLABELLED and not re.match(r"\W", name):
            offend(path, number, f"{name} has {len(unlabelled)} parameters without a label, at most {MAX_UNLABELLED - 1}")


def modules(root):
    """Each module's folder and the modules it may import, as Package.swift declares them."""
    text = (root / "Package.swift").read_text()
    table = {}
    for match in re.finditer(r'module\(\s*"(\w+)"(.*?)\n?\s*\),?\n', text, re.S):
        name, rest = match.group(1), match.group(2)
        path = re.search(r'path:\s*"([^"]+)"', rest)
        table[name] = (path.group(1) if path else f"Sources/{name}", set(re.findall(r'"([A-Z]\w+)"', rest)))
    match = re.search(r'executableTarget\(\s*name: "millrace",\s*dependencies: \[(.*?)\]', text, re.S)
    table["millrace"] = ("Sources/millrace", set(re.findall(r'"([A-Z]\w+)"', match.group(1))))
    return table


def documented_modules(root):
    """The modules that docs/architecture.md explains: not those that only tests use."""
    return {name for name, (folder, _) in modules(root).items() if not folder.startswith("Tests/")}


def check_imports(root):
    table = modules(root)
    if len(table) < 10:
        offend("Package.swift", 1, "the modules are not found any more; repair scripts/tidy.py")
    for name, (folder, allowed) in table.items():
        for path in sorted((root / folder).rglob("*.swift")):
            for number, line in enumerate(path.read_text().split("\n"), 1):
                match = re.match(r"\s*(?:@\w+\s+)*(?:\w+\s+)?import\s+(?:\w+\s+)?(\w+)", line)
                if not match or match.group(1) not in table:
                    continue
                if match.group(1) != name and match.group(1) not in allowed:
                    offend(path.relative_to(root), number, f"{name} may not import {match.group(1)}")


def check_files(root):
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root, capture_output=True, check=True,
    )
    for name in filter(None, listing.stdout.decode().split("\0")):
        path = root / name
        if path.is_file() and path.stat().st_size > MAX_BLOB_BYTES:
            offend(name, 1, f"{path.stat().st_size} bytes: no large blobs")
        if name.endswith((".key", ".p12")) or name == "Package.resolved":
            offend(name, 1, "does not belong into the repository")
    if "Apache License" not in (root / "LICENSE").read_text():
        offend("LICENSE", 1, "the Apache License is missing")


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent).resolve()
    count = 0
    for folder in SWIFT_ROOTS:
        for path in sorted((root / folder).rglob("*.swift")):
            if ".build" in path.parts:
                continue
            count += 1
            relative = path.relative_to(root)
            text = path.read_text()
            code = strip(text)
            in_sources = any(str(relative).startswith(entry + "/") for entry in SOURCE_ROOTS)
            length = text.count("\n")
            if length > MAX_FILE_LINES:
                offend(relative, 1, f"{length} lines, at most {MAX_FILE_LINES}")
            elif length > WARN_FILE_LINES and in_sources:
                warnings.append(f"{relative}: {length} lines")
            check_lines(relative, text, code, in_sources)
            check_functions(relative, code)
            check_labels(relative, code)
    check_imports(root)
    check_files(root)
    tidy_docs.check(root, documented_modules(root), offend)
    for line in warnings:
        print(f"tidy: warning: {line}")
    for line in offences:
        print(f"tidy: {line}")
    print(f"tidy: {count} files, {len(offences)} offences, {len(warnings)} warnings")
    return 1 if offences or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
