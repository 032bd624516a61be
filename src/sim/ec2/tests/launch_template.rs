//! Launch templates and their versions.

use std::time::Duration;

use aws_sdk_ec2::operation::describe_launch_template_versions::DescribeLaunchTemplateVersionsOutput;
use aws_sdk_ec2::types::{self as sdk};
use aws_sdk_ec2::types::{
    HttpTokensState, LaunchTemplateBlockDeviceMappingRequest, LaunchTemplateEbsBlockDeviceRequest,
    LaunchTemplateErrorCode, LaunchTemplateInstanceMetadataOptionsRequest, LaunchTemplateTagSpecificationRequest,
    RequestLaunchTemplateData, ResourceType, VolumeType,
};

use super::{Lab, code, filter, tag, tagged};

fn data() -> aws_sdk_ec2::types::builders::RequestLaunchTemplateDataBuilder {
    RequestLaunchTemplateData::builder().image_id("ami-12345678").instance_type("t3.micro".into())
}

#[tokio::test(start_paused = true)]
async fn a_template_begins_with_version_one() {
    let lab = Lab::new();
    let created = lab
        .ec2
        .create_launch_template()
        .launch_template_name("Web-LT")
        .version_description("first")
        .launch_template_data(data().build())
        .tag_specifications(tagged(ResourceType::LaunchTemplate, "team", "web"))
        .send()
        .await
        .unwrap();
    let template = created.launch_template().unwrap();
    assert_eq!((template.default_version_number(), template.latest_version_number()), (Some(1), Some(1)));
    assert_eq!(template.tags()[0].value(), Some("web"));
    let versions = lab.ec2.describe_launch_template_versions().launch_template_name("Web-LT").send().await.unwrap();
    let [version] = versions.launch_template_versions() else { panic!("{versions:?}") };
    assert_eq!(version.version_description(), Some("first"));
    assert_eq!(version.default_version(), Some(true));
    assert_eq!(version.launch_template_data().unwrap().image_id(), Some("ami-12345678"));
    let listed = lab.ec2.describe_launch_templates().launch_template_names("Web-LT").send().await.unwrap();
    assert_eq!(listed.launch_templates(), std::slice::from_ref(template));
}

#[tokio::test(start_paused = true)]
async fn names_are_checked_and_unique() {
    let lab = Lab::new();
    let create =
        |name: &str| lab.ec2.create_launch_template().launch_template_name(name).launch_template_data(data().build());
    for name in ["ab", "with space", "ü-template", &"x".repeat(129)] {
        assert_eq!(code(create(name).send().await), "InvalidLaunchTemplateName.MalformedException", "{name}");
    }
    create("a(1).b/c-d_e").send().await.unwrap();
    assert_eq!(code(create("a(1).b/c-d_e").send().await), "InvalidLaunchTemplateName.AlreadyExistsException");
    create("A(1).b/c-d_e").send().await.expect("names are case-sensitive");
    let nameless = lab.ec2.create_launch_template().launch_template_data(data().build()).send().await;
    assert_eq!(code(nameless), "MissingParameter");
    let empty = RequestLaunchTemplateData::builder().set_security_group_ids(Some(Vec::new())).build();
    let empty = lab.ec2.create_launch_template().launch_template_name("empty").launch_template_data(empty);
    assert_eq!(code(empty.send().await), "MissingParameter");
    let none = lab.ec2.create_launch_template().launch_template_name("none").send().await;
    assert_eq!(code(none), "MissingParameter");
    let long = create("long").version_description("x".repeat(256)).send().await;
    assert_eq!(code(long), "InvalidParameterValue");
    let wrong = create("wrong").tag_specifications(tagged(ResourceType::Instance, "a", "b")).send().await;
    assert_eq!(code(wrong), "InvalidParameterValue");
}

