//! What every database refuses, in the same words.

use crate::Problem;
use crate::contract::state::Operation;
use crate::ports::TenantId;
use crate::ports::plan::{RunId, RunStatus};
use crate::ports::tenants::HostSetting;
use crate::store::error::{StoreError, StoreResult};

/// Rows, and links, that one call may record.
pub(crate) const MAX_ROWS: usize = 1_000;

const MAX_KEY: usize = 256;
const MAX_VALUE: usize = 1 << 20;
/// Keys and values of one tenant's settings together.
const QUOTA: i64 = 16 << 20;

const REPORT: &str = "Report this to the plugin's maker.";

/// Nothing is installed for a tenant.
pub(crate) fn not_installed(tenant: &TenantId) -> StoreError {
    StoreError::refused(
        "not-installed",
        format!("nothing is installed for the tenant {tenant}"),
        "Install a plugin for it first.",
    )
}

/// There is no such user.
pub(crate) fn unknown_user(id: i64) -> StoreError {
    StoreError::refused(
        "unknown-user",
        format!("there is no user {id}"),
        "Look at the list of users.",
    )
}

/// The name is taken.
pub(crate) fn user_exists(name: &str) -> StoreError {
    StoreError::refused(
        "user-exists",
        format!("there is already a user {name}"),
        "Choose another name, or change that user.",
    )
}

/// Nobody would be left to give others access.
pub(crate) fn last_admin() -> StoreError {
    StoreError::refused(
        "last-admin",
        "nobody else may give others access",
        "Let another user be an admin who reaches every tenant first.",
    )
}

/// The first user is there.
pub(crate) fn set_up_done() -> StoreError {
    StoreError::refused(
        "set-up-done",
        "there is a user already",
        "Log in, or let an admin make a user for you.",
    )
}

/// The set-up secret is not good.
pub(crate) fn set_up_refused() -> StoreError {
    StoreError::refused(
        "set-up-refused",
        "this set-up link is not known, was used, or has expired",
        "Use the newest link; `rollcall user setup-link` makes one.",
    )
}

/// A tenant has a plugin.
pub(crate) fn already_installed(tenant: &TenantId) -> StoreError {
    StoreError::refused(
        "already-installed",
        format!("a plugin is already installed for the tenant {tenant}"),
        "Uninstall it first.",
    )
}

/// What a tenant may connect to cannot be read.
pub(crate) fn policy_broken(tenant: &TenantId) -> StoreError {
    StoreError::refused(
        "policy-broken",
        format!("The stored endpoint policy of {tenant} cannot be read, so nothing is allowed"),
        "Say anew what its plugin may connect to, for example with `rollcall configure --allow-loopback=false`.",
    )
}

/// Nothing of a tenant was uninstalled yet.
pub(crate) fn no_receipt(tenant: &TenantId) -> StoreError {
    StoreError::refused(
        "no-receipt",
        format!("no plugin of {tenant} was ever uninstalled"),
        "There is a receipt after an uninstall, until the next one.",
    )
}

/// A component is not kept.
pub(crate) fn unknown_component(digest: &str) -> StoreError {
    StoreError::refused(
        "unknown-component",
        format!("no component with the digest {digest} is kept"),
        "Install the plugin again.",
    )
}

/// A run must be resumed first.
pub(crate) fn run_unfinished(run: RunId) -> StoreError {
    StoreError::refused(
        "run-unfinished",
        format!("run {run} is still being applied"),
        "Resume it, or discard what is left of it, first.",
    )
}

/// The rows of a run are kept no longer.
pub(crate) fn rows_pruned(run: RunId) -> StoreError {
    StoreError::refused(
        "rows-pruned",
        format!("the rows of run {run} are no longer kept: it ended too long ago"),
        "Its counts, its proof and who is still unsynced are in the list of runs and of failures; a longer retention keeps rows of \
         later runs longer.",
    )
}

/// A plan of other settings than those in force.
pub(crate) fn configuration_changed(run: RunId) -> StoreError {
    StoreError::refused(
        "configuration-changed",
        format!(
            "the configuration changed after run {run} was planned, so the plan is thrown away"
        ),
        "Sync again: the plan is made anew.",
    )
}

/// Why a plan that waited is thrown away when another is begun.
pub(crate) fn superseded() -> Problem {
    Problem::new(
        "superseded",
        "A newer run took the place of this plan before anybody applied it",
        "Look at the newest run.",
    )
}

/// A run waits for no approval.
pub(crate) fn not_held(run: RunId, status: RunStatus) -> StoreError {
    StoreError::refused(
        "not-held",
        format!("run {run} is {}, and waits for no approval", status.name()),
        "Approve a held run; each approval is for one plan, once.",
    )
}

/// An approval is for another plan.
pub(crate) fn another_digest(run: RunId, digest: &str) -> StoreError {
    StoreError::refused(
        "digest-mismatch",
        format!("the plan of run {run} is not the one with the digest {digest}"),
        "Look at the plan again and approve the digest it shows.",
    )
}

