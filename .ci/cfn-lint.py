"""Lints all templates of a directory, and compares what is there as JSON with the same as YAML."""

import collections
import json
import multiprocessing
import pathlib
import sys

import yaml
from cfnlint.api import ManualArgs, lint

# Templates of single properties have ids that nobody would take for real ones, such as `sg-1`; these rules are about
# how ids look.
MADE_UP_IDS = {"E1150", "E1151", "E1152", "E1153", "E1154", "E1155", "E1156"}


def check(path):
    text = path.read_text()
    problems = []
    # YAML 1.1, as CloudFormation reads it: what it takes for a truth value or a date differs.
    if yaml.safe_load(text) != json.loads(path.with_suffix(".json").read_text()):
        problems.append(("JSON", f"{path}: differs from the JSON"))
    for match in lint(text, config=ManualArgs(regions=["ap-northeast-2"])):
        rule = match.rule.id
        if rule.startswith("E") and not ("." in path.stem and rule in MADE_UP_IDS):
            problems.append((rule, f"{path}:{match.linenumber}: {rule} {match.message} {list(match.path)}"))
    return problems


def main():
    paths = sorted(pathlib.Path(sys.argv[1]).glob("*.yaml"))
    with multiprocessing.Pool() as pool:
        problems = [problem for found in pool.imap(check, paths, chunksize=8) for problem in found]
    for _, text in problems:
        print(text)
    if problems or len(paths) < 400:
        sys.exit(f"{len(paths)} templates: {dict(collections.Counter(rule for rule, _ in problems))}")
    print(f"{len(paths)} templates pass cfn-lint, as YAML and as JSON.")


main()
