//! The data directory, its disk, its key; the files to serve with.

use std::path::Path;

use chrono::{Duration, Utc};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;

use super::{failed, passed, warned};
use crate::Problem;
use crate::contract::types::Stage;
use crate::service::concern;
use crate::service::health::free;
use crate::service::http::Protection;
use crate::store::vault::KeyChoice;

/// How long before its end a certificate is worth a word.
const SOON: Duration = Duration::days(21);

/// All of them, as far as there is a directory.
pub(super) async fn checks(data: &Path, keys: &KeyChoice) -> Vec<Stage> {
    let directory = directory(data);
    if !data.is_dir() {
        return vec![directory];
    }
    vec![directory, disk(data), key(keys).await]
}

fn directory(data: &Path) -> Stage {
    let place = data.display().to_string();
    let problem = if !data.is_dir() {
        Problem::new(
            "data-directory-missing",
            format!("{place} is not there"),
            "Name another with --data or ROLLCALL_DATA, or install a first tenant: that makes it.",
        )
    } else if let Some(mode) = exposed(data) {
        Problem::new(
            "data-directory-exposed",
            format!("{place} can be read by others (mode {mode:03o})"),
            format!("Run: chmod 700 {place}"),
        )
    } else if let Err(error) = tempfile::NamedTempFile::new_in(data) {
        Problem::new(
            "data-directory-unwritable",
            format!("nothing can be written in {place}: {error}"),
            "Run as the user whom it belongs to, or give it to this one; look whether its disk is full or read-only.",
        )
    } else {
        return passed("data directory", &[place]);
    };
    if problem.code == "data-directory-exposed" {
        return warned("data directory", &[], vec![problem]);
    }
    failed("data directory", &[], vec![problem])
}

/// Its mode, where others than its owner may read or enter it.
fn exposed(data: &Path) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(data).ok()?.permissions().mode() & 0o777;
    (mode & 0o077 != 0).then_some(mode)
}

fn disk(data: &Path) -> Stage {
    let Some(free) = free(data) else {
        return passed("disk", &["how full it is cannot be told here".to_owned()]);
    };
    match concern::disk(free) {
        Some(concern) => warned("disk", &[], vec![concern.problem]),
        None => passed("disk", &[format!("{} MiB are free", free / (1 << 20))]),
    }
}

/// Looks only: a key that is not there is not made.
async fn key(keys: &KeyChoice) -> Stage {
    let problem = match concern::key(keys) {
        Some(concern) => concern.problem,
        None => match keys.look().await {
            Ok((id, source)) => return passed("key", &[format!("{id}, from {source}")]),
            Err(problem) => problem,
        },
    };
    failed("key", &[], vec![problem])
}

/// Certificate and key to serve with.
pub(super) fn tls(chain: &Path, key: &Path) -> Stage {
    if let Err(problem) = Protection::tls(chain, key) {
        return failed("certificate", &[], vec![problem]);
    }
    let ends = CertificateDer::pem_file_iter(chain)
        .ok()
        .and_then(|mut all| all.next()?.ok())
        .and_then(|der| {
            let (_, certificate) = X509Certificate::from_der(&der).ok()?;
            chrono::DateTime::from_timestamp(certificate.validity().not_after.timestamp(), 0)
        });
    let Some(ends) = ends else {
        return passed("certificate", &[chain.display().to_string()]);
    };
    let until = format!("{}, until {}", chain.display(), ends.format("%Y-%m-%d"));
    let left = ends - Utc::now();
    let problem = Problem::new(
        "serving-certificate-ends",
        format!(
            "The certificate to serve with {} on {}",
            if left < Duration::zero() {
                "ended"
            } else {
                "ends"
            },
            ends.format("%Y-%m-%d")
        ),
        "Get a new one and start the service again with it.",
    );
    if left < Duration::zero() {
        failed("certificate", &[until], vec![problem])
    } else if left < SOON {
        warned("certificate", &[until], vec![problem])
    } else {
        passed("certificate", &[until])
    }
}
