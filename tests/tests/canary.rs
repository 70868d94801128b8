//! A password is used in every way, rightly and wrongly, with the most talkative log; afterwards it is nowhere but in the
//! files that the administrator wrote: not in logs, answers, events and exports, not in the data directory, and not in the
//! memory of the guest. What the search looks through is shown by another text that must be there.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "tests")]

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use rollcall::demo::DemoDirectory;
use rollcall::demo::directory::{Deed, Fault, Options, When};
use rollcall_tests::canary::{Canary, guest_memories};
use rollcall_tests::rollcall::Rollcall;
use rollcall_tests::served::{Reply, Served};
use rollcall_tests::tenancy::{TENANT, Tenancy};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Everything that was told, with where.
#[derive(Default)]
struct Told(Vec<(String, Vec<u8>)>);

impl Told {
    fn add(&mut self, place: impl Into<String>, bytes: impl Into<Vec<u8>>) {
        self.0.push((place.into(), bytes.into()));
    }

    fn holding(&self, canary: &Canary) -> Vec<String> {
        let found = self.0.iter().filter_map(|(place, bytes)| {
            let how = canary.in_bytes(bytes)?;
            Some(format!("{place} ({how})"))
        });
        found.collect()
    }

    fn shows(&self, canary: &Canary, place: &str) -> bool {
        self.holding(canary)
            .iter()
            .any(|found| found.starts_with(place))
    }
}

/// A program, a directory that knows the secret password, and the files of an administrator.
struct Scene {
    secret: Canary,
    /// In the settings: whoever looks finds it.
    shown: Canary,
    tenancy: Tenancy,
    files: TempDir,
    told: Told,
}

