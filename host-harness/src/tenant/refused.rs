//! Why a hook did not do what was asked: one problem or several at once.

use std::fmt;

use crate::Problem;

/// What every hook returns.
pub type Hook<T> = Result<T, Refused>;

/// At least one problem, the first being the one to tell when there is room for one.
///
/// `configure` and `map` report every wrong field at once; everything else has a single problem.
#[derive(Debug, Clone, PartialEq)]
pub struct Refused(Box<Problems>);

#[derive(Debug, Clone, PartialEq)]
struct Problems {
    first: Problem,
    others: Vec<Problem>,
}

impl Refused {
    /// All problems, the first one first.
    pub fn problems(&self) -> impl Iterator<Item = &Problem> {
        std::iter::once(&self.0.first).chain(&self.0.others)
    }

    /// The first problem's code.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.0.first.code
    }

    /// The first problem, for a place that has room for one.
    #[must_use]
    pub fn into_problem(self) -> Problem {
        self.0.first
    }
}

impl From<Problem> for Refused {
    fn from(first: Problem) -> Self {
        Self(Box::new(Problems {
            first,
            others: Vec::new(),
        }))
    }
}

impl From<Vec<Problem>> for Refused {
    /// A plugin that refuses without a word is at fault itself, and that is said.
    fn from(problems: Vec<Problem>) -> Self {
        let mut problems = problems.into_iter();
        let first = problems.next().unwrap_or_else(|| {
            Problem::new(
                "unexplained",
                "The plugin refused without saying why",
                "Report this to the plugin's author.",
            )
        });
        Self(Box::new(Problems {
            first,
            others: problems.collect(),
        }))
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, problem) in self.problems().enumerate() {
            if i > 0 {
                f.write_str("; ")?;
            }
            write!(f, "{} [{}]", problem.message, problem.code)?;
        }
        Ok(())
    }
}

impl std::error::Error for Refused {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_always_has_a_code() {
        assert_eq!(Refused::from(Vec::new()).code(), "unexplained");
        assert_eq!(
            Refused::from(Problem::new("required", "", "")).code(),
            "required"
        );
    }
}
