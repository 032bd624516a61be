//! Launch templates over the EC2 API.

mod request;
mod response;

use aws_sdk_ec2::types as ec2;
use aws_sdk_ec2::types::{LaunchTemplate as Template, LaunchTemplateErrorCode, LaunchTemplateVersion, ResourceType};

use crate::error::{Error, ErrorKind, Result};
use crate::id::LaunchTemplateId;
use crate::resource::tags::{NAME, STACK};
use crate::resource::{
    AutoScalingGroup, DefaultVersion, LaunchTemplate, LaunchTemplateOutputs, Observed, Operation, Tags, Versions,
};

use super::call::{gone_is_fine, pages};
use super::convert::{filter, join};
use super::tags::{OwnedIds, change_ec2, from_ec2, names, specification};
use super::{Cx, Operate, id, required};

impl LaunchTemplate {
    /// The same request made twice makes one version: a lost answer leaves no second one.
    fn token(&self, purpose: &str) -> String {
        use sha2::{Digest, Sha256};
        let digest = Sha256::digest(format!("{purpose}|{self:?}|{:?}", self.user_data.as_ref().map(|data| &data.0)));
        digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }
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
        match operation {
            Operation::CreateLaunchTemplateVersion => self.add_version(cx, outputs).await.map(Some),
            Operation::ModifyLaunchTemplate => self.move_default(cx, outputs).await.map(Some),
            Operation::DeleteLaunchTemplateVersions => {
                let Some(observed) = observed else { return Ok(None) };
                let new_version = outputs.latest_version > i64::from(observed.versions.latest);
                delete_versions(cx, outputs.id.as_str(), &self.obsolete(observed, new_version)).await?;
                Ok(None)
            }
            _ => {
                let present = observed.map(|observed| observed.tags.clone()).unwrap_or_default();
                change_ec2(cx, operation, outputs.id.as_str(), &self.tags, &present).await?;
                Ok(None)
            }
        }
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
        let mut found = complete(cx, templates, |_| false).await?;
        Ok(found.pop())
    }
}

