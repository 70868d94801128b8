//! The real search with the real mapping: everybody is counted, up to a thousand are mapped.

use std::collections::{BTreeMap, BTreeSet};

use crate::attribute::AttributeSet;
use crate::entry::Entry;
use crate::field::unique_key;
use crate::ports::Host;
use crate::ports::directory::{Completion, Verdict};
use crate::ports::portal::PEOPLE;
use crate::problem::Problem;

use super::super::answer::Answer;
use super::super::connected::Connected;
use super::super::role;
use super::super::view::{Reading, View};
use super::report::{Report, SessionOf, stage};
use super::stages;

/// People mapped at most.
const SAMPLE: u32 = 1000;

/// Counts and maps, and adds the stages `filter`, `read`, `paging` and `sample`.
pub(super) fn people<H: Host>(
    host: &H,
    connected: &Connected<SessionOf<H>>,
    view: &View,
    report: &mut Report,
) -> Answer<()> {
    let mut seen = vec![0_u64; view.attributes.len()];
    let mut sample = Vec::new();
    let mut disabled = 0;
    let searched = connected.all(host.progress(), "sample", &view.requests(SAMPLE), |entry| {
        if view.excludes(entry) {
            return;
        }
        notice(entry, &mut seen);
        let reading = view.read(entry);
        disabled += u64::from(reading.disabled);
        sample.push(reading);
    });
    let mut completion = match searched {
        Ok(completion) => completion,
        Err(problems) if problems.iter().any(|problem| problem.code == "cancelled") => {
            return Err(problems);
        }
        Err(problems) => {
            let problems = problems
                .into_iter()
                .map(|problem| (Verdict::Failed, problem))
                .collect();
            report.tell(host, [stage("filter", Vec::new(), problems)]);
            return Ok(());
        }
    };
    let sampled = sample.len() as u64;
    let mut matched = sampled;
    if completion.entries >= u64::from(SAMPLE) {
        (matched, disabled, completion) = count(host, connected, view)?;
    }
    report.tally.matched = matched;
    report.tally.sampled = sampled;
    report.tally.disabled = disabled;
    let unreadable = sample.iter().filter(|reading| reading.id.is_err()).count() as u64;
    let own_filter = connected
        .detected
        .profile
        .filter()
        .is_ok_and(|default| default != view.filter);
    let ended = completion.problem.as_ref();
    report.tell(host, [stages::filter(view, own_filter, matched, ended)]);
    if sampled > 0 {
        let referrals = completion.referrals;
        let read = stages::read(view, sampled, unreadable, &seen, referrals);
        report.tell(host, [read]);
    }
    let limits = connected.detected.profile.limits;
    let paging = stages::paging(connected.root.pages(), &completion, limits);
    report.tell(host, [paging]);
    if sampled > 0 {
        judge(host, view, &sample, report);
    }
    Ok(())
}

fn notice(entry: &Entry<'_>, seen: &mut [u64]) {
    for (seen, count) in seen.iter_mut().zip(entry.counts()) {
        *seen += u64::from(*count > 0);
    }
}

/// Everybody, with no more attributes than tell who is disabled.
fn count<H: Host>(
    host: &H,
    connected: &Connected<SessionOf<H>>,
    view: &View,
) -> Answer<(u64, u64, Completion)> {
    let mut attributes = AttributeSet::new();
    if let Some(filter) = &view.disabled_when {
        filter.intern(&mut attributes);
    }
    let mut requests = view.requests(0);
    for request in &mut requests {
        request.attributes = attributes.names().to_vec();
    }
    let (mut matched, mut disabled) = (0, 0);
    let completion = connected.all(host.progress(), "count", &requests, |entry| {
        if view.excludes(entry) {
            return;
        }
        matched += 1;
        let filter = view.disabled_when.as_ref();
        disabled += u64::from(filter.is_some_and(|filter| filter.matches(entry, &attributes)));
    })?;
    Ok((matched, disabled, completion))
}

