#!/usr/bin/env python3
"""Wraps comments of Swift files that stand alone on their lines, at the column that tidy.py asks for.

A paragraph is wrapped again only if one of its lines is too long. Code in fences, indented lines, tables and `MARK` lines stay.

Usage: wrap_comments.py FILE ...
"""
import re

from wrap_docs import COLUMNS, ITEM, rewrite, safe, wrapped

COMMENT = re.compile(r"^(\s*)(///|//)( ?)(.*)$")


def filled(texts, margin):
    """The lines of a paragraph, wrapped; as they are where that would read as something else."""
    item = ITEM.match(texts[0])
    first = item.group(0) if item else re.match(r"\s*", texts[0]).group(0)
    words = texts[0][len(first) :].split() + [word for text in texts[1:] for word in text.split()]
    lines = [line.removeprefix(margin) for line in wrapped(words, margin + first, margin + " " * len(first))]
    return lines if safe(lines) else texts


def reflow(text):
    output, pending, margin, fenced = [], [], None, False

    def flush():
        nonlocal pending, margin
        lines = filled(pending, margin) if any(len(margin + line) > COLUMNS for line in pending) else pending
        output.extend((margin + line).rstrip() for line in lines)
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
            body = ""
        if fenced or not body or not match.group(3) or body.startswith(("MARK:", "|", "swift-format-ignore")):
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


if __name__ == "__main__":
    # A line that was broken or joined begins with the comment's slashes.
    rewrite(reflow, lambda text: [word for word in text.split() if word not in ("///", "//")])
