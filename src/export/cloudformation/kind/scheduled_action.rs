//! `AWS::AutoScaling::ScheduledAction`.

use crate::resource::ScheduledAction;

use super::{Export, NAME, Output, Reference, Row, lost, output, to};

impl Export for ScheduledAction {
    const ROWS: &'static [Row<Self>] = &[
        lost("name", NAME, "CloudFormation makes up the names of scheduled actions"),
        to("group", "AutoScalingGroupName"),
        to("start", "StartTime"),
        to("recurrence", "Recurrence"),
        to("time_zone", "TimeZone"),
        to("end", "EndTime"),
        to("min_size", "MinSize"),
        to("max_size", "MaxSize"),
        to("desired_capacity", "DesiredCapacity"),
    ];

    fn type_name(&self) -> Option<&'static str> {
        Some("AWS::AutoScaling::ScheduledAction")
    }

    fn outputs(&self) -> &'static [Output] {
        const OUTPUTS: &[Output] = &[output("name", Reference::Attribute("ScheduledActionName"), "name")];
        OUTPUTS
    }
}
