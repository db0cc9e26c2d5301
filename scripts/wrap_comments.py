#!/usr/bin/env python3
"""Wraps comments of Swift files that stand alone on their lines, at the column that tidy.py asks for.

A paragraph is wrapped again only if one of its lines is too long. Code in fences, lists' indents, tables and `- MARK` lines stay.

Usage: wrap_comments.py FILE ...
"""
import pathlib
import re
import sys
import textwrap

COLUMNS = 100
COMMENT = re.compile(r"^(\s*)(///|//)( ?)(.*)$")
ITEM = re.compile(r"^(\s*)([-*]|\d+\.)(\s+)")
UNBROKEN = "\ue000"


def filled(texts, margin):
    """The lines of a paragraph without their margin, wrapped; None where that would read as something else."""
    item = ITEM.match(texts[0])
    first = item.group(0) if item else re.match(r"\s*", texts[0]).group(0)
    rest = " " * len(first)
    words = texts[0][len(first) :].split() + [word for text in texts[1:] for word in text.split()]
    joined = re.sub(r"`[^`]+`", lambda code: code.group(0).replace(" ", UNBROKEN), " ".join(words))
    lines = textwrap.wrap(
        joined,
        COLUMNS - len(margin),
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )
    if any(ITEM.match(line) or line.lstrip().startswith(("#", "|", "```")) for line in lines[1:]):
        return None
    return [line.replace(UNBROKEN, " ") for line in lines]


def reflow(text):
    output, pending, margin, fenced = [], [], None, False

    def flush():
        nonlocal pending, margin
        if pending:
            lines = None
            if any(len(margin + line) > COLUMNS for line in pending):
                lines = filled(pending, margin)
            output.extend((margin + line).rstrip() for line in (lines or pending))
        pending, margin = [], None

    for line in text.split("\n"):
        match = COMMENT.match(line)
        if not match:
            flush()
            fenced = False
            output.append(line)
            continue
        here, body = match.group(1) + match.group(2) + " ", match.group(4)
        if body.lstrip().startswith("```"):
            fenced = not fenced
            flush()
            output.append(line)
            continue
        alone = fenced or not body or not match.group(3) or body.startswith(("MARK:", "|", "swift-format-ignore"))
        if alone:
            flush()
            output.append(line)
            continue
        indented = body.startswith("    ") and not pending
        if margin != here or ITEM.match(body):
            flush()
        if indented and not ITEM.match(body):
            output.append(line)
            continue
        margin = here
        pending.append(body)
    flush()
    return "\n".join(output)


def main():
    for name in sys.argv[1:]:
        path = pathlib.Path(name)
        text = path.read_text()
        result = reflow(text)
        if result != text:
            path.write_text(result)
            print(f"wrapped {name}")


if __name__ == "__main__":
    main()
