//! Launch templates over the EC2 API.

use std::collections::BTreeMap;

use aws_sdk_ec2::types as ec2;
use aws_sdk_ec2::types::{LaunchTemplate as Template, LaunchTemplateVersion, RequestLaunchTemplateData, ResourceType};
use aws_smithy_types::base64;

use crate::error::{Error, Result};
use crate::input::Input;
use crate::resource::tags::STACK;
use crate::resource::{
    AnyObserved, BlockDevice, InstanceTag, LaunchTemplate, LaunchTemplateOutputs, MetadataOptions, Observed, Operation,
    Tags, UserData, VolumeType,
};

use super::call::{gone_is_fine, pages};
use super::convert::join;
use super::security_group::filter;
use super::tags::{change_ec2, from_ec2, names, specification};
use super::{Cx, Operate, id, known, required};

impl LaunchTemplate {
    fn data(&self) -> Result<RequestLaunchTemplateData> {
        let groups =
            self.security_groups.iter().map(|group| Ok(known(group)?.to_string())).collect::<Result<Vec<_>>>()?;
        let image = self.image.as_ref().map(|image| known(image).map(ToString::to_string)).transpose()?;
        let specifications: Vec<_> = self
            .launched_tags
            .iter()
            .map(|(resource, tags)| {
                let tags = tags.iter().map(|(key, value)| ec2::Tag::builder().key(key).value(value).build()).collect();
                ec2::LaunchTemplateTagSpecificationRequest::builder()
                    .resource_type(ResourceType::from(resource.as_str()))
                    .set_tags(Some(tags))
                    .build()
            })
            .collect();
        Ok(RequestLaunchTemplateData::builder()
            .set_image_id(image)
            .set_instance_type(self.instance_type.as_deref().map(ec2::InstanceType::from))
            .set_key_name(self.key_name.clone())
            .set_iam_instance_profile(self.instance_profile.as_deref().map(profile))
            .set_user_data(self.user_data.as_ref().map(|data| base64::encode(&data.0)))
            .set_security_group_ids((!groups.is_empty()).then_some(groups))
            .set_block_device_mappings(
                (!self.block_devices.is_empty()).then(|| self.block_devices.iter().map(device).collect()),
            )
            .set_metadata_options(self.metadata.as_ref().map(metadata))
            .set_monitoring(
                self.detailed_monitoring
                    .map(|enabled| ec2::LaunchTemplatesMonitoringRequest::builder().enabled(enabled).build()),
            )
            .set_ebs_optimized(self.ebs_optimized)
            .set_tag_specifications((!specifications.is_empty()).then_some(specifications))
            .build())
    }

    /// The same request made twice makes one template: a lost answer leaves no second one.
    fn token(&self, purpose: &str) -> String {
        use sha2::{Digest, Sha256};
        let digest = Sha256::digest(format!("{purpose}|{self:?}|{:?}", self.user_data.as_ref().map(|data| &data.0)));
        digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }
}

fn profile(text: &str) -> ec2::LaunchTemplateIamInstanceProfileSpecificationRequest {
    let builder = ec2::LaunchTemplateIamInstanceProfileSpecificationRequest::builder();
    if text.starts_with("arn:") { builder.arn(text) } else { builder.name(text) }.build()
}

fn device(device: &BlockDevice) -> ec2::LaunchTemplateBlockDeviceMappingRequest {
    let ebs = ec2::LaunchTemplateEbsBlockDeviceRequest::builder()
        .set_volume_size(device.size)
        .set_volume_type(device.volume_type.map(|kind| ec2::VolumeType::from(kind.as_str())))
        .set_iops(device.iops)
        .set_throughput(device.throughput)
        .set_encrypted(device.encrypted)
        .set_kms_key_id(device.kms_key.clone())
        .set_snapshot_id(device.snapshot.clone())
        .set_delete_on_termination(device.delete_on_termination)
        .build();
    ec2::LaunchTemplateBlockDeviceMappingRequest::builder().device_name(&device.device).ebs(ebs).build()
}

fn metadata(options: &MetadataOptions) -> ec2::LaunchTemplateInstanceMetadataOptionsRequest {
    let enabled = |on: bool| if on { "enabled" } else { "disabled" };
    ec2::LaunchTemplateInstanceMetadataOptionsRequest::builder()
        .set_http_tokens(options.tokens_required.map(|on| if on { "required" } else { "optional" }.into()))
        .set_http_put_response_hop_limit(options.hop_limit)
        .set_http_endpoint(options.enabled.map(|on| enabled(on).into()))
        .set_http_protocol_ipv6(options.ipv6.map(|on| enabled(on).into()))
        .set_instance_metadata_tags(options.instance_tags.map(|on| enabled(on).into()))
        .build()
}