/// A problem's code and the portal's field that it concerns.
type Reason = (&'static str, String);

fn reason(problem: &Problem) -> Reason {
    (problem.code, problem.field.clone().unwrap_or_default())
}

/// What would become of each person of the sample. Who is disabled neither comes over nor fails: a newcomer is
/// not created, and somebody known is deactivated whatever the values are.
fn judge(host: &impl Host, view: &View, sample: &[Reading], report: &mut Report) {
    let ids: Vec<String> = sample
        .iter()
        .filter_map(|reading| reading.id.as_ref().ok())
        .cloned()
        .collect();
    let known: BTreeSet<String> = ids
        .chunks(PEOPLE as usize)
        .flat_map(|ids| host.portal().people(ids))
        .map(|person| person.external_id)
        .collect();
    let in_portal = |reading: &Reading| reading.id.as_ref().is_ok_and(|id| known.contains(id));
    let clashes = duplicates(host, view, sample, &in_portal);
    let mut reasons: BTreeMap<Reason, u64> = BTreeMap::new();
    let mut examples: BTreeMap<Reason, Problem> = BTreeMap::new();
    let mut disabled = 0_u64;
    let mut disabled_by = None;
    for (place, reading) in sample.iter().enumerate() {
        if reading.disabled && reading.id.is_ok() {
            disabled += 1;
            disabled_by.get_or_insert(reading);
            continue;
        }
        let mut own = BTreeSet::new();
        for problem in reading.problems(in_portal(reading)) {
            own.insert(reason(&problem));
            examples.entry(reason(&problem)).or_insert_with(|| Problem {
                message: format!("for example {}: {}", reading.dn, problem.message),
                ..problem
            });
        }
        if let Some(problem) = clashes.get(&place) {
            own.insert(reason(problem));
            examples
                .entry(reason(problem))
                .or_insert_with(|| problem.clone());
        }
        report.tally.would_map += u64::from(own.is_empty());
        report.tally.would_fail += u64::from(!own.is_empty());
        for reason in own {
            *reasons.entry(reason).or_default() += 1;
        }
    }
    let verdict = if report.tally.would_map == 0 && report.tally.would_fail > 0 {
        Verdict::Failed
    } else {
        Verdict::Warned
    };
    let problems = examples
        .into_iter()
        .map(|(reason, problem)| {
            let count = reasons.get(&reason).copied().unwrap_or_default();
            let message = format!("{count} of {} people, {}", sample.len(), problem.message);
            (verdict, Problem { message, ..problem })
        })
        .collect();
    report.tally.reasons = reasons
        .into_iter()
        .map(|((code, field), count)| (format!("{code} {field}").trim_end().to_owned(), count))
        .collect();
    let mut evidence = format!(
        "{} people mapped: {} would come over, {} would not",
        sample.len(),
        report.tally.would_map,
        report.tally.would_fail
    );
    if disabled > 0 {
        evidence.push_str(&format!(
            ", {disabled} are disabled and would not be created, or be deactivated"
        ));
    }
    let mut evidence = vec![evidence];
    evidence.extend(role::spread(sample));
    evidence.extend(disabled_by.map(|reading| {
        let status = reading.status.join(", ");
        format!("disabled, for example {}: {status}", reading.dn)
    }));
    report.tell(host, [stage("sample", evidence, problems)]);
}

/// Who of the sample shares an id or a unique value with another one, or with a person whom no sync brought.
///
/// A disabled newcomer takes no value from anybody.
fn duplicates(
    host: &impl Host,
    view: &View,
    sample: &[Reading],
    in_portal: &impl Fn(&Reading) -> bool,
) -> BTreeMap<usize, Problem> {
    let mut found = BTreeMap::new();
    let mut ids: BTreeMap<&str, usize> = BTreeMap::new();
    for (place, reading) in sample.iter().enumerate() {
        let Ok(id) = &reading.id else { continue };
        if let Some(other) = ids.insert(id, place) {
            for (one, another) in [(place, other), (other, place)] {
                found
                    .entry(one)
                    .or_insert_with(|| same("duplicate-external-id", "id", one, another, sample));
            }
        }
    }
    let adopted = adopted(host, view, sample, in_portal);
    for field in view.mapping.fields().iter().filter(|field| field.unique) {
        let values: Vec<(usize, &str)> = sample
            .iter()
            .enumerate()
            .filter(|(_, reading)| !reading.disabled || in_portal(reading))
            .filter_map(|(place, reading)| Some((place, reading.value(&field.id)?)))
            .collect();
        let mut holders: BTreeMap<String, usize> = BTreeMap::new();
        for (place, value) in &values {
            if let Some(other) = holders.insert(unique_key(value).into_owned(), *place) {
                for (one, another) in [(*place, other), (other, *place)] {
                    found
                        .entry(one)
                        .or_insert_with(|| same("duplicate", &field.id, one, another, sample));
                }
            }
        }
        for batch in values.chunks(1000) {
            let asked: Vec<String> = batch.iter().map(|(_, value)| (*value).to_owned()).collect();
            let by_hand = host.portal().holders(&field.id, &asked);
            for holder in by_hand
                .iter()
                .filter(|holder| holder.external_id.is_empty())
            {
                if let Some((place, _)) = batch.get(holder.position as usize)
                    && adopted.get(place) != Some(&holder.id)
                {
                    found
                        .entry(*place)
                        .or_insert_with(|| by_hand_too(&field.id, &sample[*place].dn));
                }
            }
        }
    }
    found
}

/// The portal's ids of those whom new people of the sample would take over.
fn adopted(
    host: &impl Host,
    view: &View,
    sample: &[Reading],
    in_portal: &impl Fn(&Reading) -> bool,
) -> BTreeMap<usize, String> {
    let mut adopted = BTreeMap::new();
    let Some(field) = view.adoption.field() else {
        return adopted;
    };
    let new = sample.iter().enumerate();
    let new: Vec<(usize, String)> = new
        .filter(|(_, reading)| !reading.disabled && !in_portal(reading))
        .filter_map(|(place, reading)| Some((place, reading.value(field)?.to_owned())))
        .collect();
    for batch in new.chunks(1000) {
        let asked: Vec<String> = batch.iter().map(|(_, value)| value.clone()).collect();
        for holder in host.portal().holders(field, &asked) {
            if let Some((place, _)) = batch.get(holder.position as usize) {
                adopted.insert(*place, holder.id);
            }
        }
    }
    adopted
}

fn same(
    code: &'static str,
    field: &str,
    one: usize,
    another: usize,
    sample: &[Reading],
) -> Problem {
    Problem::new(
        code,
        format!(
            "for example {}: {} has the same {field}",
            sample[one].dn, sample[another].dn
        ),
        "Correct one of the two in the directory, or change the mapping.",
    )
    .of_field(field)
}

fn by_hand_too(field: &str, dn: &str) -> Problem {
    Problem::new(
        "duplicate",
        format!(
            "for example {dn}: somebody in the portal, whom no sync brought, has the same {field}"
        ),
        "Correct one of the two.",
    )
    .of_field(field)
}
