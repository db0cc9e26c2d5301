#!/usr/bin/env python3
"""Wraps the prose of Markdown files at the column that tidy.py asks for. Leaves code, tables, headings and comments alone.

Usage: wrap_docs.py DOCUMENT ...
"""
import pathlib
import re
import sys
import textwrap

COLUMNS = 100
ITEM = re.compile(r"^(\s*)([-*]|\d+\.)(\s+)")


# Stands for a space inside of inline code, which is not broken.
UNBROKEN = "\ue000"


def wrapped(words, first, rest):
    text = re.sub(r"`[^`]+`", lambda code: code.group(0).replace(" ", UNBROKEN), " ".join(words))
    lines = textwrap.wrap(
        text,
        COLUMNS,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [line.replace(UNBROKEN, " ") for line in lines]


def safe(lines):
    """No line may begin with what Markdown would take for a list or a heading."""
    return not any(re.match(r"^\s*([-*+#>|]|\d+\.)(\s|$)", line) for line in lines[1:])


def paragraph(lines):
    if not lines:
        return []
    item = ITEM.match(lines[0])
    indent = re.match(r"\s*", lines[0]).group(0)
    first = item.group(0) if item else indent
    rest = " " * len(first)
    words = lines[0][len(first) :].split() + [word for line in lines[1:] for word in line.split()]
    result = wrapped(words, first, rest)
    return result if safe(result) else lines


def reflow(text):
    output, pending, fenced = [], [], False

    def flush():
        output.extend(paragraph(pending))
        pending.clear()

    for line in text.split("\n"):
        if line.lstrip().startswith("```"):
            flush()
            fenced = not fenced
            output.append(line)
        elif fenced or not line.strip() or line.startswith(("|", "#", "<", ">")):
            flush()
            output.append(line)
        elif line.startswith("    ") and not pending:
            # Indented code, or the rest of a list item after an empty line: kept.
            output.append(line)
        elif ITEM.match(line):
            flush()
            pending.append(line)
        else:
            pending.append(line)
    flush()
    return "\n".join(output)


def rewrite(reflow, words):
    """Rewrites the files that the arguments name, and fails if the words of one would change."""
    for name in sys.argv[1:]:
        path = pathlib.Path(name)
        before = path.read_text()
        after = reflow(before)
        assert words(before) == words(after), f"{name}: the words would change"
        if after != before:
            path.write_text(after)
            print(f"wrapped {name}")


if __name__ == "__main__":
    rewrite(reflow, str.split)