impl Operate for LaunchTemplate {
    async fn create(&self, cx: &Cx<'_>) -> Result<LaunchTemplateOutputs> {
        let client = &cx.aws.ec2;
        let data = self.data()?;
        // No client token: a second template of the same name is refused anyway, and a token would
        // bring a template back that was deleted in the meantime.
        let output = cx
            .write(Operation::CreateLaunchTemplate, || {
                client
                    .create_launch_template()
                    .launch_template_name(&self.name)
                    .set_version_description(self.version_description.clone())
                    .launch_template_data(data.clone())
                    .tag_specifications(specification(ResourceType::LaunchTemplate, &self.tags))
                    .send()
            })
            .await?;
        outputs(required(output.launch_template(), "the launch template")?)
    }

    async fn change(
        &self,
        cx: &Cx<'_>,
        operation: Operation,
        outputs: &LaunchTemplateOutputs,
        observed: Option<&Self>,
    ) -> Result<Option<LaunchTemplateOutputs>> {
        let client = &cx.aws.ec2;
        let template = outputs.id.as_str();
        if operation != Operation::CreateLaunchTemplateVersion {
            let present = observed.map(|observed| observed.tags.clone()).unwrap_or_default();
            change_ec2(cx, operation, template, &self.tags, &present).await?;
            return Ok(None);
        }
        let data = self.data()?;
        let token = self.token(&format!("{template} after {}", outputs.latest_version));
        let output = cx
            .write(operation, || {
                client
                    .create_launch_template_version()
                    .launch_template_id(template)
                    .client_token(&token)
                    .set_version_description(self.version_description.clone())
                    .launch_template_data(data.clone())
                    .send()
            })
            .await?;
        let version = required(output.launch_template_version(), "the version")?;
        let latest_version = required(version.version_number(), "a version number")?;
        Ok(Some(LaunchTemplateOutputs { latest_version, ..outputs.clone() }))
    }

    async fn delete(cx: &Cx<'_>, observed: &Observed<Self>) -> Result<()> {
        let client = &cx.aws.ec2;
        let template = observed.outputs.id.as_str();
        gone_is_fine(
            cx.write(Operation::DeleteLaunchTemplate, || {
                client.delete_launch_template().launch_template_id(template).send()
            })
            .await,
        )
    }

    async fn find(&self, cx: &Cx<'_>) -> Result<Option<Observed<Self>>> {
        let templates = read(cx, filter("launch-template-name", [self.name.as_str()])).await?;
        let mut found = complete(cx, templates).await?;
        Ok(found.pop())
    }
}

fn outputs(template: &Template) -> Result<LaunchTemplateOutputs> {
    Ok(LaunchTemplateOutputs {
        id: id(template.launch_template_id(), "a launch template id")?,
        latest_version: template.latest_version_number().unwrap_or(1),
        default_version: template.default_version_number().unwrap_or(1),
    })
}

fn parse(template: &Template, version: Option<&LaunchTemplateVersion>) -> Result<Observed<LaunchTemplate>> {
    let tags: Tags = from_ec2(template.tags());
    let (name, physical) = names(template.launch_template_name().unwrap_or_default(), &tags);
    let data = version.and_then(|version| version.launch_template_data());
    let text = |read: fn(&ec2::ResponseLaunchTemplateData) -> Option<&str>| data.and_then(read).map(ToOwned::to_owned);
    let profile = data.and_then(|data| data.iam_instance_profile());
    let groups = data.map(|data| data.security_group_ids()).unwrap_or_default();
    let mut launched_tags: BTreeMap<InstanceTag, BTreeMap<String, String>> = BTreeMap::new();
    for specification in data.map(|data| data.tag_specifications()).unwrap_or_default() {
        let Some(resource) = specification.resource_type().and_then(|kind| InstanceTag::from_word(kind.as_str()))
        else {
            continue;
        };
        let all = specification
            .tags()
            .iter()
            .filter_map(|tag| Some((tag.key()?.to_owned(), tag.value().unwrap_or_default().to_owned())));
        launched_tags.entry(resource).or_default().extend(all);
    }
    let user_data = data.and_then(|data| data.user_data()).and_then(|text| base64::decode(text).ok());
    Ok(Observed {
        outputs: outputs(template)?,
        owner: tags.owner(),
        name: physical,
        spec: LaunchTemplate {
            name,
            version_description: version
                .and_then(|version| version.version_description())
                .filter(|text| !text.is_empty())
                .map(ToOwned::to_owned),
            image: text(ec2::ResponseLaunchTemplateData::image_id)
                .map(|image| Ok::<_, Error>(Input::known(id(Some(&image), "an image id")?)))
                .transpose()?,
            instance_type: data.and_then(|data| data.instance_type()).map(|kind| kind.as_str().to_owned()),
            key_name: text(ec2::ResponseLaunchTemplateData::key_name),
            instance_profile: profile.and_then(|profile| profile.arn().or(profile.name())).map(ToOwned::to_owned),
            user_data: user_data.map(UserData),
            metadata: data.and_then(|data| data.metadata_options()).map(parse_metadata),
            detailed_monitoring: data.and_then(|data| data.monitoring()).and_then(|monitoring| monitoring.enabled()),
            ebs_optimized: data.and_then(|data| data.ebs_optimized()),
            auto_scaling_guidance: false,
            security_groups: groups
                .iter()
                .map(|group| Ok(Input::known(id(Some(group), "a group id")?)))
                .collect::<Result<Vec<_>>>()?,
            block_devices: data
                .map(|data| data.block_device_mappings())
                .unwrap_or_default()
                .iter()
                .map(parse_device)
                .collect(),
            launched_tags,
            tags,
        },
    })
}

