//! Launch templates and their versions: create, modify, delete, resolve.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_ec2::operation::create_launch_template::{CreateLaunchTemplateInput, CreateLaunchTemplateOutput};
use aws_sdk_ec2::operation::create_launch_template_version::{
    CreateLaunchTemplateVersionInput, CreateLaunchTemplateVersionOutput,
};
use aws_sdk_ec2::operation::delete_launch_template::{DeleteLaunchTemplateInput, DeleteLaunchTemplateOutput};
use aws_sdk_ec2::operation::delete_launch_template_versions::{
    DeleteLaunchTemplateVersionsInput, DeleteLaunchTemplateVersionsOutput,
};
use aws_sdk_ec2::operation::modify_launch_template::{ModifyLaunchTemplateInput, ModifyLaunchTemplateOutput};
use aws_sdk_ec2::types::{self as sdk, LaunchTemplateErrorCode, RequestLaunchTemplateData, ResourceType};

use super::resource::{LAUNCH_TEMPLATE, conflict, dry_run, invalid, missing};
use super::tags;
use super::template_data::{checked, inherit};
use super::template_response::response;
use super::{ResolvedTemplate, TemplateRef};
use crate::sim::error::ApiError;
use crate::sim::world::World;

/// DeleteLaunchTemplateVersions takes up to 200 versions.
const MAX_DELETED_VERSIONS: usize = 200;

#[derive(Debug, Clone)]
pub(super) struct Template {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) created: Duration,
    pub(super) default: i64,
    /// The number of the next version; numbers are never used twice.
    next: i64,
    pub(super) versions: BTreeMap<i64, Version>,
}

#[derive(Debug, Clone)]
pub(super) struct Version {
    pub(super) template: String,
    pub(super) number: i64,
    pub(super) description: Option<String>,
    pub(super) data: RequestLaunchTemplateData,
    pub(super) created: Duration,
}

/// A request that came with a client token, and what it made: the template, and the version
/// if it made one.
#[derive(Debug, Clone)]
pub(super) struct TokenUse {
    request: TokenRequest,
    template: String,
    version: i64,
}

#[derive(Debug, Clone, PartialEq)]
enum TokenRequest {
    Template(Box<CreateLaunchTemplateInput>),
    Version(Box<CreateLaunchTemplateVersionInput>),
}

/// The SDK's test configuration sends this token with every request that has none of its own.
const NO_TOKEN: &str = "00000000-0000-4000-8000-000000000000";

impl Template {
    pub(super) fn latest(&self) -> i64 {
        self.versions.keys().next_back().copied().unwrap_or(self.default)
    }

    /// The version that `$Latest`, `$Default` or a number names; nothing named means the default.
    pub(super) fn version(&self, name: &str) -> Result<&Version, ApiError> {
        let number = match name {
            "$Latest" => Some(self.latest()),
            "$Default" | "" => Some(self.default),
            number => number.parse().ok(),
        };
        number.and_then(|number| self.versions.get(&number)).ok_or_else(|| self.no_version(name))
    }

    pub(super) fn no_version(&self, name: &str) -> ApiError {
        ApiError::new(
            "InvalidLaunchTemplateId.VersionNotFound",
            format!("Could not find the specified version {name} for the launch template with ID {}.", self.id),
        )
    }

    fn add_version(&mut self, description: Option<String>, data: RequestLaunchTemplateData, now: Duration) -> i64 {
        let number = self.next;
        self.next += 1;
        let version = Version { template: self.id.clone(), number, description, data, created: now };
        self.versions.insert(number, version);
        number
    }

    pub(super) fn to_sdk(&self, world: &World) -> sdk::LaunchTemplate {
        sdk::LaunchTemplate::builder()
            .launch_template_id(&self.id)
            .launch_template_name(&self.name)
            .create_time(World::timestamp(self.created))
            .created_by(world.caller())
            .default_version_number(self.default)
            .latest_version_number(self.latest())
            .set_tags(tags::to_sdk(tags::shown(world, &self.id, Some(self.created))))
            .build()
    }

