//! What the acceptance tests stand on.
//!
//! - [`acceptance`]: the main job, the same for every kind of server
//! - [`canary`]: a secret that is searched for
//! - [`component`]: small components that are no good plugins
//! - [`conformance`]: what must hold of every directory profile, on a directory of its kind
//! - [`contents`]: what a data directory's database holds
//! - [`ds389`]: a real 389 Directory Server
//! - [`exposition`]: numbers as Prometheus reads them
//! - [`many`]: many tenants on one database, and the hosts that serve them
//! - [`measure`]: what a command costs
//! - [`photos`]: which photos come over, the same for every kind of server
//! - [`portal`]: the portal's database, read beside the program
//! - [`postgres`]: a real PostgreSQL server, with databases for the program
//! - [`reading`]: a real server, read with `ldapsearch`
//! - [`refusal`]: calls that are to be refused, and to leave everything as it was
//! - [`roles`]: roles by group on a real server
//! - [`samba`]: a real Samba Active Directory domain controller
//! - [`served`]: the program as a service, asked by HTTP
//! - [`server`]: what every real server has in common
//! - [`site`]: a server and the program's data directory together
//! - [`slapd`]: a real OpenLDAP server, filled from the generator
//! - [`rollcall`](mod@rollcall): the built program, run on a data directory of its own
//! - [`tenancy`]: a tenant of that program on a demo directory that can be told to fail
//! - [`visitor`]: somebody at the console

pub mod acceptance;
pub mod browser;
pub mod canary;
pub mod coming;
pub mod component;
pub mod conformance;
pub mod contents;
pub mod ds389;
pub mod exposition;
pub mod histories;
pub mod many;
pub mod measure;
pub mod photos;
pub mod portal;
pub mod postgres;
pub mod reading;
pub mod refusal;
pub mod roles;
pub mod rollcall;
pub mod samba;
pub mod served;
pub mod server;
pub mod site;
pub mod slapd;
pub mod tenancy;
pub mod visitor;
