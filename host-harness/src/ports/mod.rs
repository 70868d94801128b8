//! What the host needs from the outside, as small traits by concern; adapters stand behind them.
//!
//! Every call names its tenant. An import handed to a plugin is bound to one tenant before the plugin
//! runs, so no plugin can name another.
//!
//! - [`access`]: who may do what, and who did
//! - [`directory`]: LDAP, read-only
//! - [`portal`]: the people database as it stands, for plugins read-only
//! - [`plan`]: runs, their rows, and applying them to the portal
//! - [`history`]: who could not be brought over, and how long rows are kept
//! - [`queue`]: runs that wait for a host, and when each tenant is due
//! - [`endpoints`]: what each tenant's plugin may connect to
//! - [`hosts`]: which processes serve
//! - [`leases`]: who works for a tenant
//! - [`overview`]: what an operator looks at, over all tenants
//! - [`state`]: the plugin's own settings
//! - [`receipts`]: what an uninstall removed and left
//! - [`secrets`]: credentials behind handles
//! - [`tenants`]: which tenants there are and what is installed for each
//! - [`users`]: who may log in, who has, and who tries
//! - [`versions`]: which component a tenant is pinned to, and had before

pub mod access;
pub mod directory;
pub mod endpoints;
pub mod history;
pub mod hosts;
pub mod leases;
pub mod overview;
pub mod plan;
pub mod portal;
pub mod queue;
pub mod receipts;
pub mod secrets;
pub mod state;
pub mod tenants;
pub mod users;
pub mod versions;

pub use access::Access;
pub use directory::{Changes, Cursor, Directory, OpenChanges, OpenCursor, OpenSession, Session};
pub use endpoints::Endpoints;
pub use history::History;
pub use hosts::Hosts;
pub use leases::{Lease, Leases};
pub use overview::Overview;
pub use plan::{Plans, RunId};
pub use portal::{Brought, PersonEdit, Portal, PortalDesk, Whom};
pub use queue::Queue;
pub use receipts::Receipts;
pub use secrets::Secrets;
pub use state::State;
pub use tenants::{TenantId, Tenants};
pub use users::Users;
pub use versions::Versions;

/// What every port returns: a value, or a [`crate::Problem`] that can be shown to a person.
pub type Outcome<T> = Result<T, crate::Problem>;