impl LaunchTemplate {
    async fn add_version(&self, cx: &Cx<'_>, outputs: &LaunchTemplateOutputs) -> Result<LaunchTemplateOutputs> {
        let client = &cx.aws.ec2;
        let template = outputs.id.as_str();
        let data = self.data()?;
        let token = self.token(&format!("{template} after {}", outputs.latest_version));
        let output = cx
            .write(Operation::CreateLaunchTemplateVersion, || {
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
        Ok(LaunchTemplateOutputs { latest_version, ..outputs.clone() })
    }

    async fn move_default(&self, cx: &Cx<'_>, outputs: &LaunchTemplateOutputs) -> Result<LaunchTemplateOutputs> {
        let client = &cx.aws.ec2;
        let default_version = match self.default_version {
            Some(DefaultVersion::Number(number)) => i64::from(number),
            Some(DefaultVersion::Latest) | None => outputs.latest_version,
        };
        cx.write(Operation::ModifyLaunchTemplate, || {
            client
                .modify_launch_template()
                .launch_template_id(outputs.id.as_str())
                .default_version(default_version.to_string())
                .send()
        })
        .await?;
        Ok(LaunchTemplateOutputs { default_version, ..outputs.clone() })
    }
}

/// How many versions one call deletes.
const VERSIONS_AT_ONCE: usize = 200;

async fn delete_versions(cx: &Cx<'_>, template: &str, versions: &[u32]) -> Result<()> {
    let client = &cx.aws.ec2;
    for chunk in versions.chunks(VERSIONS_AT_ONCE) {
        let numbers: Vec<_> = chunk.iter().map(ToString::to_string).collect();
        let output = cx
            .write(Operation::DeleteLaunchTemplateVersions, || {
                client
                    .delete_launch_template_versions()
                    .launch_template_id(template)
                    .set_versions(Some(numbers.clone()))
                    .send()
            })
            .await?;
        let gone = LaunchTemplateErrorCode::LaunchTemplateVersionDoesNotExist;
        for failed in output.unsuccessfully_deleted_launch_template_versions() {
            let Some(error) = failed.response_error().filter(|error| error.code() != Some(&gone)) else { continue };
            let number = failed.version_number().unwrap_or_default();
            let text = format!("version {number} was not deleted: {}", error.message().unwrap_or_default());
            return Err(Error::new(ErrorKind::Service, text));
        }
    }
    Ok(())
}

fn outputs(template: &Template) -> Result<LaunchTemplateOutputs> {
    Ok(LaunchTemplateOutputs {
        id: id(template.launch_template_id(), "a launch template id")?,
        latest_version: template.latest_version_number().unwrap_or(1),
        default_version: template.default_version_number().unwrap_or(1),
    })
}

fn parse(template: &Template, versions: &[LaunchTemplateVersion]) -> Result<Observed<LaunchTemplate>> {
    let tags: Tags = from_ec2(template.tags());
    let (name, physical) = names(template.launch_template_name().unwrap_or_default(), &tags);
    let number = |number: Option<i64>| number.and_then(|number| u32::try_from(number).ok());
    let mut all: Vec<u32> = versions.iter().filter_map(|version| number(version.version_number())).collect();
    all.sort_unstable();
    let latest = versions.iter().max_by_key(|version| version.version_number());
    let empty = ec2::ResponseLaunchTemplateData::builder().build();
    let data = latest.and_then(|version| version.launch_template_data()).unwrap_or(&empty);
    Ok(Observed {
        outputs: outputs(template)?,
        owner: tags.owner(),
        name: physical,
        spec: LaunchTemplate {
            version_description: latest
                .and_then(|version| version.version_description())
                .filter(|text| !text.is_empty())
                .map(ToOwned::to_owned),
            default_version: number(template.default_version_number()).map(DefaultVersion::Number),
            versions: Versions {
                latest: number(template.latest_version_number()).unwrap_or(1),
                all,
                in_use: Vec::new(),
            },
            ..response::parse(name, data, tags)?
        },
    })
}

/// How many templates a page holds; without it, moto cuts the list without a word.
const PAGE: i32 = 200;

pub(super) async fn read(cx: &Cx<'_>, filter: ec2::Filter) -> Result<Vec<Template>> {
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

/// Reads the latest version of each, which is what a changed declaration adds to; all versions
/// where some may have to go.
async fn complete(
    cx: &Cx<'_>,
    templates: Vec<Template>,
    prunes: impl Fn(&Template) -> bool,
) -> Result<Vec<Observed<LaunchTemplate>>> {
    let versions = templates.iter().map(|template| read_versions(cx, template, prunes(template)));
    let versions = futures_util::future::try_join_all(versions).await?;
    templates.iter().zip(&versions).map(|(template, versions)| parse(template, versions)).collect()
}

async fn read_versions(cx: &Cx<'_>, template: &Template, all: bool) -> Result<Vec<LaunchTemplateVersion>> {
    let client = &cx.aws.ec2;
    let template = template.launch_template_id().unwrap_or_default();
    pages(|token: Option<String>| async move {
        let page = cx
            .read("DescribeLaunchTemplateVersions", || {
                let request = client.describe_launch_template_versions().launch_template_id(template);
                let request = if all { request.max_results(PAGE) } else { request.versions("$Latest") };
                request.set_next_token(token.clone()).send()
            })
            .await?;
        Ok((page.launch_template_versions.unwrap_or_default(), page.next_token))
    })
    .await
}

/// Reads the templates that the stack owns, and templates under declared names.
pub(super) async fn observe(
    cx: &Cx<'_>,
    declared: &[&LaunchTemplate],
    owned: &OwnedIds,
) -> Result<Vec<Observed<LaunchTemplate>>> {
    let names: Vec<&str> = declared.iter().map(|template| template.name.as_str()).collect();
    let by_name = async {
        let mut found = Vec::new();
        for chunk in names.chunks(200) {
            found.extend(read(cx, filter("launch-template-name", chunk.iter().copied())).await?);
        }
        Ok(found)
    };
    let (_, mut templates) = tokio::try_join!(owned.read(cx), by_name)?;
    if owned.more_than(cx, "lt-", templates.iter().filter_map(Template::launch_template_id)).await? {
        let tagged = read(cx, filter(&format!("tag:{STACK}"), [cx.stack])).await?;
        templates = join(tagged, templates, Template::launch_template_id);
    }
    let prunes = |template: &Template| {
        let tags = from_ec2(template.tags());
        let name = tags.get(NAME).or(template.launch_template_name());
        declared.iter().any(|declared| declared.keep_versions.is_some() && Some(declared.name.as_str()) == name)
    };
    complete(cx, templates, prunes).await
}

/// Notes which versions groups have, and go on having: of declared groups those that they ask for
/// by number, of others all.
pub(super) fn note_users(
    templates: &mut [Observed<LaunchTemplate>],
    declared: &[&AutoScalingGroup],
    groups: &[Observed<AutoScalingGroup>],
) {
    let is_declared = |group: &&Observed<AutoScalingGroup>| declared.iter().any(|own| own.name == group.spec.name);
    let others = groups.iter().filter(|group| !is_declared(group)).map(|group| &group.spec);
    let all = others.chain(declared.iter().copied()).flat_map(|group| group.launch_template.templates());
    let used: Vec<(Option<&LaunchTemplateId>, u32)> =
        all.filter_map(|template| Some((template.id.as_known(), template.version.as_known()?.parse().ok()?))).collect();
    for template in templates {
        // A reference has no id yet: its number counts for every template.
        let of_it = used.iter().filter(|(id, _)| id.is_none_or(|id| *id == template.outputs.id));
        template.spec.versions.in_use = of_it.map(|(_, version)| *version).collect();
    }
}
