"""Compares tests/coverage.csv with the service models that botocore carries."""

import re
import sys

import botocore.session

OPERATIONS = {
    "elasticloadbalancing": """
        CreateLoadBalancer ModifyLoadBalancerAttributes SetSecurityGroups SetSubnets SetIpAddressType
        ModifyIpPools ModifyCapacityReservation CreateTargetGroup ModifyTargetGroup
        ModifyTargetGroupAttributes CreateListener ModifyListener ModifyListenerAttributes CreateRule
        ModifyRule SetRulePriorities AddListenerCertificates RegisterTargets AddTags RemoveTags
    """,
    "ec2": """
        CreateSecurityGroup DeleteSecurityGroup AuthorizeSecurityGroupIngress AuthorizeSecurityGroupEgress
        RevokeSecurityGroupIngress RevokeSecurityGroupEgress ModifySecurityGroupRules
        AssociateSecurityGroupVpc DisassociateSecurityGroupVpc
        CreateLaunchTemplate CreateLaunchTemplateVersion ModifyLaunchTemplate DeleteLaunchTemplate
        DeleteLaunchTemplateVersions
    """,
    "autoscaling": """
        CreateAutoScalingGroup UpdateAutoScalingGroup DeleteAutoScalingGroup PutScalingPolicy DeletePolicy
        PutScheduledUpdateGroupAction PutLifecycleHook PutNotificationConfiguration PutWarmPool
        StartInstanceRefresh CancelInstanceRefresh RollbackInstanceRefresh EnableMetricsCollection
        DisableMetricsCollection SuspendProcesses ResumeProcesses AttachLoadBalancerTargetGroups
        DetachLoadBalancerTargetGroups AttachTrafficSources DetachTrafficSources CreateOrUpdateTags
        DeleteTags SetInstanceProtection
    """,
}
# Where botocore calls a service otherwise than IAM and the table.
MODELS = {"elasticloadbalancing": "elbv2"}
ATTRIBUTES = ["LoadBalancerAttribute", "TargetGroupAttribute", "ListenerAttribute"]
# A category of keys in the documentation, not a key.
NO_KEYS = {"unhealthy.draining"}


def members():
    """Yields (service, input, member) for all operations, and for each structure in their inputs once."""
    session = botocore.session.get_session()
    done = set()
    for service, names in OPERATIONS.items():
        model = session.get_service_model(MODELS.get(service, service))
        for name in names.split():
            shape = model.operation_model(name).input_shape
            yield from walk(name, shape, done, service)
        if service == "elasticloadbalancing":
            for name in ATTRIBUTES:
                text = model.shape_for(name).members["Key"].documentation
                keys = set(re.findall(r"<code>([a-z0-9_]+(?:\.[a-z0-9_]+)+)</code>", text)) - NO_KEYS
                yield from ((service, name, key) for key in sorted(keys))


def walk(name, shape, done, service):
    if (service, name) in done:
        return
    done.add((service, name))
    inner = []
    for member, value in shape.members.items():
        yield service, name, member
        while value.type_name in ("list", "map"):
            value = value.member if value.type_name == "list" else value.value
        if value.type_name == "structure":
            inner.append(value)
    for value in inner:
        yield from walk(value.name, value, done, service)


def main():
    wanted = dict.fromkeys(members())
    with open("tests/coverage.csv", newline="") as table:
        # Only the last field may contain commas.
        rows = [line.rstrip("\n").split(",", 4) for line in table][1:]
    present = {tuple(row[:3]) for row in rows}
    missing = [row for row in wanted if row not in present]
    if "--skeleton" in sys.argv:
        for row in missing:
            print(",".join(row) + ",,")
        return
    unknown = [row for row in present if row not in wanted]
    twice = len(rows) - len(present)
    for row in missing:
        print(f"missing: {','.join(row)}", file=sys.stderr)
    for row in unknown:
        print(f"not in the service models: {','.join(row)}", file=sys.stderr)
    if missing or unknown or twice:
        sys.exit(f"tests/coverage.csv: {len(missing)} missing, {len(unknown)} unknown, {twice} double rows")
    print(f"tests/coverage.csv has all {len(wanted)} members and keys.")


main()