/// A plan's rows were changed after it was finished.
pub(crate) fn altered_rows(run: RunId) -> StoreError {
    StoreError::refused(
        "digest-mismatch",
        format!("the rows of run {run} are not those of the finished plan"),
        "Discard the run and sync again.",
    )
}

/// A guard holds a run.
pub(crate) fn held(run: RunId) -> StoreError {
    StoreError::refused(
        "guard-held",
        format!("run {run} is held: its plan exceeds a limit"),
        "Look at its rows. Approve the plan's digest if they are right, or discard the run.",
    )
}

/// More than one call may record.
pub(crate) fn too_many(what: &str, count: usize) -> StoreError {
    StoreError::refused(
        "bad-request",
        format!("{count} {what} in one call, {MAX_ROWS} are allowed"),
        "Record them in several calls.",
    )
}

/// Two rows for one person.
pub(crate) fn duplicate_row() -> StoreError {
    StoreError::refused(
        "duplicate-row",
        "the plugin recorded two rows for one person",
        REPORT,
    )
}

/// A rejection's problem has no code.
pub(crate) fn no_code(code: &str) -> StoreError {
    StoreError::refused(
        "bad-request",
        format!("{code:?} is no problem code"),
        REPORT,
    )
}

/// A rejection after links.
pub(crate) fn rejected_late() -> StoreError {
    StoreError::refused(
        "bad-request",
        "the plugin rejected rows after it had recorded links between people",
        REPORT,
    )
}

/// A link in a field that the row changes already.
pub(crate) fn changed_twice() -> StoreError {
    StoreError::refused(
        "bad-row",
        "the plugin changed a field of a row for the second time",
        REPORT,
    )
}

/// A link of or to nobody.
pub(crate) fn nobody_linked(nobody: &str) -> StoreError {
    StoreError::refused(
        "bad-row",
        format!("the plugin recorded a link of or to {nobody:?}, whom nobody knows"),
        REPORT,
    )
}

/// A link that does not fit its person.
pub(crate) fn bad_link(person: &str, fault: &str) -> StoreError {
    StoreError::refused(
        "bad-row",
        format!("the plugin recorded a link of {person:?}, and {fault}"),
        REPORT,
    )
}

/// An uninstall's plan that does anything but deactivate: no guard stands in the way of such a plan.
pub(crate) fn not_just_deactivations(others: i64) -> StoreError {
    StoreError::refused(
        "bad-row",
        format!("{others} rows of the plugin's plan to deactivate everybody do something else"),
        "Uninstall and keep the people as they are, and report this to the plugin's maker.",
    )
}

/// Absences without a proof.
pub(crate) fn absence_unproven(absent: u64, flaw: &str) -> StoreError {
    StoreError::refused(
        "absence-unproven",
        format!("{absent} people would count as absent, but {flaw}"),
        "Sync again when the directory can be read completely; nothing was changed.",
    )
}

/// The unique field by which the settings let a plan take people over.
pub(crate) fn adoption_field(settings: &[HostSetting]) -> StoreResult<&'static str> {
    match HostSetting::value_of(settings, "adoption") {
        "mail" => Ok("email"),
        "username" => Ok("username"),
        _ => Err(bad_adoption(
            "takes people over, which the settings do not allow",
        )),
    }
}

/// The holder of the tenant's lease works for it, or did until it died.
pub(crate) fn tenant_leased(tenant: &TenantId, holder: &str, seconds: i64) -> StoreError {
    StoreError::refused(
        "tenant-busy",
        format!("the host {holder} works for the tenant {tenant}"),
        format!(
            "Wait until it has ended, or stop it first. If that host is gone, try again in {seconds} s: then others may take over."
        ),
    )
}

/// An undo of people who were edited since.
pub(crate) fn undo_outdated(run: RunId) -> StoreError {
    StoreError::refused(
        "undo-outdated",
        format!("somebody was edited in the portal since the undo in run {run} was planned"),
        "Plan it again: what was edited is then left as it is.",
    )
}

/// A run without a plan that could be applied.
pub(crate) fn not_planned(run: RunId) -> StoreError {
    StoreError::refused(
        "not-planned",
        format!("Run {run} has no plan that waits to be applied"),
        "Only a plan that waits can be applied, once; look at the list of runs to see how each stands.",
    )
}

/// A token that nobody made, or that was revoked.
pub(crate) fn unknown_token(id: i64) -> StoreError {
    StoreError::refused(
        "unknown-token",
        format!("there is no token {id}"),
        "Look at the list of tokens.",
    )
}

/// The run that a key stands for, which is refused where it stands for another wish.
pub(crate) fn of_wish(same: (i64, String), wish: &str) -> StoreResult<RunId> {
    let (run, known) = same;
    if known == wish {
        return Ok(RunId(run));
    }
    Err(StoreError::refused(
        "key-reused",
        "the idempotency key stands for another request",
        "Ask with a new key.",
    ))
}

