//! What the name of an instance type tells: `c7gn.xlarge` is a size, and before it a series, a
//! generation and options, of which the first letter is the maker of the processor (EC2 User Guide,
//! "Instance type naming conventions").

use crate::problem::Problems;

/// Reports what cannot be the name of an instance type. Which there are grows by the week, and
/// differs between regions.
pub(crate) fn validate_type(path: &str, name: &str, problems: &mut Problems<'_>) {
    let word =
        |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    if !name.split_once('.').is_some_and(|(family, size)| word(family) && word(size)) {
        let rule = "must be a family and a size, such as `t3.micro`";
        problems.report("V127", path, format!("{name:?}"), rule);
    }
}

/// The architecture of an instance type, as images have it, where the name tells. Families that
/// name more than the convention knows (`p6e-gb200`, `u7i-12tb`) do not tell.
pub(crate) fn architecture(name: &str) -> Option<&'static str> {
    let (family, _) = name.split_once('.')?;
    match family {
        "a1" => return Some("arm64"),
        "mac1" => return Some("x86_64_mac"),
        mac if mac.starts_with("mac") => return Some("arm64_mac"),
        _ => {}
    }
    let family = family.strip_suffix("-flex").unwrap_or(family);
    let digits = family.find(|c: char| c.is_ascii_digit())?;
    let (series, rest) = family.split_at(digits);
    let (generation, options) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len()));
    if !options.chars().all(|c| c.is_ascii_lowercase()) {
        return None;
    }
    match options.chars().next() {
        Some('g') => Some("arm64"),
        Some('a' | 'i') => Some("x86_64"),
        // Older ones, and those with accelerators, have no letter.
        _ if UNMARKED.contains(&series) && generation.parse().is_ok_and(|generation: u32| generation <= 6) => {
            Some("x86_64")
        }
        _ => None,
    }
}

/// Series in which no letter for the processor means that it is one of Intel or AMD.
const UNMARKED: [&str; 15] = ["c", "d", "f", "g", "gr", "h", "i", "inf", "m", "p", "r", "t", "vt", "x", "z"];

/// Whether an image of one architecture runs on instances of another: 32 bits on 64.
pub(crate) fn runs_on(image: &str, instance: &str) -> bool {
    image == instance || (image == "i386" && instance == "x86_64")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_the_architecture() {
        for (name, expected) in [
            ("t2.micro", Some("x86_64")),
            ("t4g.micro", Some("arm64")),
            ("c7gn.xlarge", Some("arm64")),
            ("im4gn.large", Some("arm64")),
            ("is4gen.large", Some("arm64")),
            ("x2gd.metal", Some("arm64")),
            ("a1.medium", Some("arm64")),
            ("g5g.xlarge", Some("arm64")),
            ("g4dn.xlarge", Some("x86_64")),
            ("g6.xlarge", Some("x86_64")),
            ("gr6.4xlarge", Some("x86_64")),
            ("m7i-flex.large", Some("x86_64")),
            ("x2iedn.32xlarge", Some("x86_64")),
            ("m5zn.metal", Some("x86_64")),
            ("mac1.metal", Some("x86_64_mac")),
            ("mac2-m2pro.metal", Some("arm64_mac")),
            ("p6e-gb200.36xlarge", None),
            ("u7i-12tb.224xlarge", None),
            ("trn3.48xlarge", None),
            ("m9.large", None),
            ("micro", None),
        ] {
            assert_eq!(architecture(name), expected, "{name}");
        }
    }
}
