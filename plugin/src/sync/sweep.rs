//! Several searches, one after the other over one session, told as one.

use std::collections::VecDeque;

use crate::entry::Page;
use crate::ports::directory::{Completion, Cursor, HostProblem, SearchRequest, Session, Turn};
use crate::ports::plan::Searched;

/// The searches under way and to come.
#[derive(Debug)]
pub struct Sweep<C> {
    cursor: C,
    base: String,
    limit: u32,
    waiting: VecDeque<SearchRequest>,
    ended: Option<Completion>,
    parts: Vec<Searched>,
}

/// What a sweep gives.
#[derive(Debug)]
pub enum Swept {
    /// A page of one of the searches.
    Page(Page),
    /// The end: what the searches came to together, and each of them.
    Finished(Box<Completion>, Vec<Searched>),
}

impl<C: Cursor> Sweep<C> {
    /// Begins the first search. A request's limit counts for all of them together.
    ///
    /// # Errors
    /// What the host says; `required` where there is nothing to search.
    pub fn begin<S: Session<Cursor = C>>(
        session: &S,
        requests: &[SearchRequest],
    ) -> Result<Self, HostProblem> {
        let mut waiting: VecDeque<SearchRequest> = requests.iter().cloned().collect();
        let first = waiting.pop_front().ok_or_else(no_base)?;
        Ok(Self {
            cursor: session.search(&first)?,
            base: first.base,
            limit: first.limit,
            waiting,
            ended: None,
            parts: Vec::new(),
        })
    }

    /// The next page or the end. A search that ends badly, or reaches the limit, is the last.
    pub fn next<S: Session<Cursor = C>>(&mut self, session: &S) -> Swept {
        loop {
            let completion = match self.cursor.next() {
                Turn::Entries(page) => return Swept::Page(page),
                Turn::Finished(completion) => completion,
            };
            self.parts.push(Searched {
                base: std::mem::take(&mut self.base),
                pages: completion.pages,
                entries: completion.entries,
            });
            let whole = merged(self.ended.take(), completion);
            let well = whole.problem.is_none() && whole.result_code == 0 && whole.exhausted;
            let Some(next) = self.waiting.pop_front().filter(|_| well) else {
                return self.finished(whole);
            };
            let left = u64::from(self.limit).saturating_sub(whole.entries);
            if self.limit > 0 && left == 0 {
                let exhausted = false;
                return self.finished(Completion { exhausted, ..whole });
            }
            let limit = u32::try_from(left).unwrap_or(u32::MAX);
            match session.search(&SearchRequest {
                limit,
                ..next.clone()
            }) {
                Ok(cursor) => (self.cursor, self.base) = (cursor, next.base),
                Err(problem) => {
                    return self.finished(Completion {
                        exhausted: false,
                        problem: Some(problem),
                        ..whole
                    });
                }
            }
            self.ended = Some(whole);
        }
    }

    fn finished(&mut self, completion: Completion) -> Swept {
        Swept::Finished(Box::new(completion), std::mem::take(&mut self.parts))
    }
}

/// Two ends as one; how it ended is how the later one did.
fn merged(before: Option<Completion>, now: Completion) -> Completion {
    let Some(before) = before else { return now };
    Completion {
        referrals: before.referrals.saturating_add(now.referrals),
        pages: before.pages.saturating_add(now.pages),
        entries: before.entries + now.entries,
        paged: before.paged && now.paged,
        ..now
    }
}

fn no_base() -> HostProblem {
    crate::problem::Problem::new("required", "no base is set", "Set one.")
        .of_field("base-dn")
        .into()
}
