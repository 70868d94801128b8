//! Searches whose end is proven: what is not known to be everything is nothing.

use crate::entry::Entry;
use crate::filter::Filter;
use crate::ports::directory::{Completion, Scope, SearchRequest, Turn};
use crate::ports::services::Signal;
use crate::ports::{Cursor, Progress, Session};
use crate::profile::{Groups, Profile};

/// Why a rule's group is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trouble {
    /// Somebody cancelled.
    Cancelled,
    /// It, or what is in it, cannot be read, as a cause to tell.
    Unreadable(String),
    /// It holds more than is remembered, likewise.
    TooLarge(String),
}

/// Asks one directory for its groups.
pub(super) struct Asking<'a, S> {
    pub(super) session: &'a S,
    pub(super) progress: &'a dyn Progress,
    pub(super) profile: &'static Profile,
    pub(super) page_size: u32,
    /// Where groups are looked for.
    pub(super) contexts: Vec<String>,
}

impl<S: Session> Asking<'_, S> {
    pub(super) fn groups(&self) -> &'static Groups {
        &self.profile.groups
    }

    /// Groups, by their classes.
    pub(super) fn any_group(&self) -> Filter {
        let class = |class: &&str| Filter::Equal("objectClass".into(), class.as_bytes().to_vec());
        Filter::Or(self.groups().classes.iter().map(class).collect())
    }

    /// Gives the entry of this name to `each`; nothing is not an error.
    pub(super) fn entry(
        &self,
        dn: &str,
        filter: Filter,
        attributes: &[&str],
        each: impl FnMut(&Entry<'_>),
    ) -> Result<(), Trouble> {
        self.search(dn, Scope::Base, filter, attributes, 0, each)
    }

    /// Gives every entry below the contexts that a filter lets through to `each`.
    pub(super) fn everywhere(
        &self,
        filter: &Filter,
        attributes: &[&str],
        mut each: impl FnMut(&Entry<'_>),
    ) -> Result<(), Trouble> {
        self.contexts.iter().try_for_each(|context| {
            let filter = filter.clone();
            self.search(context, Scope::Subtree, filter, attributes, 0, &mut each)
        })
    }

    /// A filter lets some entry below the contexts through.
    pub(super) fn anywhere(&self, filter: &Filter) -> Result<bool, Trouble> {
        let mut found = false;
        for context in &self.contexts {
            let filter = filter.clone();
            self.search(context, Scope::Subtree, filter, &[], 1, |_| found = true)?;
            if found {
                break;
            }
        }
        Ok(found)
    }

    fn search(
        &self,
        base: &str,
        scope: Scope,
        filter: Filter,
        attributes: &[&str],
        limit: u32,
        mut each: impl FnMut(&Entry<'_>),
    ) -> Result<(), Trouble> {
        let request = SearchRequest {
            base: base.to_owned(),
            scope,
            filter,
            attributes: attributes.iter().map(|name| (*name).to_owned()).collect(),
            page_size: self.page_size,
            limit,
            show_deleted: false,
        };
        let refused =
            |problem: crate::ports::directory::HostProblem| Trouble::Unreadable(problem.message);
        let cursor = self.session.search(&request).map_err(refused)?;
        loop {
            if self.progress.report("connect", 0, 0) == Signal::Stop {
                return Err(Trouble::Cancelled);
            }
            match cursor.next() {
                Turn::Entries(page) => page.iter().for_each(|entry| each(&entry)),
                Turn::Finished(end) => return self.whole(&request, end),
            }
        }
    }

    /// The search gave everything that it was to give.
    fn whole(&self, request: &SearchRequest, end: Completion) -> Result<(), Trouble> {
        let unreadable = |cause: &str| Err(Trouble::Unreadable(cause.to_owned()));
        if let Some(problem) = end.problem {
            return unreadable(&problem.message);
        }
        if end.result_code != 0 {
            return unreadable("the directory ended the search with an error");
        }
        if !end.exhausted && request.limit == 0 {
            return unreadable("the directory did not say that there is no more");
        }
        if end.referrals > 0 && !self.groups().partitioned {
            return unreadable("other servers hold a part of the directory, which may hold groups");
        }
        Ok(())
    }
}
