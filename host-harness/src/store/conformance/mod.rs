//! What every store must do, whatever its database: the ports' promises as tests.
//!
//! A database joins with an [`Engine`] and one line: `conformance!(ItsEngine);`.
//!
//! - [`people`]: rows, proofs and whole runs, short to write
//! - [`plans`]: recording, finishing, approving; [`apply`]: applying, exchanging, being killed
//! - [`links`]: fields that hold other people
//! - [`adoption`]: rows that take a person of the portal over
//! - [`runs`]: listing runs, and what they came to
//! - [`queue`]: runs that wait, and who is due; [`leases`]: who works for a tenant; [`access`]: tokens and deeds
//! - [`users`]: who may log in, who has, and who tries
//! - [`overview`]: what an operator looks at
//! - [`migration`]: rows that give people other external ids
//! - [`tenancy`]: what tenants may connect to, components side by side, receipts
//! - [`history`]: failures over the runs; [`retention`]: rows that are kept no longer
//! - [`texts`]: whatever characters, in whatever length
//! - [`keys`]: with which key passwords open
//! - [`keeping`]: portal, settings, passwords, installations, and that tenants see nothing of each other

use std::path::Path;

use crate::Problem;
use crate::store::Database;
use crate::store::vault::{KeyChoice, KeyTable, Vault};

pub(crate) mod access;
pub(crate) mod adoption;
pub(crate) mod apply;
pub(crate) mod history;
pub(crate) mod keeping;
pub(crate) mod keys;
pub(crate) mod leases;
pub(crate) mod links;
pub(crate) mod migration;
pub(crate) mod overview;
pub(crate) mod people;
pub(crate) mod plans;
pub(crate) mod queue;
pub(crate) mod retention;
pub(crate) mod runs;
pub(crate) mod tenancy;
pub(crate) mod texts;
pub(crate) mod users;

/// All ports of a store.
pub(crate) trait Ports: Database {}
impl<S: Database> Ports for S {}

/// A database under test.
pub(crate) trait Engine {
    /// Its store.
    type Store: Ports;
    /// Opens what is in a directory, or makes it.
    async fn open(data_dir: &Path) -> Self::Store {
        Self::open_with(data_dir, KeyChoice::beside(data_dir))
            .await
            .unwrap()
    }
    /// The same, with a key from elsewhere.
    async fn open_with(data_dir: &Path, keys: KeyChoice) -> Result<Self::Store, Problem>;
    /// Does something to the database behind the store's back.
    async fn execute(data_dir: &Path, sql: &str);
    /// Bytes as a literal of its SQL.
    fn bytes(bytes: &[u8]) -> String;
    /// What a store keeps of keys, and the keys that it has.
    fn keys(store: &Self::Store) -> (&dyn KeyTable, &Vault);
}

