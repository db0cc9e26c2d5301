"""The rules for documents: what they name exists, they are readable, and they agree with the code. Used by tidy.py."""
import pathlib
import re
import subprocess

MAX_PROSE_COLUMNS = 100
MAX_CELL_CHARACTERS = 160
# How many cells of a row are measured: a fifth cell there is a text of the code, which ProblemCodeTests compares.
MEASURED_CELLS = {"docs/errors.md": 4}
# What may name documents: texts of these kinds.
NAMING = (".swift", ".md", ".py", ".sh", ".c", ".h", ".txt", ".yaml", ".scenario", "Makefile")
SEPARATOR = re.compile(r"^\|(?=.*-)[\s:|-]+\|$")


def tracked(root):
    """The repository's files, those not committed yet included."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root, capture_output=True, check=True,
    )
    return [name for name in listing.stdout.decode().split("\0") if name and (root / name).is_file()]


def prose(text):
    """Number and text of each line outside of fenced code."""
    fenced = False
    for number, line in enumerate(text.split("\n"), 1):
        if line.lstrip().startswith("```"):
            fenced = not fenced
        elif not fenced:
            yield number, line


def anchors(text):
    """The anchors of a document's headings, as GitHub makes them."""
    titles = [re.match(r"#+\s+(.*?)\s*$", line) for _, line in prose(text)]
    return {re.sub(r"[^\w\- ]", "", title.group(1).lower()).replace(" ", "-") for title in titles if title}


def cells(row):
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", row.strip()[1:-1])]


def rows(text, columns=None):
    """The rows of all tables as lists of cells, without heads and separators."""
    lines = text.split("\n")
    for number, line in enumerate(lines):
        following = lines[number + 1] if number + 1 < len(lines) else ""
        is_row = line.startswith("|") and not SEPARATOR.match(line) and not SEPARATOR.match(following)
        if is_row and columns in (None, len(cells(line))):
            yield cells(line)