/// Somebody else works for the tenant.
pub(crate) fn tenant_busy(tenant: &TenantId) -> StoreError {
    StoreError::refused(
        "tenant-busy",
        format!("another run of the tenant {tenant} is under way"),
        "Wait until it has ended, or stop it first.",
    )
}

/// Somebody else works for the tenant, in the place of this host.
pub(crate) fn lease_lost(tenant: &TenantId) -> StoreError {
    StoreError::refused(
        "lease-lost",
        format!(
            "the database did not hear of this host for too long, and another works for the tenant {tenant} now"
        ),
        "Nothing was written twice, and the other host goes on with the run. If this happens often, look whether this host \
         is overloaded or its way to the database is slow.",
    )
}

/// A plan takes somebody over whom it may not.
pub(crate) fn bad_adoption(fault: &str) -> StoreError {
    StoreError::refused(
        "bad-row",
        format!("the plugin's plan {fault}"),
        "Report this to the plugin's maker; nothing was changed.",
    )
}

/// A plan that should give people other external ids does something else too.
pub(crate) fn not_only_ids(rows: i64) -> StoreError {
    StoreError::refused(
        "bad-row",
        format!(
            "{rows} rows of the plugin's plan to give people other external ids do something else"
        ),
        "Report this to the plugin's maker; nothing was changed.",
    )
}

/// A plan takes somebody over and does something else with the same person.
pub(crate) fn adoption_taken(message: &str) -> StoreError {
    StoreError::refused(
        "adoption-taken",
        message,
        "Report this to the plugin's maker; nothing was changed.",
    )
}

/// Two rows take over one person.
pub(crate) fn adopted_twice() -> StoreError {
    adoption_taken("two rows of the plugin's plan take over one person of the portal")
}

/// Nobody has this id.
pub(crate) fn unknown_person() -> StoreError {
    StoreError::refused(
        "unknown-person",
        "the portal has nobody with this id",
        "Check the id, and the tenant.",
    )
}

/// No seat is left.
pub(crate) fn no_seat(seats: i64) -> StoreError {
    StoreError::refused(
        "licence",
        format!("all {seats} seats of the licence are in use"),
        "Make somebody inactive, or extend the licence.",
    )
}

/// Somebody else has a value of a unique field.
pub(crate) fn value_taken(field: &str) -> StoreError {
    StoreError::Refused(
        Problem::new(
            "unique-conflict",
            format!("somebody else in the portal has this {field}"),
            "Give this person another value, or change the other person first.",
        )
        .of_field(field),
    )
}

/// A field that rows already mean something else by.
pub(crate) fn reserved_field(field: &str) -> StoreError {
    StoreError::refused(
        "reserved-field",
        format!("{field:?} means something else in a plan's rows"),
        "Give the new field another id.",
    )
}

/// A field that there is.
pub(crate) fn field_exists(field: &str) -> StoreError {
    StoreError::refused(
        "field-exists",
        format!("the portal already has a field {field:?}"),
        "Give the new field another id.",
    )
}

/// Checks one operation on settings against its limits.
pub(crate) fn check_operation(operation: &Operation) -> StoreResult<()> {
    let (key, value) = (
        operation.key.len(),
        operation.value.as_ref().map_or(0, Vec::len),
    );
    if (1..=MAX_KEY).contains(&key) && value <= MAX_VALUE {
        return Ok(());
    }
    Err(StoreError::refused(
        "bad-request",
        format!("a key of {key} bytes with a value of {value} bytes is out of its limits"),
        format!("Keys have 1 to {MAX_KEY} bytes, values at most {MAX_VALUE}."),
    ))
}

/// Checks what a tenant's settings take together.
pub(crate) fn check_quota(used: i64) -> StoreResult<()> {
    if used <= QUOTA {
        return Ok(());
    }
    Err(StoreError::refused(
        "state-full",
        format!("the plugin's settings would take {used} of {QUOTA} bytes"),
        "The plugin must keep less; nothing was stored.",
    ))
}

/// A setting is not in the version that was expected.
pub(crate) fn setting_changed(key: &str) -> StoreError {
    StoreError::refused(
        "conflict",
        format!("the setting {key:?} was changed by somebody else"),
        "Read it again and repeat the change.",
    )
}

/// A password without a character.
pub(crate) fn empty_password(name: &str) -> StoreError {
    StoreError::Refused(
        Problem::new(
            "empty-password",
            format!("the password {name:?} is empty"),
            "Enter the password. A directory takes a bind without one for an anonymous bind.",
        )
        .of_field(name),
    )
}

/// No password behind a handle.
pub(crate) fn unknown_credential(tenant: &TenantId) -> StoreError {
    StoreError::refused(
        "unknown-credential",
        format!("the tenant {tenant} has no password behind this handle"),
        "Store the password again.",
    )
}

/// The code of a stored problem; `internal` where there is none.
pub(super) fn code_of(problem: Option<&str>) -> String {
    let problem = problem.and_then(|text| serde_json::from_str::<Problem>(text).ok());
    problem.map_or_else(|| "internal".to_owned(), |problem| problem.code)
}
