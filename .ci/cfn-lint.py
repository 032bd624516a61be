"""Lints all templates of a directory, and compares what is there as JSON with the same as YAML."""

import collections
import json
import multiprocessing
import pathlib
import sys

import yaml
from cfnlint.config import ConfigMixIn, ManualArgs
from cfnlint.decode.decode import decode_str
from cfnlint.runner import Runner

# Templates of single properties have ids that nobody would take for real ones, such as `sg-1`; these rules are about
# how ids look.
MADE_UP_IDS = {"E1150", "E1151", "E1152", "E1153", "E1154", "E1155", "E1156"}


def at(template, path):
    """The object that a finding is about."""
    for step in path:
        inner = template[step]
        if not isinstance(inner, (dict, list)):
            break
        template = inner
    return template


# Where cfn-lint calls wrong what AWS takes. One that no template needs any more is reported.
EXCEPTIONS = {
    # For ICMP these are type and code, and -1 as a code stands for all codes of the type
    # (AuthorizeSecurityGroupIngress, IpPermission.ToPort).
    "E3688": lambda template, path: at(template, path)["IpProtocol"] in ("icmp", "icmpv6"),
    # AWS has raised the bound to 80,000 since (CreateVolume).
    "E3671": lambda template, path: at(template, path)["VolumeType"] == "gp3",
    # Useless, but AWS takes such a policy: PutScalingPolicy names no such rule.
    "E3712": lambda template, path: True,
}


# Loading the rules takes longer than checking a template: once is enough.
RUNNER = Runner(ConfigMixIn(**ManualArgs(regions=["ap-northeast-2"])))


def lint(text):
    template, errors = decode_str(text)
    return errors or list(RUNNER.validate_template(template))


def check(path):
    text = path.read_text()
    template = json.loads(path.with_suffix(".json").read_text())
    problems, excepted = [], set()
    # YAML 1.1, as CloudFormation reads it: what it takes for a truth value or a date differs.
    if yaml.safe_load(text) != template:
        problems.append(("JSON", f"{path}: differs from the JSON"))
    for match in lint(text):
        rule = match.rule.id
        if not rule.startswith("E") or ("." in path.stem and rule in MADE_UP_IDS):
            continue
        if rule in EXCEPTIONS and EXCEPTIONS[rule](template, match.path):
            excepted.add(rule)
        else:
            problems.append((rule, f"{path}:{match.linenumber}: {rule} {match.message} {list(match.path)}"))
    return problems, excepted


def main():
    paths = sorted(pathlib.Path(sys.argv[1]).glob("*.yaml"))
    with multiprocessing.Pool() as pool:
        outcomes = pool.map(check, paths, chunksize=8)
    problems = [problem for found, _ in outcomes for problem in found]
    for rule in EXCEPTIONS.keys() - set().union(*(excepted for _, excepted in outcomes)):
        problems.append((rule, f"no template needs the exception from {rule} any more"))
    for _, text in problems:
        print(text)
    if problems or len(paths) < 800:
        sys.exit(f"{len(paths)} templates: {dict(collections.Counter(rule for rule, _ in problems))}")
    print(f"{len(paths)} templates pass cfn-lint, as YAML and as JSON.")


main()
