//! The README shows the lab as the example has it.

#[test]
fn the_lab_in_the_readme_is_that_of_the_example() {
    let (readme, example) = (include_str!("../../README.md"), include_str!("../../examples/web_asg.rs"));
    let begin = example.find("/// What the rest of the program").expect("the lab begins");
    let end = example.find("fn main()").expect("the lab ends");
    assert!(readme.contains(example[begin..end].trim_end()), "copy the lab from the example into the README");
}