class Documents:
    def __init__(self, root, offend):
        self.root, self.offend = root, offend
        self.files = tracked(root)
        self.texts = {name: self.read(name) for name in self.files if name.endswith(".md")}

    def read(self, name):
        return (self.root / name).read_text(errors="replace")

    def line(self, name, text):
        """The number of the first line that has the text."""
        return self.read(name)[: max(0, self.read(name).find(text))].count("\n") + 1

    def agree(self, what, document, documented, source, coded):
        """Both sets are the same; what is in one only is an offence of the document."""
        for name in sorted(coded - documented):
            self.offend(document, 1, f"{what} {name} of {source} is not in it")
        for name in sorted(documented - coded):
            self.offend(document, self.line(document, name), f"{what} {name} is not in {source}")
        if not coded:
            self.offend(document, 1, f"no {what} is found in {source} any more; repair scripts/tidy_docs.py")

    # Form

    def check_widths(self):
        for name, text in self.texts.items():
            for number, line in prose(text):
                if line.startswith("|"):
                    for cell in cells(line)[: MEASURED_CELLS.get(name)]:
                        # A reader sees the text of a link.
                        length = len(re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", cell))
                        if length > MAX_CELL_CHARACTERS:
                            self.offend(name, number, f"a cell of {length} characters, at most {MAX_CELL_CHARACTERS}")
                elif len(line) > MAX_PROSE_COLUMNS and not line.startswith("    ") and " " in line.strip().lstrip("-* "):
                    # A long link or path alone cannot be wrapped.
                    self.offend(name, number, f"{len(line)} columns, at most {MAX_PROSE_COLUMNS} (wrap_docs.py)")

    def check_tables(self):
        for name, text in self.texts.items():
            width, previous = None, ""
            for number, line in prose(text):
                if not line.startswith("|"):
                    width = None
                elif SEPARATOR.match(line):
                    width = len(cells(line))
                    if len(cells(previous)) != width:
                        self.offend(name, number, "the table's head has another number of cells")
                elif width is None and previous.startswith("|"):
                    self.offend(name, number, "a row of no table: something splits the table")
                elif width is not None and len(cells(line)) != width:
                    self.offend(name, number, f"{len(cells(line))} cells in a table of {width}")
                previous = line

    # What is named exists

    def check_links(self):
        for name, text in self.texts.items():
            for number, line in prose(text):
                for target in re.findall(r"\]\(([^)\s]+)\)", line):
                    if not re.match(r"[a-z]+:", target):
                        self.check_link(name, number, target)

    def check_link(self, name, number, target):
        path, _, anchor = target.partition("#")
        file = (self.root / name).parent / path if path else self.root / name
        if not file.exists():
            return self.offend(name, number, f"the link {target} leads nowhere")
        if anchor and file.suffix == ".md" and anchor not in anchors(file.read_text()):
            self.offend(name, number, f"the link {target} names no heading")

    def check_names(self):
        """Every NAME.md in code, comments and documents is a file: by its path, beside the text, or in docs/."""
        pattern = re.compile(r"(?<![\w/*{}$.-])((?:\.{1,2}/)*[A-Za-z0-9_][\w./-]*\.md)\b")
        for name in self.files:
            if not name.endswith(NAMING) or name.startswith("Fuzz/Corpus/") or name == "scripts/tidy_docs.py":
                continue
            for number, line in enumerate(self.read(name).split("\n"), 1):
                for found in set(pattern.findall(line)):
                    beside = (self.root / name).parent / found
                    if not any(place.is_file() for place in (self.root / found, beside, self.root / "docs" / found)):
                        self.offend(name, number, f"{found} does not exist")
                # Our documents have headings and no numbered sections.
                if re.search(r"\w\.md`?\)?,? (?:sections? )?\d+\.\d", line):
                    self.offend(name, number, "names a section by its number; name its heading")

    # Documents and code agree

    def check_posting_rules(self):
        source = "Sources/Ledger/Transfer.swift"
        text = self.read(source)
        match = re.search(r"enum PostingRule\b.*?\n\}", text, re.S)
        coded = set(re.findall(r"^\s+case (\w+) = \d+", match.group(0), re.M)) if match else set()
        document = "docs/posting-rules.md"
        documented = re.findall(r"^### [^:]+: (\w+)$", self.texts[document], re.M)
        self.agree("the posting rule", document, set(documented), source, coded)
        sections = re.split(r"^### ", self.texts[document], flags=re.M)[1:]
        for section in sections:
            title = section.split("\n", 1)[0]
            self.check_balance(document, title, section)
            for path in re.findall(r"`(Sources/[\w./+*-]+\.swift)`", section):
                if not (self.root / path).is_file():
                    self.offend(document, self.line(document, title), f"{path} does not exist")

    def check_balance(self, document, title, section):
        sums = {}
        for account, debit, credit in rows(section, columns=3):
            currency = account.split(" ")[1] if " " in account else ""
            sums[currency] = sums.get(currency, 0) + int(debit or 0) - int(credit or 0)
        if not sums or any(sums.values()):
            self.offend(document, self.line(document, title), f"{title}: the example does not sum to zero")

    def check_transitions(self):
        table = "Tests/ShardTests/Scenarios/table.txt"
        scenarios = {}
        for line in self.read(table).split("\n"):
            if line and not line.startswith("#"):
                fields = [field.strip() for field in line.split("|")]
                scenarios[fields[0]] = fields[-1].split()
        document = "docs/payments.md"
        documented = {row[0]: row[5].strip("`") for row in rows(self.texts[document], columns=6)}
        self.agree("row", document, set(documented), table, set(scenarios))
        for number, name in documented.items():
            if number in scenarios and name not in scenarios[number]:
                self.offend(document, self.line(document, f"| {number} "), f"{name} is no scenario of row {number}")

    def check_metrics(self):
        coded = set()
        for name in self.files:
            if name.startswith(("Sources/Gateway/", "Sources/Telemetry/")) and name.endswith(".swift"):
                coded |= set(re.findall(r'"(millrace_[a-z0-9_]+)"', self.read(name)))
        document = "docs/metrics.md"
        self.agree("the metric", document, {row[0].strip("`") for row in rows(self.texts[document], columns=2)},
                   "the code", coded)
        for name, text in self.texts.items():
            for found in set(re.findall(r"\bmillrace_[a-z0-9_]+", text)) - coded:
                if not any(family.startswith(found) for family in coded):
                    self.offend(name, self.line(name, found), f"the metric {found} does not exist")

    def check_exit_statuses(self):
        source = "Sources/Gateway/Configuration/ConfigurationError.swift"
        coded = set(re.findall(r"static let \w+: Int32 = (\d+)", self.read(source)))
        document = "docs/configuration.md"
        section = self.texts[document].split("## Exit statuses", 1)[-1].split("\n## ", 1)[0]
        documented = {row[0] for row in rows(section, columns=2)}
        # Those of no constant: as asked, other failures, and the argument parser's.
        self.agree("the exit status", document, documented - {"0", "1", "64"}, source, coded)

    def check_configuration_keys(self):
        """Every key that the reader takes is in the document; GatewayTests compares the defaults."""
        document = "docs/configuration.md"
        text = self.texts[document]
        pattern = r"\b(?:section|document|line|nested|scorer|entry)\.(?:text|integer|size|duration|boolean|choice|file|path)"
        for name in self.files:
            if name.startswith("Sources/Gateway/Configuration/"):
                for key in re.findall(pattern + r'\(\s*"(\w+)"', self.read(name)):
                    if not re.search(rf"[`.]{key}`", text):
                        self.offend(document, 1, f"the key {key} of {name} is not in it")

    def check_modules(self, targets):
        document = "docs/architecture.md"
        section = self.texts[document].split("## Modules", 1)[-1].split("\n## ", 1)[0]
        documented = set(re.findall(r"`(\w+)`", " ".join(row[0] for row in rows(section, columns=2))))
        self.agree("the module", document, documented - {"CMillrace", "CZstd", "CAllocationCounter"},
                   "Package.swift", set(targets))


def check(root, targets, offend):
    documents = Documents(pathlib.Path(root), offend)
    documents.check_widths()
    documents.check_tables()
    documents.check_links()
    documents.check_names()
    documents.check_posting_rules()
    documents.check_transitions()
    documents.check_metrics()
    documents.check_exit_statuses()
    documents.check_configuration_keys()
    documents.check_modules(targets)