#[tokio::test(start_paused = true)]
async fn malformed_data_is_refused() {
    let lab = Lab::new();
    let refused = async |data: RequestLaunchTemplateData| {
        code(lab.ec2.create_launch_template().launch_template_name("bad").launch_template_data(data).send().await)
    };
    let encode = |bytes: usize| aws_smithy_types::base64::encode("x".repeat(bytes));
    assert_eq!(refused(data().user_data("#!/bin/sh").build()).await, "InvalidUserData.Malformed");
    assert_eq!(refused(data().user_data(encode(16385)).build()).await, "InvalidParameterValue");
    assert_eq!(refused(data().image_id("web").build()).await, "InvalidAMIID.Malformed");
    assert_eq!(refused(data().instance_type("t3.mikro".into()).build()).await, "InvalidParameterValue");
    let tags = |resource_type: ResourceType, key: &str| {
        LaunchTemplateTagSpecificationRequest::builder().resource_type(resource_type).tags(tag(key, "x")).build()
    };
    let refused_tags = [tags(ResourceType::Vpc, "a"), tags(ResourceType::Instance, "aws:a")];
    for specification in refused_tags {
        assert_eq!(refused(data().tag_specifications(specification).build()).await, "InvalidParameterValue");
    }
    let twice = data()
        .tag_specifications(tags(ResourceType::Instance, "a"))
        .tag_specifications(tags(ResourceType::Instance, "b"));
    assert_eq!(refused(twice.build()).await, "InvalidParameterValue");
    let hops = LaunchTemplateInstanceMetadataOptionsRequest::builder().http_put_response_hop_limit(65).build();
    assert_eq!(refused(data().metadata_options(hops).build()).await, "InvalidParameterValue");
    let tokens = LaunchTemplateInstanceMetadataOptionsRequest::builder().http_tokens("never".into()).build();
    assert_eq!(refused(data().metadata_options(tokens).build()).await, "InvalidParameterValue");
    let ebs = LaunchTemplateEbsBlockDeviceRequest::builder().volume_type("gp9".into()).build();
    let mapping = LaunchTemplateBlockDeviceMappingRequest::builder().device_name("/dev/xvda").ebs(ebs).build();
    assert_eq!(refused(data().block_device_mappings(mapping).build()).await, "InvalidParameterValue");
    let profile = sdk::LaunchTemplateIamInstanceProfileSpecificationRequest::builder().arn("arn").name("name").build();
    assert_eq!(refused(data().iam_instance_profile(profile).build()).await, "InvalidParameterCombination");
    let credits = sdk::CreditSpecificationRequest::builder().cpu_credits("some").build();
    assert_eq!(refused(data().credit_specification(credits).build()).await, "InvalidCpuCredits");
    let placement = sdk::LaunchTemplatePlacementRequest::builder().host_id("h").host_resource_group_arn("a").build();
    assert_eq!(refused(data().placement(placement).build()).await, "InvalidParameterCombination");
    let spot = sdk::LaunchTemplateSpotMarketOptionsRequest::builder().block_duration_minutes(90).build();
    let market = sdk::LaunchTemplateInstanceMarketOptionsRequest::builder().spot_options(spot).build();
    assert_eq!(refused(data().instance_market_options(market).build()).await, "InvalidParameterValue");
    let both = data()
        .hibernation_options(sdk::LaunchTemplateHibernationOptionsRequest::builder().configured(true).build())
        .enclave_options(sdk::LaunchTemplateEnclaveOptionsRequest::builder().enabled(true).build());
    assert_eq!(refused(both.build()).await, "InvalidParameterCombination");
    let accepted = data().image_id("resolve:ssm:/golden/web:3").user_data(encode(16384)).build();
    lab.template("good", accepted).await;
}

