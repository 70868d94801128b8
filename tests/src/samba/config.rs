//! The server's configuration (`smb.conf(5)`).

use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use crate::server::ServerError;
use crate::server::process::io_error;

/// Who may change everything.
pub(super) const ADMIN: &str = "cn=Administrator,cn=Users,dc=example,dc=org";
/// Good for a server on loopback that lives as long as a test; as complicated as a new domain demands.
pub(super) const ADMIN_PASSWORD: &str = "Administrator-of-tests-1";
/// Kerberos's name for the domain whose suffix is the organisation's.
pub(super) const REALM: &str = "EXAMPLE.ORG";
/// The short name, as in `EXAMPLE\name`.
pub(super) const DOMAIN: &str = "EXAMPLE";
/// The controller's name.
pub(super) const HOST: &str = "dc1";

/// Where an instance's configuration is.
pub(super) fn file(folder: &Path) -> PathBuf {
    folder.join("etc/smb.conf")
}

/// Writes the configuration of an instance in a folder, for LDAP alone, on one address.
pub(super) fn write(folder: &Path, address: Ipv4Addr) -> Result<(), ServerError> {
    for name in ["etc", "run/ncalrpc", "state", "cache"] {
        fs::create_dir_all(folder.join(name)).map_err(io_error("making Samba's folders"))?;
    }
    let at = folder.display();
    // With its mask an address need not be one that an interface was given; all of 127.0.0.0/8 is loopback.
    let text = format!(
        "[global]
netbios name = {HOST}
realm = {REALM}
workgroup = {DOMAIN}
server role = active directory domain controller
server services = ldap
interfaces = {address}/8
bind interfaces only = yes
disable netbios = yes
private dir = {at}/private
lock directory = {at}
state directory = {at}/state
cache directory = {at}/cache
pid directory = {at}/run
ncalrpc dir = {at}/run/ncalrpc
ntp signd socket directory = {at}/run/ntp_signd
winbindd socket directory = {at}/run/winbindd
binddns dir = {at}/bind-dns
log file = {at}/log.samba
log level = 0
tls enabled = yes
tls keyfile = {at}/tls/key.pem
tls certfile = {at}/tls/cert.pem
tls cafile = {at}/tls/ca.pem
"
    );
    fs::write(file(folder), text).map_err(io_error("writing smb.conf"))
}
