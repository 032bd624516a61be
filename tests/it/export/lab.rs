//! The lab's template.

use purlin::export::cloudformation::Exporter;

use super::lab;

#[test]
fn the_template_as_yaml() {
    insta::assert_snapshot!(lab().to_yaml());
}

#[test]
fn the_template_as_json() {
    insta::assert_snapshot!(lab().to_json());
}

#[test]
fn what_cloudformation_cannot_express_is_an_error_that_lists_it() {
    let (stack, _) = crate::web_asg::lab("t2.micro");
    let error = Exporter::new().export(&stack).expect_err("a name");
    assert!(error.is_invalid());
    insta::assert_debug_snapshot!(error);
    let template = lab();
    assert_eq!(template.left_out(), error.problems());
}

#[test]
fn lookups_are_typed_parameters() {
    let template = lab();
    let parameters: Vec<_> = template.parameters().iter().map(|it| (it.name.as_str(), it.type_name)).collect();
    assert_eq!(
        parameters,
        [
            ("ImageWeb", "AWS::EC2::Image::Id"),
            ("SubnetsPrivate", "List<AWS::EC2::Subnet::Id>"),
            ("SubnetsPublic", "List<AWS::EC2::Subnet::Id>"),
            ("VpcVpc", "AWS::EC2::VPC::Id"),
        ],
    );
}
