//! New versions of launch templates, and the old ones.

use aws_sdk_ec2::operation::create_launch_template_version::{
    CreateLaunchTemplateVersionInput, CreateLaunchTemplateVersionOutput,
};
use aws_sdk_ec2::operation::delete_launch_template_versions::{
    DeleteLaunchTemplateVersionsInput, DeleteLaunchTemplateVersionsOutput,
};
use aws_sdk_ec2::operation::describe_launch_template_versions::DescribeLaunchTemplateVersionsOutput;
use aws_sdk_ec2::operation::describe_launch_templates::DescribeLaunchTemplatesOutput;
use aws_sdk_ec2::operation::modify_launch_template::ModifyLaunchTemplateInput;
use aws_sdk_ec2::types as ec2;
use purlin::*;

use super::canned::{Canned, Sent, answer};
use super::{deploy, ec2_tags};

/// An account with a template of so many versions, of which the first is the default.
fn account(versions: i64, failing: Option<i64>) -> Canned {
    let sent = Sent::default();
    let rules = vec![
        answer!(sent, aws_sdk_ec2::describe_launch_templates, |_input| {
            let tags = ec2_tags([("purlin:address", "LaunchTemplate.web"), ("purlin:stack", "web")]);
            let template = ec2::LaunchTemplate::builder().launch_template_id("lt-1").launch_template_name("Web");
            let template = template.default_version_number(1).latest_version_number(versions).set_tags(Some(tags));
            DescribeLaunchTemplatesOutput::builder().launch_templates(template.build()).build()
        }),
        answer!(sent, aws_sdk_ec2::describe_launch_template_versions, |input| {
            // Two pages, where all are asked for.
            let half = versions / 2;
            let numbers = match (input.versions(), input.next_token()) {
                ([_, ..], _) => versions..=versions,
                ([], None) => half + 1..=versions,
                ([], Some(_)) => 1..=half,
            };
            let data = ec2::ResponseLaunchTemplateData::builder().instance_type(ec2::InstanceType::T2Micro).build();
            let version = |number: i64| {
                ec2::LaunchTemplateVersion::builder().version_number(number).launch_template_data(data.clone()).build()
            };
            let more = input.versions().is_empty() && input.next_token().is_none();
            DescribeLaunchTemplateVersionsOutput::builder()
                .set_launch_template_versions(Some(numbers.rev().map(version).collect()))
                .set_next_token(more.then(|| "more".to_owned()))
                .build()
        }),
        answer!(sent, aws_sdk_ec2::create_launch_template_version, |_input| {
            let version = ec2::LaunchTemplateVersion::builder().version_number(versions + 1).build();
            CreateLaunchTemplateVersionOutput::builder().launch_template_version(version).build()
        }),
        answer!(sent, aws_sdk_ec2::modify_launch_template => ModifyLaunchTemplateOutput),
        answer!(sent, aws_sdk_ec2::delete_launch_template_versions, |_input| {
            let failed = failing.map(|number| {
                let error = ec2::ResponseError::builder()
                    .code(ec2::LaunchTemplateErrorCode::UnexpectedError)
                    .message("it is in the way")
                    .build();
                ec2::DeleteLaunchTemplateVersionsResponseErrorItem::builder()
                    .version_number(number)
                    .response_error(error)
                    .build()
            });
            DeleteLaunchTemplateVersionsOutput::builder()
                .set_unsuccessfully_deleted_launch_template_versions(failed.map(|failed| vec![failed]))
                .build()
        }),
    ];
    Canned { ec2: rules, sent, ..Canned::default() }
}

fn stack(it: impl FnOnce(&mut Stack)) -> Stack {
    let mut stack = Stack::new("web");
    it(&mut stack);
    stack
}