    pub(super) fn version_to_sdk(&self, world: &World, version: &Version) -> sdk::LaunchTemplateVersion {
        sdk::LaunchTemplateVersion::builder()
            .launch_template_id(&self.id)
            .launch_template_name(&self.name)
            .version_number(version.number)
            .set_version_description(version.description.clone())
            .create_time(World::timestamp(version.created))
            .created_by(world.caller())
            .default_version(version.number == self.default)
            .launch_template_data(response(&version.data))
            .build()
    }
}

impl World {
    /// Who calls, as EC2 notes it.
    fn caller(&self) -> String {
        format!("arn:aws:iam::{}:root", self.account)
    }
}

pub(super) fn unknown_id(id: &str) -> ApiError {
    ApiError::new(
        "InvalidLaunchTemplateId.NotFound",
        format!("The specified launch template, with template ID {id}, does not exist."),
    )
}

pub(super) fn unknown_name(name: &str) -> ApiError {
    ApiError::new(
        "InvalidLaunchTemplateName.NotFoundException",
        format!("The specified launch template, with template name {name}, does not exist."),
    )
}

/// The template that a request names by id or by name, exactly one of them.
pub(super) fn named<'w>(world: &'w World, id: Option<&str>, name: Option<&str>) -> Result<&'w Template, ApiError> {
    let templates = &world.ec2.templates;
    match (id, name) {
        (Some(_), Some(_)) => {
            Err(conflict("The parameter launchTemplateId cannot be used with the parameter launchTemplateName"))
        }
        (Some(id), None) => {
            LAUNCH_TEMPLATE.check(id)?;
            templates.get(id).ok_or_else(|| unknown_id(id))
        }
        (None, Some(name)) => {
            templates.values().find(|template| template.name == name).ok_or_else(|| unknown_name(name))
        }
        (None, None) => Err(missing("LaunchTemplateId or LaunchTemplateName")),
    }
}

/// Looks a template up; the error is EC2's own (`InvalidLaunchTemplateId.NotFound`, ...).
pub(crate) fn resolve_template(world: &World, template: &TemplateRef) -> Result<ResolvedTemplate, ApiError> {
    let TemplateRef { id_or_name, version } = template;
    // A name may look like an id.
    let found = named(world, None, Some(id_or_name)).or_else(|error| {
        if LAUNCH_TEMPLATE.check(id_or_name).is_ok() { named(world, Some(id_or_name), None) } else { Err(error) }
    })?;
    // For those who name it, what is too new does not exist.
    if !world.can_be_named(found.created) {
        return Err(unknown_id(&found.id));
    }
    let name = version;
    let version = found.version(name)?;
    if !world.can_be_named(version.created) {
        return Err(found.no_version(name));
    }
    Ok(ResolvedTemplate {
        id: found.id.clone(),
        name: found.name.clone(),
        version: version.number,
        data: version.data.clone(),
    })
}

fn check_name(name: &str) -> Result<(), ApiError> {
    let allowed = |char: char| char.is_ascii_alphanumeric() || "-_./()".contains(char);
    if (3..=128).contains(&name.chars().count()) && name.chars().all(allowed) {
        return Ok(());
    }
    Err(ApiError::new(
        "InvalidLaunchTemplateName.MalformedException",
        "A launch template name must be between 3 and 128 characters, and may contain letters, numbers, and the \
         following characters: '-', '_', '.', '/', '(', and ')'.",
    ))
}

/// EC2's code for quotas that have none of their own (its list of error codes names none for templates).
fn too_many(what: &str) -> ApiError {
    ApiError::new("ResourceLimitExceeded", format!("You have reached the maximum number of {what}."))
}

fn check_description(description: Option<&str>) -> Result<(), ApiError> {
    if description.is_some_and(|description| description.chars().count() > 255) {
        return Err(invalid("The version description must not exceed 255 characters"));
    }
    Ok(())
}

