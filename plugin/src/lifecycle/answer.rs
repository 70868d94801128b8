//! What hooks answer with.

use crate::ports::directory::HostProblem;
use crate::problem::Problem;

/// A value, or everything that is wrong: found here or told by the host.
pub type Answer<T> = Result<T, Vec<HostProblem>>;

/// Problems found here, as an answer's.
pub(crate) fn ours(problems: Vec<Problem>) -> Vec<HostProblem> {
    problems.into_iter().map(HostProblem::from).collect()
}

/// A single problem, as an answer's.
pub(crate) fn one(problem: impl Into<HostProblem>) -> Vec<HostProblem> {
    vec![problem.into()]
}

/// The problem of a hook that was asked to stop.
pub(crate) fn cancelled() -> Vec<HostProblem> {
    one(Problem::new(
        "cancelled",
        "it was cancelled",
        "Start it again when you like.",
    ))
}