impl Scene {
    fn new(rollcall: Rollcall) -> Self {
        let secret = Canary::new("Zeisig-im-Birkenhain");
        let directory = DemoDirectory::start(Options {
            people: 120,
            password: secret.text().to_owned(),
            ..Options::default()
        });
        Self {
            secret,
            shown: Canary::new("Amsel-auf-dem-Dach"),
            tenancy: Tenancy {
                rollcall: rollcall.with_variable("RUST_LOG", "trace"),
                directory: directory.unwrap(),
            },
            files: tempfile::tempdir().unwrap(),
            told: Told::default(),
        }
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.files.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// Runs a command twice, for people and for machines; gives the last exit code.
    fn run(&mut self, arguments: &[&str]) -> i32 {
        let mut code = None;
        for form in [&["-vv"][..], &["-vv", "--json"]] {
            let output = self
                .tenancy
                .rollcall
                .run(&[arguments, form].concat())
                .unwrap();
            let command = format!("{} {}", arguments.join(" "), form.join(" "));
            self.told.add(format!("output of {command}"), output.stdout);
            self.told.add(format!("log of {command}"), output.stderr);
            code = output.status.code();
        }
        code.unwrap()
    }

    fn run_well(&mut self, arguments: &[&str]) {
        let code = self.run(arguments);
        let last = self.told.0.iter().rev().nth(1).unwrap();
        assert_eq!(
            code,
            0,
            "{arguments:?} {}",
            String::from_utf8_lossy(&last.1)
        );
    }

    fn ask(
        &mut self,
        served: &Served,
        method: &str,
        place: &str,
        token: &str,
        body: Option<&Value>,
    ) -> Reply {
        let mut headers = Vec::new();
        let mut tag = String::new();
        if method == "PATCH" {
            let seen = served.get(place, token).unwrap().json();
            tag.push_str(&format!("\"{}\"", seen["digest"].as_str().unwrap()));
            headers.push(("if-match", tag.as_str()));
        }
        let reply = served.ask(method, place, token, body, &headers).unwrap();
        self.told
            .add(format!("answer to {method} {place}"), reply.text.clone());
        reply
    }

    /// Installs, configures, syncs, rotates keys; rightly and wrongly.
    fn commands(&mut self) {
        let right = self.file("right", &self.tenancy.directory.password());
        let wrong = self.file("wrong", &format!("{}-wrong", self.secret.text()));
        let csv = self.files.path().join("unsynced.csv");
        let settings = self.tenancy.settings();
        let filter = format!("--filter=(!(description={}))", self.shown.text());
        let mut configure = vec!["configure", TENANT, "--password-file", &right, &filter];
        configure.extend(settings.iter().map(String::as_str));
        assert_eq!(
            self.tenancy
                .rollcall
                .run(&["install", TENANT, "--allow-loopback"])
                .unwrap()
                .status
                .code(),
            Some(0)
        );
        for well in [
            &configure[..],
            &["map", "store", TENANT, "--suggested"],
            &["verify", TENANT],
            &["preview", TENANT],
            &["plan", TENANT],
            &["sync", TENANT],
            &["export", TENANT, "--output", csv.to_str().unwrap()],
            &["runs", TENANT],
            &["rows", TENANT],
            &["people", "list", TENANT],
            &["tenants"],
            &["key", "show"],
            &["key", "rotate", "--data-keys"],
            &["verify", TENANT],
            &["configure", TENANT, "--password-file", &wrong],
        ] {
            self.run_well(well);
        }
        // It cannot be a CSV and a document at once.
        self.run(&["export", TENANT]);
        let password = format!("--set=password={}", self.secret.text());
        for badly in [
            &["verify", TENANT][..],
            &["sync", TENANT],
            &[
                "configure",
                TENANT,
                "--password-file",
                &wrong,
                "--url=ldap://%",
            ],
            &["configure", TENANT, &password],
        ] {
            assert_ne!(self.run(badly), 0, "{badly:?}");
        }
        self.run_well(&["configure", TENANT, "--password-file", &right]);
        let csv = std::fs::read(csv).unwrap();
        assert!(csv.len() > 200, "the export has people in it");
        self.told.add("the exported file", csv);
    }

    /// Serves, and is asked for everything; rightly and wrongly.
    fn service(&mut self) {
        let answer = self
            .tenancy
            .rollcall
            .expect(0, &["token", "create", "test", "--rank", "admin"]);
        let token = answer.unwrap().at("/secret").as_str().unwrap().to_owned();
        let log = self.files.path().join("log");
        let served = Served::start_logging(
            &self.tenancy.rollcall,
            &["-vv", "--drain", "1"],
            File::create(&log).unwrap(),
        );
        let served = served.unwrap();
        let settings = format!("/api/v1/tenants/{TENANT}/settings");
        let verify = format!("/api/v1/tenants/{TENANT}/verify");
        let secret = self.secret.text().to_owned();
        let store = |password: &str| json!({ "secrets": { "password": password } });

        let wrong = store(&format!("{secret}-wrong"));
        assert_eq!(
            self.ask(&served, "PATCH", &settings, &token, Some(&wrong))
                .status,
            200
        );
        self.ask(&served, "POST", &verify, &token, Some(&json!({})));
        assert_eq!(self.sync(&served, &token), "failed");
        for body in [
            json!(secret),
            json!([secret]),
            json!({ "secrets": secret }),
            json!({ "secrets": { "password": [secret] } }),
            json!({ "secrets": { "pasword": secret } }),
            json!({ "settings": { "password": secret } }),
            json!({ "settings": { "password": { "of": secret } } }),
            json!({ "settings": { "url": "ldap://%" }, "secrets": { "password": secret } }),
        ] {
            let refused = self.ask(&served, "PATCH", &settings, &token, Some(&body));
            assert!((400..500).contains(&refused.status), "{refused:?}");
            let refused = self.ask(&served, "POST", &verify, &token, Some(&body));
            assert!((400..500).contains(&refused.status), "{refused:?}");
        }
        assert_eq!(
            self.ask(&served, "GET", &settings, &secret, None).status,
            401
        );
        let right = store(&self.tenancy.directory.password());
        assert_eq!(
            self.ask(&served, "PATCH", &settings, &token, Some(&right))
                .status,
            200
        );
        assert_eq!(
            self.ask(&served, "POST", &verify, &token, Some(&json!({})))
                .status,
            200
        );
        assert_eq!(self.sync(&served, &token), "applied");
        self.everything(&served, &token);
        self.guest(&served, &token);
        served.end().unwrap();
        let log = std::fs::read(log).unwrap();
        let talks = String::from_utf8_lossy(&log).contains("rollcall::service");
        assert!(talks, "the log is read");
        self.told.add("the service's log", log);
    }

    /// Syncs, and listens; gives how it ended.
    fn sync(&mut self, served: &Served, token: &str) -> String {
        let runs = format!("/api/v1/tenants/{TENANT}/runs");
        let run = self
            .ask(
                served,
                "POST",
                &runs,
                token,
                Some(&json!({ "mode": "full" })),
            )
            .json();
        let run = run["id"].as_i64().unwrap();
        let events = self.ask(served, "GET", &format!("{runs}/{run}/events"), token, None);
        assert!(events.text.contains("data:"), "{events:?}");
        self.ask(served, "GET", &format!("{runs}/{run}/rows"), token, None);
        let over = served.over(TENANT, run, token).unwrap();
        self.told.add("the run", over.to_string());
        over["status"].as_str().unwrap().to_owned()
    }

    /// Asks for everything that can be looked at.
    fn everything(&mut self, served: &Served, token: &str) {
        let document = serde_json::to_value(rollcall::service::http::document()).unwrap();
        let mut asked = 0;
        for (path, methods) in document["paths"].as_object().unwrap() {
            if methods.get("get").is_some() {
                let place = path
                    .replace("{tenant}", TENANT)
                    .replace("{run}", "1")
                    .replace("{id}", "1");
                let reply = self.ask(served, "GET", &place, token, None);
                asked += usize::from(reply.status == 200);
            }
        }
        for place in ["/metrics", "/readyz", "/nowhere"] {
            self.ask(served, "GET", place, token, None);
        }
        assert!(asked > 10, "{asked}");
    }

    /// Looks into the memory of a guest while the directory does not answer: to a bind with the password, and to a search
    /// after one.
    fn guest(&mut self, served: &Served, token: &str) {
        let runs = format!("/api/v1/tenants/{TENANT}/runs");
        for when in [When::Bind, When::EveryPage] {
            self.tenancy
                .directory
                .set_faults(vec![Fault::always(when, Deed::Silence)]);
            let asked = self.ask(
                served,
                "POST",
                &runs,
                token,
                Some(&json!({ "mode": "full" })),
            );
            let run = asked.json()["id"].as_i64().unwrap();
            let until = Instant::now() + Duration::from_secs(30);
            let holding = |canary: &Canary| {
                let memories = guest_memories(served.process()).unwrap();
                memories
                    .iter()
                    .any(|bytes| canary.in_bytes(bytes).is_some())
            };
            while !holding(&self.shown) {
                assert!(
                    Instant::now() < until,
                    "no guest with the settings is found"
                );
                std::thread::sleep(Duration::from_millis(50));
            }
            // It has said what it asks for, and waits for the answer.
            std::thread::sleep(Duration::from_millis(500));
            for memory in guest_memories(served.process()).unwrap() {
                self.told
                    .add(format!("a guest's memory at {when:?}"), memory);
            }
            assert!(
                self.told
                    .shows(&self.shown, &format!("a guest's memory at {when:?}"))
            );
            self.ask(
                served,
                "POST",
                &format!("{runs}/{run}/stop"),
                token,
                Some(&json!({})),
            );
            self.tenancy.directory.set_faults(Vec::new());
            served.over(TENANT, run, token).unwrap();
        }
    }

    /// The keys are in their files and nowhere else.
    fn keys(&self) -> Vec<Canary> {
        let files = std::fs::read_dir(self.tenancy.rollcall.data()).unwrap();
        let paths = files.map(|file| file.unwrap().path());
        let keys: Vec<PathBuf> = paths.filter(|path| is_key(path)).collect();
        assert_eq!(
            keys.len(),
            7,
            "the key now, and those before three rotations, each run twice: {keys:?}"
        );
        keys.iter()
            .map(|path| Canary::of(&std::fs::read(path).unwrap()))
            .collect()
    }
}

fn is_key(path: &Path) -> bool {
    path.file_name()
        .is_some_and(|name| name.to_string_lossy().starts_with("secrets.key"))
}

/// Each of its disguises, by itself: what writes it so is not what searches for it.
fn disguised(text: &str) -> Vec<Vec<u8>> {
    let wide = |order: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(order).collect();
    let hex: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    let mut all = vec![
        text.into(),
        format!("uid=a:{text}@example").into(),
        hex.clone().into(),
        hex.to_uppercase().into(),
        text.bytes()
            .map(|byte| format!("%{byte:02X}"))
            .collect::<String>()
            .into(),
        format!("{:?}", text.as_bytes()).into(),
        wide(u16::to_le_bytes),
        wide(u16::to_be_bytes),
        text.chars().rev().collect::<String>().into(),
    ];
    for before in ["", "a", "ab", "abc", "uid=a:"] {
        for after in ["", "x", "xy"] {
            let around = format!("{before}{text}{after}");
            all.push(BASE64_STANDARD.encode(&around).into());
            all.push(BASE64_URL_SAFE_NO_PAD.encode(&around).into());
        }
    }
    all
}

#[test]
fn the_search_finds_a_secret_however_it_is_written_and_nothing_where_it_is_not() {
    let (secret, other) = (Canary::new("Zeisig"), Canary::new("Amsel"));
    let folder = tempfile::tempdir().unwrap();
    let deep = folder.path().join("a/b");
    std::fs::create_dir_all(&deep).unwrap();
    let noise: Vec<u8> = (0..4_000_u32)
        .map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()[2])
        .collect();
    for (number, written) in disguised(secret.text()).iter().enumerate() {
        let bytes = [&noise, &written[..], &noise].concat();
        assert!(
            secret.in_bytes(&bytes).is_some(),
            "disguise {number}: {}",
            String::from_utf8_lossy(written)
        );
        assert_eq!(other.in_bytes(&bytes), None);
        std::fs::write(deep.join(number.to_string()), bytes).unwrap();
    }
    let planted = disguised(secret.text()).len();
    let (found, read) = secret.in_files(folder.path()).unwrap();
    assert_eq!((found.len(), read), (planted, planted));
    assert_eq!(
        other.in_files(folder.path()).unwrap(),
        (Vec::new(), planted)
    );
}

