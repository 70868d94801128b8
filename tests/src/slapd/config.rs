//! The server's configuration (`slapd-config(5)`).

use std::path::Path;

use rollcall::demo::people::SUFFIX;

use super::Settings;

/// Who may change everything, the configuration too.
pub(super) const ADMIN: &str = "cn=admin,dc=example,dc=org";
/// Good for a server on loopback that lives as long as a test.
pub(super) const ADMIN_PASSWORD: &str = "admin";

/// The most it may hold; the file grows only as far as needed.
const LARGEST: u64 = 12 << 30;

/// The password policy, for tests that add it; without it nobody is locked.
pub(super) const POLICY: &str = "cn=policy,dc=example,dc=org";

/// `try` asks for a certificate, does without one, and refuses a bad one.
const CLIENTS: &str = "olcTLSVerifyClient: try
olcAuthzRegexp: {0}\"^cn=([^,]+),ou=machines$\" \"cn=$1,ou=Services,dc=example,dc=org\"
";

/// The configuration as LDIF, for an instance in a folder.
///
/// `svc-full` has no limits; `svc-sync` pages of at most 1,000, any number of them, and 500 entries without paging;
/// everybody else, so also `svc-weak` and the anonymous, 500 entries in all.
pub(super) fn ldif(
    folder: &Path,
    settings: &Settings,
    schema: &Path,
    modules: Option<&Path>,
) -> String {
    let threads = settings.threads;
    let clients = if settings.asks_clients { CLIENTS } else { "" };
    let folder = folder.display();
    let schema = schema.display();
    let modules = modules.map(load_modules).unwrap_or_default();
    format!(
        r#"dn: cn=config
objectClass: olcGlobal
cn: config
olcPidFile: {folder}/slapd.pid
olcThreads: {threads}
olcSizeLimit: 500
olcIdleTimeout: 0
olcLogLevel: none
olcTLSCACertificateFile: {folder}/ca.crt
olcTLSCertificateFile: {folder}/server.crt
olcTLSCertificateKeyFile: {folder}/server.key
{clients}
{modules}dn: cn=schema,cn=config
objectClass: olcSchemaConfig
cn: schema

include: file://{schema}/core.ldif
include: file://{schema}/cosine.ldif
include: file://{schema}/inetorgperson.ldif

dn: olcDatabase={{-1}}frontend,cn=config
objectClass: olcDatabaseConfig
olcDatabase: {{-1}}frontend
olcAccess: to dn.base="" by * read
olcAccess: to dn.base="cn=subschema" by * read

dn: olcDatabase={{0}}config,cn=config
objectClass: olcDatabaseConfig
olcDatabase: {{0}}config
olcRootDN: {ADMIN}

dn: olcDatabase={{1}}mdb,cn=config
objectClass: olcDatabaseConfig
objectClass: olcMdbConfig
olcDatabase: {{1}}mdb
olcDbDirectory: {folder}/db
olcSuffix: {SUFFIX}
olcRootDN: {ADMIN}
olcRootPW: {ADMIN_PASSWORD}
olcDbMaxSize: {LARGEST}
olcDbEnvFlags: nosync
olcSizeLimit: 500
olcLimits: dn.exact="cn=svc-full,ou=Services,{SUFFIX}" size=unlimited time=unlimited
olcLimits: dn.exact="cn=svc-sync,ou=Services,{SUFFIX}" size.soft=500 size.hard=500
  size.unchecked=unlimited size.pr=1000 size.prtotal=unlimited time=unlimited
olcAccess: to attrs=userPassword by self write by anonymous auth by * none
olcAccess: to * by users read by anonymous read
olcDbIndex: objectClass,entryCSN,entryUUID eq
olcDbIndex: uid,mail,employeeNumber,departmentNumber eq
olcDbIndex: cn,sn eq,sub
olcDbIndex: member,memberOf,manager eq
olcDbIndex: modifyTimestamp eq
olcDbIndex: pwdAccountLockedTime pres

dn: olcOverlay={{0}}memberof,olcDatabase={{1}}mdb,cn=config
objectClass: olcOverlayConfig
objectClass: olcMemberOf
olcOverlay: {{0}}memberof
olcMemberOfGroupOC: groupOfNames
olcMemberOfMemberAD: member
olcMemberOfMemberOfAD: memberOf
olcMemberOfRefint: TRUE

dn: olcOverlay={{1}}refint,olcDatabase={{1}}mdb,cn=config
objectClass: olcOverlayConfig
objectClass: olcRefintConfig
olcOverlay: {{1}}refint
olcRefintAttribute: manager
olcRefintAttribute: member

dn: olcOverlay={{2}}ppolicy,olcDatabase={{1}}mdb,cn=config
objectClass: olcOverlayConfig
objectClass: olcPPolicyConfig
olcOverlay: {{2}}ppolicy
olcPPolicyDefault: {POLICY}
olcPPolicyUseLockout: TRUE

dn: olcOverlay={{3}}syncprov,olcDatabase={{1}}mdb,cn=config
objectClass: olcOverlayConfig
objectClass: olcSyncProvConfig
olcOverlay: {{3}}syncprov
olcSpCheckpoint: 100 10
olcSpSessionlog: 20000
"#
    )
}

fn load_modules(path: &Path) -> String {
    format!(
        "dn: cn=module,cn=config
objectClass: olcModuleList
cn: module
olcModulePath: {}
olcModuleLoad: back_mdb
olcModuleLoad: syncprov
olcModuleLoad: memberof
olcModuleLoad: refint
olcModuleLoad: ppolicy

",
        path.display()
    )
}