fn parse_metadata(options: &ec2::LaunchTemplateInstanceMetadataOptions) -> MetadataOptions {
    MetadataOptions {
        tokens_required: options.http_tokens().map(|tokens| tokens.as_str() == "required"),
        hop_limit: options.http_put_response_hop_limit(),
        enabled: options.http_endpoint().map(|state| state.as_str() == "enabled"),
        ipv6: options.http_protocol_ipv6().map(|state| state.as_str() == "enabled"),
        instance_tags: options.instance_metadata_tags().map(|state| state.as_str() == "enabled"),
    }
}

fn parse_device(mapping: &ec2::LaunchTemplateBlockDeviceMapping) -> BlockDevice {
    let ebs = mapping.ebs();
    BlockDevice {
        device: mapping.device_name().unwrap_or_default().to_owned(),
        size: ebs.and_then(|ebs| ebs.volume_size()),
        volume_type: ebs.and_then(|ebs| ebs.volume_type()).and_then(|kind| VolumeType::from_word(kind.as_str())),
        iops: ebs.and_then(|ebs| ebs.iops()),
        throughput: ebs.and_then(|ebs| ebs.throughput()),
        encrypted: ebs.and_then(|ebs| ebs.encrypted()),
        kms_key: ebs.and_then(|ebs| ebs.kms_key_id()).map(ToOwned::to_owned),
        snapshot: ebs.and_then(|ebs| ebs.snapshot_id()).map(ToOwned::to_owned),
        delete_on_termination: ebs.and_then(|ebs| ebs.delete_on_termination()),
    }
}

/// How many templates a page holds; without it, moto cuts the list without a word.
const PAGE: i32 = 200;

async fn read(cx: &Cx<'_>, filter: ec2::Filter) -> Result<Vec<Template>> {
    let (client, filter) = (&cx.aws.ec2, &filter);
    pages(|token: Option<String>| async move {
        let page = cx
            .read("DescribeLaunchTemplates", || {
                client
                    .describe_launch_templates()
                    .filters(filter.clone())
                    .max_results(PAGE)
                    .set_next_token(token.clone())
                    .send()
            })
            .await?;
        Ok((page.launch_templates.unwrap_or_default(), page.next_token))
    })
    .await
}

/// Reads the latest version of each: that is what a changed declaration adds to.
async fn complete(cx: &Cx<'_>, templates: Vec<Template>) -> Result<Vec<Observed<LaunchTemplate>>> {
    let client = &cx.aws.ec2;
    let versions = templates.iter().map(|template| async {
        let template = template.launch_template_id().unwrap_or_default();
        let page = cx
            .read("DescribeLaunchTemplateVersions", || {
                client.describe_launch_template_versions().launch_template_id(template).versions("$Latest").send()
            })
            .await?;
        Ok::<_, Error>(page.launch_template_versions.unwrap_or_default().pop())
    });
    let versions = futures_util::future::try_join_all(versions).await?;
    templates.iter().zip(&versions).map(|(template, version)| parse(template, version.as_ref())).collect()
}

/// Reads the templates that the stack owns, and templates under declared names.
pub(super) async fn observe(cx: &Cx<'_>, declared: &[&LaunchTemplate]) -> Result<Vec<AnyObserved>> {
    let names: Vec<&str> = declared.iter().map(|template| template.name.as_str()).collect();
    let by_tag = read(cx, filter(&format!("tag:{STACK}"), [cx.stack]));
    let by_name = async {
        let mut found = Vec::new();
        for chunk in names.chunks(200) {
            found.extend(read(cx, filter("launch-template-name", chunk.iter().copied())).await?);
        }
        Ok(found)
    };
    let (templates, named) = tokio::try_join!(by_tag, by_name)?;
    let templates = join(templates, named, Template::launch_template_id);
    Ok(complete(cx, templates).await?.into_iter().map(AnyObserved::from).collect())
}