/// Makes a test of each promise, for one engine; with an attribute for all of them, as for a database that must be installed.
macro_rules! conformance {
    ($attribute:meta; $engine:ty: $($module:ident { $($test:ident,)* })*) => {
        $(mod $module {
            use super::*;
            $(#[tokio::test]
            #[$attribute]
            async fn $test() {
                crate::store::conformance::$module::$test::<$engine>().await;
            })*
        })*
    };
    ($engine:ty) => {
        conformance!($engine, cfg(test));
    };
    ($engine:ty, $attribute:meta) => {
        conformance! { $attribute; $engine:
            keeping {
                what_is_installed_is_remembered_and_forgotten,
                settings_change_all_or_nothing,
                passwords_come_back_by_handle_only,
                it_is_known_which_passwords_there_are,
                people_edited_by_hand_are_marked_so,
                who_is_made_active_by_hand_is_absent_no_more,
                a_field_cannot_be_called_what_rows_say_beside_fields,
                tenants_see_nothing_of_each_other,
                who_was_absent_or_edited_is_pending_and_anybody_is_indexed_by_id,
            }
            access {
                a_token_is_found_by_its_hash_until_it_is_revoked,
                deeds_are_listed_the_newest_first_by_tenant,
                deeds_are_found_by_who_by_what_and_by_when,
            }
            users {
                a_user_is_added_once_changed_and_listed,
                whoever_may_give_others_access_stays_one,
                a_session_is_found_until_it_is_over_or_ended,
                a_session_ends_with_every_change_of_its_user,
                a_session_needs_the_password_that_was_checked,
                a_user_has_only_so_many_sessions,
                a_set_up_secret_is_good_once_and_for_a_while,
                set_up_secrets_are_good_beside_each_other_until_they_are_forgotten_or_one_is_used,
                a_set_up_secret_is_used_once_however_many_try_at_once,
                whoever_fails_often_waits_and_others_do_not,
                whoever_succeeds_begins_anew,
                an_address_waits_but_whoever_is_known_there_does_not,
                tries_at_once_all_count,
            }
            leases {
                one_works_for_a_tenant_at_a_time,
                whoever_holds_the_lease_can_write,
            }
            keys {
                rows_exchanged_between_tenants_names_or_handles_do_not_open,
                another_key_is_refused_at_once_and_told_which_is_needed,
                who_is_gone_has_no_data_key,
                passwords_of_an_older_version_come_under_data_keys,
                passwords_of_an_older_version_are_left_alone_without_their_key,
                a_rotation_that_is_killed_anywhere_loses_nothing_and_goes_on,
                passwords_are_sealed_anew_only_where_data_keys_are,
                a_host_at_work_takes_a_replaced_key_file_and_no_key_it_has_not,
                a_replacement_of_the_key_file_that_is_killed_goes_on,
            }
            runs {
                runs_are_listed_from_any_one_on_and_by_how_they_stand,
                a_run_that_is_over_keeps_its_counts_and_an_open_one_is_counted,
                an_ended_run_keeps_what_was_planned_and_what_of_it_was_done,
                figures_tell_of_the_runs_since_a_moment,
                the_reasons_of_a_run_are_each_told_once,
                a_person_is_found_in_a_plan_by_the_external_id_alone,
                a_plan_that_is_thrown_away_says_why,
                what_was_asked_for_stays_known,
                those_whom_syncs_brought_are_counted_apart,
            }
            overview {
                a_tenant_fails_from_a_failed_run_to_the_next_that_does_not,
                tenants_are_known_by_runs_that_wait_and_runs_under_way,
                passwords_are_tried_and_do_not_open_where_they_are_altered,
            }
            queue {
                what_is_asked_for_waits_once_and_begins_once,
                a_dry_run_is_not_what_a_sync_becomes,
                the_same_key_is_the_same_run_for_ever,
                a_run_is_stopped_where_it_stands,
                every_key_is_kept_and_stands_for_one_wish,
                a_key_of_what_is_done_at_once_stands_for_it_and_for_one_tenant,
                a_released_plan_waits_to_be_applied,
                the_plan_of_a_sync_waits_to_be_applied_whoever_made_it,
                who_is_due_is_met_once_however_many_hosts_look,
                when_somebody_is_due_is_stored_with_the_timetable_or_not_at_all,
                what_somebody_stopped_is_not_asked_for_again,
            }
            tenancy {
                what_a_tenant_may_connect_to_is_kept_and_forgotten_with_its_plugin,
                what_was_decided_is_not_decided_again_by_a_file,
                another_component_keeps_the_one_before_until_nobody_could_go_back,
                only_whoever_has_a_plugin_is_given_another,
                a_receipt_is_kept_until_the_next_and_is_its_tenants_own,
                whoever_reached_a_tenant_that_left_reads_the_receipt_and_reaches_the_next_no_more,
            }
            texts {
                texts_with_every_character_are_kept_found_and_given_back,
                what_people_and_plugins_keep_may_hold_every_character,
                external_ids_are_in_the_order_of_their_bytes,
                unique_values_may_be_long,
            }
            plans {
                rows_are_read_back_as_recorded,
                a_second_row_for_a_person_is_refused,
                rejected_rows_become_unsynced_and_keep_their_values,
                the_other_of_a_duplicate_is_named_by_its_row,
                absence_needs_a_complete_proof,
                the_digest_is_over_the_rows,
                a_tripped_guard_holds_the_plan_until_its_digest_is_approved,
                a_new_run_takes_the_place_of_an_open_one,
                a_changed_configuration_stops_the_plan,
                a_refused_approval_does_not_take_effect_later,
                seats_are_guarded,
                an_uninstall_deactivates_and_does_nothing_else,
                unsynced_people_come_in_portions_where_they_are_large,
            }
            links {
                links_join_the_rows_that_people_have_and_make_rows_of_the_others,
                links_that_break_the_contract_are_refused,
                the_digest_is_over_the_links_too,
                who_did_not_come_is_nobodys_manager,
                a_plan_thrown_away_halfway_leaves_no_link_to_nobody,
                a_killed_run_applies_its_links_once,
            }
            apply {
                people_are_created_changed_and_made_inactive,
                an_unchanged_portal_needs_no_row,
                who_was_made_inactive_by_hand_stays_so,
                people_exchange_unique_values,
                a_long_chain_is_applied_together,
                a_conflict_fails_its_row_alone,
                an_edit_made_after_the_plan_stays_marked,
                a_killed_run_goes_on_where_it_was,
                what_an_interrupted_run_has_left_can_be_thrown_away,
                absences_are_noted_and_cleared,
                the_checkpoint_is_kept_with_the_last_row,
                a_refused_row_leaves_no_checkpoint,
            }
            adoption {
                who_was_entered_by_hand_is_taken_over,
                who_is_inactive_by_hand_stays_so_and_who_is_by_a_sync_does_not,
                nobody_is_taken_over_twice,
                a_rejected_adoption_takes_nobody_over,
                nobody_is_taken_over_against_the_settings,
                nobody_is_taken_over_who_is_not_there_as_the_row_says,
                who_has_another_external_id_is_taken_over_with_a_proof_only,
                who_is_taken_over_has_no_other_row,
                what_the_taken_over_give_up_others_get,
                a_killed_adoption_goes_on_where_it_was,
                many_adoptions_wait_for_an_approval,
            }
            history {
                a_failure_keeps_its_identity_until_the_person_is_brought_over,
                what_the_portal_refused_is_a_failure_too,
                a_run_of_changes_closes_whom_it_read_or_brought_over,
                an_incomplete_run_closes_whom_it_brought_over_alone,
                what_an_undo_leaves_alone_is_no_failure,
                failures_are_listed_by_code_in_pieces_and_of_one_tenant,
                the_open_ones_are_exported_with_their_values,
                an_uninstall_forgets_failures,
                causes_are_counted_over_all_and_of_one_run,
            }
            retention {
                rows_kept_long_enough_go_and_the_line_of_the_run_stays,
                the_newest_applied_run_and_open_ones_keep_their_rows,
                nothing_goes_for_ever_or_while_a_run_is_under_way,
                a_failure_keeps_its_text_when_its_row_is_gone,
            }
            migration {
                a_migration_of_one_person_waits_for_an_approval_and_then_changes_the_id_alone,
                a_migration_changes_nothing_but_external_ids,
                a_killed_migration_goes_on_where_it_was_and_whoever_is_named_stays_named,
                half_a_migration_thrown_away_leaves_everybody_with_one_id_and_their_manager,
                whoever_is_absent_stays_so_through_a_migration,
            }
        }
    };
}
pub(crate) use conformance;