/// What an earlier request with the same token made; refuses a token of another request.
fn used_before<'w>(
    world: &'w World,
    token: Option<&str>,
    request: &TokenRequest,
) -> Result<Option<&'w TokenUse>, ApiError> {
    let Some(token) = token.filter(|token| *token != NO_TOKEN) else { return Ok(None) };
    if token.len() > 128 || !token.is_ascii() {
        return Err(ApiError::new("InvalidClientToken", "The client token must not exceed 128 ASCII characters"));
    }
    match world.ec2.template_tokens.get(token) {
        Some(used) if used.request != *request => Err(ApiError::new(
            "IdempotentParameterMismatch",
            "The client token has already been used with different request parameters",
        )),
        used => Ok(used),
    }
}

fn remember(world: &mut World, token: Option<&str>, request: TokenRequest, template: &str, version: i64) {
    if let Some(token) = token.filter(|token| *token != NO_TOKEN) {
        let used = TokenUse { request, template: template.to_owned(), version };
        world.ec2.template_tokens.insert(token.to_owned(), used);
    }
}

pub(super) fn create(
    world: &mut World,
    input: &CreateLaunchTemplateInput,
) -> Result<CreateLaunchTemplateOutput, ApiError> {
    let name = input.launch_template_name().ok_or_else(|| missing("LaunchTemplateName"))?;
    check_name(name)?;
    check_description(input.version_description())?;
    let data = checked(input.launch_template_data())?;
    let tags = tags::specified(input.tag_specifications.as_deref(), &ResourceType::LaunchTemplate)?;
    let request = TokenRequest::Template(Box::new(input.clone()));
    let output = |world: &World, id: &str| {
        let template = world.ec2.templates.get(id).map(|template| template.to_sdk(world));
        CreateLaunchTemplateOutput::builder().set_launch_template(template).build()
    };
    if let Some(used) = used_before(world, input.client_token(), &request)? {
        return Ok(output(world, &used.template));
    }
    if world.ec2.templates.values().any(|template| template.name == name) {
        return Err(ApiError::new(
            "InvalidLaunchTemplateName.AlreadyExistsException",
            "Launch template name already in use.",
        ));
    }
    if world.ec2.templates.len() >= world.settings.quotas.launch_templates {
        return Err(too_many("launch templates in the Region"));
    }
    dry_run(input.dry_run())?;
    let id = world.new_id("lt");
    let mut template = Template {
        id: id.clone(),
        name: name.to_owned(),
        created: world.now,
        default: 1,
        next: 1,
        versions: BTreeMap::new(),
    };
    let version = template.add_version(input.version_description().map(str::to_owned), data, world.now);
    world.ec2.templates.insert(id.clone(), template);
    world.ec2.tags.add(&id, tags);
    remember(world, input.client_token(), request, &id, version);
    Ok(output(world, &id))
}

pub(super) fn create_version(
    world: &mut World,
    input: &CreateLaunchTemplateVersionInput,
) -> Result<CreateLaunchTemplateVersionOutput, ApiError> {
    let template = named(world, input.launch_template_id(), input.launch_template_name())?;
    check_description(input.version_description())?;
    let mut data = checked(input.launch_template_data())?;
    let request = TokenRequest::Version(Box::new(input.clone()));
    let output = |world: &World, id: &str, number: i64| {
        let version =
            world.ec2.templates.get(id).and_then(|template| {
                template.versions.get(&number).map(|version| template.version_to_sdk(world, version))
            });
        CreateLaunchTemplateVersionOutput::builder().set_launch_template_version(version).build()
    };
    if let Some(used) = used_before(world, input.client_token(), &request)? {
        return Ok(output(world, &used.template, used.version));
    }
    if let Some(source) = input.source_version() {
        data = inherit(data, &template.version(source)?.data);
    }
    if template.versions.len() >= world.settings.quotas.versions_per_launch_template {
        return Err(too_many("versions of the launch template"));
    }
    dry_run(input.dry_run())?;
    let (id, now) = (template.id.clone(), world.now);
    let Some(template) = world.ec2.templates.get_mut(&id) else { return Err(unknown_id(&id)) };
    let number = template.add_version(input.version_description().map(str::to_owned), data, now);
    remember(world, input.client_token(), request, &id, number);
    Ok(output(world, &id, number))
}