#[tokio::test(start_paused = true)]
async fn a_version_says_everything_becomes_the_default_and_old_ones_go_by_two_hundred() {
    let canned = account(401, None);
    let sent = canned.sent.clone();
    let stack = stack(|stack| {
        let it = LaunchTemplate::builder().name("Web").version_description("larger").instance_type("t3.micro");
        let it = it.key_name("operators").default_version(DefaultVersion::Latest).keep_versions(1);
        stack.add("web", it.build());
    });
    deploy(canned, &stack).await;

    assert_eq!(
        sent.writes(),
        [
            "create_launch_template_version",
            "modify_launch_template",
            "delete_launch_template_versions",
            "delete_launch_template_versions",
            "delete_launch_template_versions",
        ]
    );
    let version: CreateLaunchTemplateVersionInput = sent.one();
    let data = ec2::RequestLaunchTemplateData::builder().key_name("operators");
    let data = data.instance_type(ec2::InstanceType::T3Micro).build();
    assert_eq!(version.launch_template_data(), Some(&data));
    assert_eq!((version.launch_template_id(), version.version_description()), (Some("lt-1"), Some("larger")));
    assert_eq!((version.source_version(), version.launch_template_name()), (None, None));
    assert_eq!(version.client_token().map(str::len), Some(32));
    let moved: ModifyLaunchTemplateInput = sent.one();
    assert_eq!((moved.launch_template_id(), moved.default_version()), (Some("lt-1"), Some("402")));
    let deleted: Vec<DeleteLaunchTemplateVersionsInput> = sent.all();
    assert_eq!(deleted.iter().map(|request| request.versions().len()).collect::<Vec<_>>(), [200, 200, 1]);
    let numbers: Vec<_> = deleted.iter().flat_map(|request| request.versions().to_vec()).collect();
    assert_eq!(numbers, (1..=401).map(|number| number.to_string()).collect::<Vec<_>>());
}

/// A second try of the same deploy makes no second version; another declaration does.
#[tokio::test(start_paused = true)]
async fn the_token_of_a_version_is_that_of_what_it_says() {
    let mut tokens = Vec::new();
    for script in ["one", "one", "two"] {
        let canned = account(1, None);
        let sent = canned.sent.clone();
        let it = LaunchTemplate::builder().name("Web").instance_type("t2.micro").user_data(script).build();
        deploy(canned, &stack(|stack| _ = stack.add("web", it))).await;
        tokens.push(sent.one::<CreateLaunchTemplateVersionInput>().client_token.expect("a token"));
    }
    assert_eq!(tokens[0], tokens[1]);
    assert_ne!(tokens[1], tokens[2]);
}

#[tokio::test(start_paused = true)]
async fn without_a_change_there_is_no_version_and_the_default_stays() {
    let canned = account(5, None);
    let sent = canned.sent.clone();
    let it = LaunchTemplate::builder().name("Web").instance_type("t2.micro").build();
    deploy(canned, &stack(|stack| _ = stack.add("web", it))).await;
    assert_eq!(sent.writes(), [""; 0]);
    // Old ones can go by themselves: the first is the default, the last two are kept.
    let canned = account(5, None);
    let sent = canned.sent.clone();
    let it = LaunchTemplate::builder().name("Web").instance_type("t2.micro").keep_versions(2).build();
    deploy(canned, &stack(|stack| _ = stack.add("web", it))).await;
    assert_eq!(sent.writes(), ["delete_launch_template_versions"]);
    assert_eq!(sent.one::<DeleteLaunchTemplateVersionsInput>().versions(), ["2", "3"]);
}

#[tokio::test(start_paused = true)]
async fn a_version_that_cannot_be_deleted_is_told() {
    let canned = account(5, Some(3));
    let it = LaunchTemplate::builder().name("Web").instance_type("t2.micro").keep_versions(2).build();
    let stack = stack(|stack| _ = stack.add("web", it));
    let deployer = Deployer::new(canned.aws()).with_confirmation(false);
    let plan = deployer.plan(&stack).await.expect("it can be planned");
    let failure = deployer.apply(plan).await.expect_err("it stays");
    assert!(failure.to_string().contains("version 3 was not deleted: it is in the way"), "{failure}");
}