#[tokio::test(start_paused = true)]
async fn instance_requirements_are_checked() {
    let lab = Lab::new();
    let requirements = || {
        sdk::InstanceRequirementsRequest::builder()
            .v_cpu_count(sdk::VCpuCountRangeRequest::builder().min(2).max(4).build())
            .memory_mib(sdk::MemoryMiBRequest::builder().min(4096).build())
    };
    let create = async |requirements: sdk::InstanceRequirementsRequest| {
        let data = RequestLaunchTemplateData::builder().instance_requirements(requirements).build();
        lab.ec2.create_launch_template().launch_template_name("req").launch_template_data(data).send().await
    };
    let no_memory =
        sdk::InstanceRequirementsRequest::builder().v_cpu_count(sdk::VCpuCountRangeRequest::builder().min(2).build());
    assert_eq!(code(create(no_memory.build()).await), "MissingParameter");
    let order = sdk::VCpuCountRangeRequest::builder().min(4).max(2).build();
    assert_eq!(code(create(requirements().v_cpu_count(order).build()).await), "InvalidParameterValue");
    let both = requirements().allowed_instance_types("m5.*").excluded_instance_types("t3.*");
    assert_eq!(code(create(both.build()).await), "InvalidParameterCombination");
    let charset = requirements().allowed_instance_types("m5 large");
    assert_eq!(code(create(charset.build()).await), "InvalidParameterValue");
    let unknown = requirements().cpu_manufacturers("cyrix".into());
    assert_eq!(code(create(unknown.build()).await), "InvalidParameterValue");
    let both = data().instance_requirements(requirements().build()).build();
    let both = lab.ec2.create_launch_template().launch_template_name("both").launch_template_data(both).send().await;
    assert_eq!(code(both), "InvalidParameterCombination");
    create(requirements().allowed_instance_types("m5.*").build()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_version_inherits_from_its_source() {
    let lab = Lab::new();
    let ebs = |snapshot: &str| {
        let ebs = LaunchTemplateEbsBlockDeviceRequest::builder().volume_size(20).snapshot_id(snapshot).build();
        LaunchTemplateBlockDeviceMappingRequest::builder().device_name("/dev/xvdb").ebs(ebs).build()
    };
    let first = data().key_name("ops").block_device_mappings(ebs("snap-1")).build();
    let id = lab.template("web", first).await;
    let create = || lab.ec2.create_launch_template_version().launch_template_id(&id);
    let change = RequestLaunchTemplateData::builder().instance_type("t3.small".into()).build();

    let second = create().source_version("1").launch_template_data(change.clone()).send().await.unwrap();
    let second = second.launch_template_version().unwrap();
    assert_eq!((second.version_number(), second.default_version()), (Some(2), Some(false)));
    let inherited = second.launch_template_data().unwrap();
    assert_eq!(inherited.key_name(), Some("ops"));
    assert_eq!(inherited.instance_type().unwrap().as_str(), "t3.small");
    let volume = inherited.block_device_mappings()[0].ebs().unwrap();
    assert_eq!((volume.volume_size(), volume.snapshot_id()), (Some(20), None), "snapshots are not inherited");

    let third = create().launch_template_data(change.clone()).send().await.unwrap();
    assert_eq!(third.launch_template_version().unwrap().launch_template_data().unwrap().key_name(), None);
    let unknown = create().source_version("9").launch_template_data(change.clone()).send().await;
    assert_eq!(code(unknown), "InvalidLaunchTemplateId.VersionNotFound");
    assert_eq!(code(create().source_version("1").send().await), "MissingParameter");
    let nowhere = lab.ec2.create_launch_template_version().launch_template_data(change.clone());
    assert_eq!(code(nowhere.clone().send().await), "MissingParameter");
    let absent = nowhere.clone().launch_template_name("absent").send().await;
    assert_eq!(code(absent), "InvalidLaunchTemplateName.NotFoundException");
    let both = nowhere.launch_template_name("web").launch_template_id(&id).send().await;
    assert_eq!(code(both), "InvalidParameterCombination");
}

#[tokio::test(start_paused = true)]
async fn the_default_version_stays_until_modified() {
    let lab = Lab::new();
    let id = lab.template("web", data().build()).await;
    for _ in 0..2 {
        let version = lab.ec2.create_launch_template_version().launch_template_id(&id);
        version.launch_template_data(data().build()).send().await.unwrap();
    }
    assert_eq!(lab.resolve("web", "$Default").unwrap().version, 1);
    assert_eq!(lab.resolve(&id, "$Latest").unwrap().version, 3);
    assert_eq!(lab.resolve(&id, "2").unwrap().version, 2);
    let modify =
        |version: &str| lab.ec2.modify_launch_template().launch_template_id(&id).default_version(version).send();
    let template = modify("3").await.unwrap().launch_template.unwrap();
    assert_eq!((template.default_version_number(), template.latest_version_number()), (Some(3), Some(3)));
    assert_eq!(lab.resolve("web", "").unwrap().version, 3);
    assert_eq!(code(modify("666").await), "InvalidLaunchTemplateId.VersionNotFound");
    let nothing = lab.ec2.modify_launch_template().launch_template_id(&id).send().await;
    assert_eq!(code(nothing), "MissingParameter");
    assert_eq!(lab.resolve("web", "7").unwrap_err().code, "InvalidLaunchTemplateId.VersionNotFound");
    assert_eq!(lab.resolve("absent", "1").unwrap_err().code, "InvalidLaunchTemplateName.NotFoundException");
    assert_eq!(lab.resolve("lt-12345678", "1").unwrap_err().code, "InvalidLaunchTemplateId.NotFound");
}

#[tokio::test(start_paused = true)]
async fn versions_are_deleted_one_by_one_and_numbers_not_reused() {
    let lab = Lab::new();
    let id = lab.template("web", data().build()).await;
    let add = async || {
        let version = lab.ec2.create_launch_template_version().launch_template_id(&id);
        let version = version.launch_template_data(data().build()).send().await.unwrap();
        version.launch_template_version().unwrap().version_number().unwrap()
    };
    add().await;
    add().await;
    let delete = || lab.ec2.delete_launch_template_versions().launch_template_id(&id);
    let deleted = delete().versions("1").versions("3").versions("8").send().await.unwrap();
    let [success] = deleted.successfully_deleted_launch_template_versions() else { panic!("{deleted:?}") };
    assert_eq!(success.version_number(), Some(3));
    let [default, absent] = deleted.unsuccessfully_deleted_launch_template_versions() else { panic!("{deleted:?}") };
    let error = |item: &sdk::DeleteLaunchTemplateVersionsResponseErrorItem| {
        (item.version_number(), item.response_error().unwrap().code().cloned())
    };
    assert_eq!(error(default), (Some(1), Some(LaunchTemplateErrorCode::UnexpectedError)));
    assert_eq!(error(absent), (Some(8), Some(LaunchTemplateErrorCode::LaunchTemplateVersionDoesNotExist)));
    assert_eq!(lab.resolve(&id, "$Latest").unwrap().version, 2);
    assert_eq!(add().await, 4);

    assert_eq!(code(delete().versions("$Latest").send().await), "InvalidParameterValue");
    assert_eq!(code(delete().send().await), "MissingParameter");
    let many = (0..201).map(|n| n.to_string()).collect();
    assert_eq!(code(delete().set_versions(Some(many)).send().await), "InvalidParameterValue");
    let gone = lab.ec2.delete_launch_template().launch_template_id(&id).send().await.unwrap();
    assert_eq!(gone.launch_template().unwrap().launch_template_name(), Some("web"));
    assert_eq!(code(delete().versions("2").send().await), "InvalidLaunchTemplateId.NotFound");
    let listed = lab.ec2.describe_launch_templates().launch_template_ids(&id).send().await;
    assert_eq!(code(listed), "InvalidLaunchTemplateId.NotFound");
    lab.template("web", data().build()).await;
}

#[tokio::test(start_paused = true)]
async fn versions_are_listed_by_number_latest_and_default() {
    let lab = Lab::new();
    let id = lab.template("web", data().build()).await;
    lab.template("api", data().image_id("ami-87654321").build()).await;
    for instance_type in ["t3.small", "t3.medium"] {
        let version = lab.ec2.create_launch_template_version().launch_template_id(&id);
        version.launch_template_data(data().instance_type(instance_type.into()).build()).send().await.unwrap();
    }
    let numbers = |output: DescribeLaunchTemplateVersionsOutput| {
        let versions = output.launch_template_versions().iter();
        versions.map(|version| version.version_number().unwrap()).collect::<Vec<_>>()
    };
    let all = || lab.ec2.describe_launch_template_versions();
    let of_web = || all().launch_template_id(&id);
    assert_eq!(numbers(of_web().send().await.unwrap()), [3, 2, 1]);
    assert_eq!(numbers(of_web().versions("$Default").versions("2").send().await.unwrap()), [2, 1]);
    assert_eq!(numbers(of_web().min_version("2").send().await.unwrap()), [3, 2]);
    assert_eq!(numbers(of_web().filters(filter("instance-type", "t3.s*")).send().await.unwrap()), [2]);
    assert_eq!(numbers(of_web().filters(filter("is-default-version", "true")).send().await.unwrap()), [1]);
    assert_eq!(numbers(all().versions("$Latest").send().await.unwrap()), [3, 1]);
    assert_eq!(numbers(all().versions("$Latest").versions("$Default").send().await.unwrap()), [3, 1, 1]);
    let by_image = all().versions("$Latest").filters(filter("image-id", "ami-87654321")).send().await.unwrap();
    assert_eq!(by_image.launch_template_versions()[0].launch_template_name(), Some("api"));

    assert_eq!(code(of_web().versions("9").send().await), "InvalidLaunchTemplateId.VersionNotFound");
    assert_eq!(code(of_web().versions("1").min_version("1").send().await), "InvalidParameterCombination");
    assert_eq!(code(all().versions("1").send().await), "InvalidParameterValue");
    assert_eq!(code(all().send().await), "MissingParameter");
    assert_eq!(code(of_web().filters(filter("tag:a", "b")).send().await), "InvalidParameterValue");
    let page = of_web().max_results(2).send().await.unwrap();
    assert!(page.next_token().is_some());
    assert_eq!(numbers(page), [3, 2]);
}

#[tokio::test(start_paused = true)]
async fn a_client_token_makes_creation_idempotent() {
    let lab = Lab::new();
    let create = |name: &str| {
        let request = lab.ec2.create_launch_template().launch_template_name(name).client_token("token-1");
        request.launch_template_data(data().build()).send()
    };
    let first = create("web").await.unwrap();
    assert_eq!(create("web").await.unwrap(), first);
    assert_eq!(code(create("api").await), "IdempotentParameterMismatch");
    let id = first.launch_template().unwrap().launch_template_id().unwrap().to_owned();
    let version = |token: &str| {
        let request = lab.ec2.create_launch_template_version().launch_template_id(&id).client_token(token);
        request.launch_template_data(data().build()).send()
    };
    let second = version("token-2").await.unwrap();
    assert_eq!(version("token-2").await.unwrap(), second);
    assert_eq!(lab.resolve(&id, "$Latest").unwrap().version, 2);
    version("token-3").await.unwrap();
    assert_eq!(lab.resolve(&id, "$Latest").unwrap().version, 3);
    assert_eq!(code(version("token-1").await), "IdempotentParameterMismatch");
    assert_eq!(code(version(&"x".repeat(129)).await), "InvalidClientToken");
}

#[tokio::test(start_paused = true)]
async fn templates_and_versions_show_after_the_lag() {
    let lab = Lab::new();
    let id = lab.template("old", data().build()).await;
    lab.sim.configure(|settings| settings.describe_lag = Duration::from_secs(10));
    tokio::time::sleep(Duration::from_secs(10)).await;
    lab.template("new", data().build()).await;
    let version = lab.ec2.create_launch_template_version().launch_template_id(&id);
    version.launch_template_data(data().build()).send().await.unwrap();
    let templates = lab.ec2.describe_launch_templates().send().await.unwrap();
    assert_eq!(templates.launch_templates().len(), 1);
    let by_name = || lab.ec2.describe_launch_templates().launch_template_names("new").send();
    assert_eq!(code(by_name().await), "InvalidLaunchTemplateName.NotFoundException");
    let versions = lab.ec2.describe_launch_template_versions().launch_template_name("new").send().await;
    assert_eq!(code(versions), "InvalidLaunchTemplateName.NotFoundException");
    let latest = lab.ec2.describe_launch_template_versions().launch_template_id(&id).versions("$Latest");
    let latest = latest.send().await.unwrap();
    assert_eq!(latest.launch_template_versions()[0].version_number(), Some(1));
    tokio::time::sleep(Duration::from_secs(10)).await;
    by_name().await.unwrap();
}

/// Every one of the 34 members, and of the members of members, comes back.
#[tokio::test(start_paused = true)]
#[expect(deprecated, reason = "retired accelerators are still members of the request")]
async fn all_members_of_the_data_come_back() {
    let lab = Lab::new();
    let range = sdk::VCpuCountRangeRequest::builder().min(1).max(2).build();
    let interface = sdk::LaunchTemplateInstanceNetworkInterfaceSpecificationRequest::builder()
        .device_index(0)
        .groups("sg-12345678")
        .ipv6_addresses(sdk::InstanceIpv6AddressRequest::builder().ipv6_address("::1").build())
        .ipv4_prefixes(sdk::Ipv4PrefixSpecificationRequest::builder().ipv4_prefix("10.0.0.0/28").build())
        .connection_tracking_specification(
            sdk::ConnectionTrackingSpecificationRequest::builder().udp_timeout(30).udp_stream_timeout(60).build(),
        );
    let data = RequestLaunchTemplateData::builder()
        .kernel_id("aki-1")
        .ebs_optimized(true)
        .iam_instance_profile(sdk::LaunchTemplateIamInstanceProfileSpecificationRequest::builder().name("web").build())
        .block_device_mappings(
            LaunchTemplateBlockDeviceMappingRequest::builder()
                .device_name("/dev/xvda")
                .ebs(LaunchTemplateEbsBlockDeviceRequest::builder().volume_type(VolumeType::Gp3).iops(4000).build())
                .build(),
        )
        .network_interfaces(interface.build())
        .image_id("ami-12345678")
        .instance_requirements(
            sdk::InstanceRequirementsRequest::builder()
                .v_cpu_count(range)
                .memory_mib(sdk::MemoryMiBRequest::builder().min(512).build())
                .build(),
        )
        .key_name("ops")
        .monitoring(sdk::LaunchTemplatesMonitoringRequest::builder().enabled(true).build())
        .placement(sdk::LaunchTemplatePlacementRequest::builder().group_name("rack").build())
        .ram_disk_id("ari-1")
        .disable_api_termination(true)
        .instance_initiated_shutdown_behavior(sdk::ShutdownBehavior::Terminate)
        .user_data(aws_smithy_types::base64::encode("#!/bin/sh"))
        .tag_specifications(
            LaunchTemplateTagSpecificationRequest::builder()
                .resource_type(ResourceType::Volume)
                .tags(tag("a", "b"))
                .build(),
        )
        .elastic_gpu_specifications(sdk::ElasticGpuSpecification::builder().r#type("eg1").build())
        .elastic_inference_accelerators(
            sdk::LaunchTemplateElasticInferenceAccelerator::builder().r#type("eia1").count(1).build(),
        )
        .security_group_ids("sg-12345678")
        .security_groups("default")
        .instance_market_options(
            sdk::LaunchTemplateInstanceMarketOptionsRequest::builder()
                .market_type(sdk::MarketType::Spot)
                .spot_options(sdk::LaunchTemplateSpotMarketOptionsRequest::builder().block_duration_minutes(60).build())
                .build(),
        )
        .credit_specification(sdk::CreditSpecificationRequest::builder().cpu_credits("unlimited").build())
        .cpu_options(sdk::LaunchTemplateCpuOptionsRequest::builder().core_count(1).build())
        .capacity_reservation_specification(
            sdk::LaunchTemplateCapacityReservationSpecificationRequest::builder()
                .capacity_reservation_target(
                    sdk::CapacityReservationTarget::builder().capacity_reservation_id("cr-1").build(),
                )
                .build(),
        )
        .license_specifications(
            sdk::LaunchTemplateLicenseConfigurationRequest::builder().license_configuration_arn("arn").build(),
        )
        .hibernation_options(sdk::LaunchTemplateHibernationOptionsRequest::builder().configured(true).build())
        .metadata_options(
            LaunchTemplateInstanceMetadataOptionsRequest::builder()
                .http_tokens(HttpTokensState::Required.as_str().into())
                .build(),
        )
        .enclave_options(sdk::LaunchTemplateEnclaveOptionsRequest::builder().enabled(false).build())
        .private_dns_name_options(
            sdk::LaunchTemplatePrivateDnsNameOptionsRequest::builder().enable_resource_name_dns_a_record(true).build(),
        )
        .maintenance_options(
            sdk::LaunchTemplateInstanceMaintenanceOptionsRequest::builder()
                .auto_recovery(sdk::LaunchTemplateAutoRecoveryState::Disabled)
                .build(),
        )
        .disable_api_stop(true)
        .operator(sdk::OperatorRequest::builder().principal("svc").build())
        .network_performance_options(
            sdk::LaunchTemplateNetworkPerformanceOptionsRequest::builder()
                .bandwidth_weighting(sdk::InstanceBandwidthWeighting::Vpc1)
                .build(),
        )
        .secondary_interfaces(
            sdk::LaunchTemplateInstanceSecondaryInterfaceSpecificationRequest::builder().device_index(1).build(),
        )
        .build();
    let id = lab.template("full", data.clone()).await;
    let versions = lab.ec2.describe_launch_template_versions().launch_template_id(&id).send().await.unwrap();
    let answer = versions.launch_template_versions()[0].launch_template_data().unwrap();

    // The type excludes the requirements that are there.
    let mut typed = answer.clone();
    assert_eq!(typed.instance_type.take(), None);
    typed.instance_type = Some("t3.micro".into());
    assert_eq!(missing_members(&typed), Vec::<String>::new());

    assert_eq!(answer.key_name(), data.key_name());
    assert_eq!(answer.user_data(), data.user_data());
    assert_eq!(answer.tag_specifications()[0].tags(), data.tag_specifications()[0].tags());
    assert_eq!(answer.block_device_mappings()[0].ebs().unwrap().iops(), Some(4000));
    let interface = &answer.network_interfaces()[0];
    assert_eq!(interface.ipv6_addresses()[0].ipv6_address(), Some("::1"));
    assert_eq!(interface.ipv4_prefixes()[0].ipv4_prefix(), Some("10.0.0.0/28"));
    let tracking = interface.connection_tracking_specification().unwrap();
    assert_eq!((tracking.udp_timeout(), tracking.udp_stream_timeout()), (Some(30), Some(60)));
    assert_eq!(answer.instance_requirements().unwrap().v_cpu_count().unwrap().max(), Some(2));
    let spot = answer.instance_market_options().unwrap().spot_options().unwrap();
    assert_eq!(spot.block_duration_minutes(), Some(60));
    let reservation = answer.capacity_reservation_specification().unwrap().capacity_reservation_target().unwrap();
    assert_eq!(reservation.capacity_reservation_id(), Some("cr-1"));
}

/// The names of the top-level members that are `None`, as the debug format tells.
fn missing_members(answer: &sdk::ResponseLaunchTemplateData) -> Vec<String> {
    let text = format!("{answer:#?}");
    let members: Vec<&str> =
        text.lines().filter(|line| line.starts_with("    ") && !line.starts_with("     ")).collect();
    assert!(members.iter().filter(|line| line.contains(": ")).count() >= 34, "{text}");
    members.iter().filter(|line| line.ends_with(": None,")).map(|line| line.trim().to_owned()).collect()
}
