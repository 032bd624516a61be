//! Errors as `miette` reports: a headline, advice, and each problem of a stack by itself.

use std::fmt;

use miette::{Diagnostic, Report};

use crate::error::Error;
use crate::problem::Problem;

/// An error whose text is its headline alone; the problems follow as diagnostics of their own.
#[derive(Debug)]
struct Headline(Error);

impl fmt::Display for Headline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.headline(f)
    }
}

impl std::error::Error for Headline {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        std::error::Error::source(&self.0)
    }
}

impl Diagnostic for Headline {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.0.code().map(|code| Box::new(code) as _)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.0.hint().map(|hint| Box::new(hint) as _)
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        let problems = self.0.problems();
        (!problems.is_empty()).then(|| Box::new(problems.iter().map(|problem| problem as &dyn Diagnostic)) as _)
    }
}

impl std::error::Error for Problem {}

impl Diagnostic for Problem {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.id))
    }
}

/// Makes a report whose related diagnostics are the problems of the stack; `?` does so in a function
/// that returns `miette::Result`.
///
/// ```
/// use purlin::{Plan, SecurityGroup, Stack, VpcId};
///
/// fn plan() -> miette::Result<()> {
///     let mut stack = Stack::new("web");
///     let vpc: VpcId = "vpc-0123456789abcdef0".parse().expect("a VPC id");
///     stack.add("web", SecurityGroup::builder().name("sg-web").description("").vpc(vpc).build());
///     println!("{}", Plan::preview(&stack)?);
///     Ok(())
/// }
///
/// let report = plan().expect_err("a name and a description that AWS refuses");
/// assert_eq!(report.to_string(), "the stack has 2 problems");
/// assert_eq!(report.related().expect("the problems").count(), 2);
/// ```
impl From<Error> for Report {
    fn from(error: Error) -> Self {
        Self::new(Headline(error))
    }
}