#[test]
fn a_password_is_in_no_log_no_answer_no_export_no_file_and_no_guest() {
    let mut scene = Scene::new(Rollcall::new().unwrap());
    scene.commands();
    scene.service();
    scene.run_well(&["key", "rotate"]);
    scene.run_well(&["key", "rotate", "--data-keys"]);
    scene.run_well(&["sync", TENANT]);

    let data = scene.tenancy.rollcall.data();
    // It was looked where something is.
    for place in [
        "output of",
        "answer to GET",
        "a guest's memory at EveryPage",
    ] {
        assert!(scene.told.shows(&scene.shown, place), "{place}");
    }
    let (shown, read) = scene.shown.in_files(data).unwrap();
    assert!(
        shown.iter().any(|file| file.contains("rollcall.db")),
        "{shown:?}"
    );
    assert!(
        read >= 5,
        "the database, keys, the policy, the compiled plugin"
    );

    assert_eq!(scene.told.holding(&scene.secret), [""; 0]);
    assert_eq!(scene.secret.in_files(data).unwrap().0, [""; 0]);
    for key in scene.keys() {
        assert_eq!(scene.told.holding(&key), [""; 0]);
        let (found, _) = key.in_files(data).unwrap();
        let elsewhere: Vec<_> = found
            .iter()
            .filter(|file| !file.contains("/secrets.key"))
            .collect();
        assert_eq!(elsewhere, [""; 0]);
    }
}
