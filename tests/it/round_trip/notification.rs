//! Notifications of Auto Scaling groups.

use purlin::*;

use super::case::Case;
use super::case::Change::InPlace;

pub(super) fn cases() -> Vec<Case> {
    let on = Case::new("Notification.on", InPlace(&["PutNotificationConfiguration"]), |setting| {
        let mut stack = Stack::new("round-trip");
        let image = stack.add("web", Image::named("Web Server v1"));
        let template = LaunchTemplate::builder().name("web").image(image).instance_type("t2.micro").build();
        let template = stack.add("web", template);
        let vpc = stack.add("vpc", Vpc::named("VPC-Lab"));
        let subnets = stack.add("private", Subnets::named(["Private subnet A"]).in_vpc(vpc));
        let group = AutoScalingGroup::builder().name("web").launch_template(template).subnets(subnets).sizes(0..=4);
        // moto has another default for the grace period.
        let group = group.health_check_grace_period(std::time::Duration::from_secs(60));
        let group = stack.add("web", group.build());
        let kind = setting.pick(NotificationType::LaunchError, NotificationType::TerminateError);
        let notification = Notification::builder()
            .group(group)
            .topic("arn:aws:sns:ap-northeast-2:123456789012:operators")
            .on([kind.unwrap_or(NotificationType::Test)])
            .build();
        stack.add("it", notification);
        stack
    });
    vec![on.required()]
}
