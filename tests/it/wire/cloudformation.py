"""What the wire test of exported templates asks of an emulator, in the language whose SDK has CloudFormation.

deploy URL TEMPLATE PARAMETERS: makes a CloudFormation stack; the parameters are a JSON object.
inventory URL: prints all that there is of the kinds of the lab, as a JSON object of paths and values. What AWS hands out
is replaced by names, and the tags by which an owner knows its own are left out, so that two accounts can be compared.
"""

import datetime
import json
import sys

import boto3

REGION = "ap-northeast-2"
OWNERS = ("purlin:", "aws:cloudformation:")


def client(service, url):
    return boto3.client(
        service, region_name=REGION, endpoint_url=url, aws_access_key_id="wire", aws_secret_access_key="wire"
    )


def deploy(url, template, parameters):
    cloudformation = client("cloudformation", url)
    with open(template) as body, open(parameters) as values:
        parameters = [{"ParameterKey": key, "ParameterValue": value} for key, value in json.load(values).items()]
        cloudformation.create_stack(StackName="exported", TemplateBody=body.read(), Parameters=parameters)
    [stack] = cloudformation.describe_stacks(StackName="exported")["Stacks"]
    if stack["StackStatus"] != "CREATE_COMPLETE":
        sys.exit(f"{stack['StackStatus']}: {stack.get('StackStatusReason')}")
    print(json.dumps({output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}))


def named(item):
    return next((tag["Value"] for tag in item.get("Tags", []) if tag["Key"] == "Name"), None)


class Inventory:
    def __init__(self, url):
        self.ec2, self.elb, self.autoscaling = (client(name, url) for name in ("ec2", "elbv2", "autoscaling"))
        self.names = {}
        self.found = {}

    def take(self):
        self.network()
        self.security_groups()
        self.templates()
        self.balancers()
        self.groups()
        return {path: self.anonymous(value) for path, value in self.found.items()}

    def network(self):
        for vpc in self.ec2.describe_vpcs()["Vpcs"]:
            self.names[vpc["VpcId"]] = f"<vpc {named(vpc)}>"
        for subnet in self.ec2.describe_subnets()["Subnets"]:
            self.names[subnet["SubnetId"]] = f"<subnet {named(subnet)}>"
        for image in self.ec2.describe_images(Owners=["self"])["Images"]:
            self.names[image["ImageId"]] = f"<image {image['Name']}>"

    def security_groups(self):
        groups = [group for group in self.ec2.describe_security_groups()["SecurityGroups"]
                  if group["GroupName"] != "default"]
        for group in groups:
            self.names[group["GroupId"]] = f"<group {group['GroupName']}>"
            self.names[group["SecurityGroupArn"]] = f"<group {group['GroupName']}>"
            self.found[f"SecurityGroup {group['GroupName']}"] = group

    def templates(self):
        for template in self.ec2.describe_launch_templates()["LaunchTemplates"]:
            name = template["LaunchTemplateName"]
            self.names[template["LaunchTemplateId"]] = f"<template {name}>"
            self.found[f"LaunchTemplate {name}"] = template
            versions = self.ec2.describe_launch_template_versions(LaunchTemplateId=template["LaunchTemplateId"])
            self.found[f"LaunchTemplateVersions {name}"] = versions["LaunchTemplateVersions"]

    def balancers(self):
        for group in self.elb.describe_target_groups()["TargetGroups"]:
            name, arn = group["TargetGroupName"], group["TargetGroupArn"]
            self.names[arn] = f"<target group {name}>"
            self.found[f"TargetGroup {name}"] = group
            attributes = self.elb.describe_target_group_attributes(TargetGroupArn=arn)["Attributes"]
            self.found[f"TargetGroup {name} attributes"] = attributes
            self.tags(f"TargetGroup {name}", arn)
            health = self.elb.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
            self.found[f"TargetGroup {name} targets"] = health
        for balancer in self.elb.describe_load_balancers()["LoadBalancers"]:
            name, arn = balancer["LoadBalancerName"], balancer["LoadBalancerArn"]
            self.names[arn] = f"<balancer {name}>"
            self.found[f"LoadBalancer {name}"] = balancer
            attributes = self.elb.describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"]
            self.found[f"LoadBalancer {name} attributes"] = attributes
            self.tags(f"LoadBalancer {name}", arn)
            for listener in self.elb.describe_listeners(LoadBalancerArn=arn)["Listeners"]:
                at = f"Listener {name} {listener.get('Port')}"
                self.names[listener["ListenerArn"]] = f"<{at}>"
                self.found[at] = listener
                self.tags(at, listener["ListenerArn"])

    def groups(self):
        for group in self.autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"]:
            name = group["AutoScalingGroupName"]
            self.names[group["AutoScalingGroupARN"]] = f"<scaling group {name}>"
            self.found[f"AutoScalingGroup {name}"] = group
        for policy in self.autoscaling.describe_policies()["ScalingPolicies"]:
            self.names[policy["PolicyARN"]] = f"<policy {policy['PolicyName']}>"
            self.found[f"ScalingPolicy of {policy['AutoScalingGroupName']}"] = policy
        reservations = self.ec2.describe_instances()["Reservations"]
        instances = [instance for reservation in reservations for instance in reservation["Instances"]]
        for instance in instances:
            self.names[instance["InstanceId"]] = "<instance>"
        keep = ("ImageId", "InstanceType", "SubnetId", "VpcId", "SecurityGroups", "Tags", "State", "KeyName")
        self.found["Instances"] = [{key: instance.get(key) for key in keep} for instance in instances]
        volumes = self.ec2.describe_volumes()["Volumes"]
        self.found["Volumes"] = [{key: volume.get(key) for key in ("Size", "VolumeType", "Tags")} for volume in volumes]

    def tags(self, what, arn):
        [description] = self.elb.describe_tags(ResourceArns=[arn])["TagDescriptions"]
        self.found[what + " tags"] = description["Tags"]

    def anonymous(self, value):
        if isinstance(value, dict):
            return {key: self.anonymous(inner) for key, inner in value.items()}
        if isinstance(value, list):
            own = [item for item in value
                   if not (isinstance(item, dict) and str(item.get("Key", "")).startswith(OWNERS))]
            return sorted((self.anonymous(item) for item in own), key=lambda item: json.dumps(item, sort_keys=True))
        if isinstance(value, datetime.datetime):
            return "<time>"
        if isinstance(value, str):
            for handed_out, name in self.names.items():
                value = value.replace(handed_out, name)
        return value


def flat(path, value):
    """Paths of all values; what is empty is as good as not there."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from flat(f"{path}.{key}", inner)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            # Tags and attributes are told apart by their keys, tag specifications by what they tag.
            if isinstance(inner, dict):
                index = inner.get("Key") or inner.get("ResourceType") or index
            yield from flat(f"{path}[{index}]", inner)
    elif value not in (None, ""):
        yield path, value


def inventory(url):
    found = Inventory(url).take()
    print(json.dumps(dict(pair for path, value in found.items() for pair in flat(path, value))))


COMMANDS = {"deploy": deploy, "inventory": inventory}
COMMANDS[sys.argv[1]](*sys.argv[2:])