/// Sets the default version, the only thing about a template that can be modified.
pub(super) fn modify(
    world: &mut World,
    input: &ModifyLaunchTemplateInput,
) -> Result<ModifyLaunchTemplateOutput, ApiError> {
    let template = named(world, input.launch_template_id(), input.launch_template_name())?;
    let default = input.default_version().filter(|version| !version.is_empty());
    let number = template.version(default.ok_or_else(|| missing("DefaultVersion"))?)?.number;
    dry_run(input.dry_run())?;
    let id = template.id.clone();
    if let Some(template) = world.ec2.templates.get_mut(&id) {
        template.default = number;
    }
    let template = world.ec2.templates.get(&id).map(|template| template.to_sdk(world));
    Ok(ModifyLaunchTemplateOutput::builder().set_launch_template(template).build())
}

/// Deletes a template with all its versions, whoever uses it.
pub(super) fn delete(
    world: &mut World,
    input: &DeleteLaunchTemplateInput,
) -> Result<DeleteLaunchTemplateOutput, ApiError> {
    let template = named(world, input.launch_template_id(), input.launch_template_name())?;
    dry_run(input.dry_run())?;
    let (id, deleted) = (template.id.clone(), template.to_sdk(world));
    let ec2 = &mut world.ec2;
    ec2.templates.remove(&id);
    ec2.tags.forget(&id);
    ec2.template_tokens.retain(|_, used| used.template != id);
    Ok(DeleteLaunchTemplateOutput::builder().launch_template(deleted).build())
}

/// Deletes versions; each succeeds or fails on its own.
pub(super) fn delete_versions(
    world: &mut World,
    input: &DeleteLaunchTemplateVersionsInput,
) -> Result<DeleteLaunchTemplateVersionsOutput, ApiError> {
    let template = named(world, input.launch_template_id(), input.launch_template_name())?;
    let versions = input.versions();
    if versions.is_empty() {
        return Err(missing("LaunchTemplateVersion"));
    }
    if versions.len() > MAX_DELETED_VERSIONS {
        return Err(invalid(format!("At most {MAX_DELETED_VERSIONS} versions can be deleted in one request")));
    }
    let numbers: Vec<i64> = versions
        .iter()
        .map(|version| version.parse().map_err(|_| invalid(format!("Invalid launch template version '{version}'"))))
        .collect::<Result<_, _>>()?;
    dry_run(input.dry_run())?;
    let (id, name) = (template.id.clone(), template.name.clone());
    let Some(template) = world.ec2.templates.get_mut(&id) else { return Err(unknown_id(&id)) };
    let mut output = DeleteLaunchTemplateVersionsOutput::builder()
        .set_successfully_deleted_launch_template_versions(Some(Vec::new()))
        .set_unsuccessfully_deleted_launch_template_versions(Some(Vec::new()));
    for number in numbers {
        let error = if number == template.default {
            (LaunchTemplateErrorCode::UnexpectedError, "The default version of a launch template cannot be deleted.")
        } else if template.versions.remove(&number).is_some() {
            let deleted = sdk::DeleteLaunchTemplateVersionsResponseSuccessItem::builder()
                .launch_template_id(&id)
                .launch_template_name(&name)
                .version_number(number)
                .build();
            output = output.successfully_deleted_launch_template_versions(deleted);
            continue;
        } else {
            (LaunchTemplateErrorCode::LaunchTemplateVersionDoesNotExist, "The specified version does not exist.")
        };
        let failed = sdk::DeleteLaunchTemplateVersionsResponseErrorItem::builder()
            .launch_template_id(&id)
            .launch_template_name(&name)
            .version_number(number)
            .response_error(sdk::ResponseError::builder().code(error.0).message(error.1).build())
            .build();
        output = output.unsuccessfully_deleted_launch_template_versions(failed);
    }
    Ok(output.build())
}
