//! What must hold of every directory profile, on a directory of its kind: the demo's, or a real server.
//!
//! A directory takes part by being a [`Subject`]: it says how it is reached and who is in it, and lets people be
//! disabled, renamed, moved, removed and hired. [`conforms`] does the rest, through the built program, by the profile's own
//! filter, rules and ids.

use std::collections::BTreeSet;

use rollcall::demo::people::SUFFIX;
use rollcall::demo::{DemoDirectory, Entry};
use rollcall_plugin::profile::{Profile, by_id};
use serde_json::Value;

use crate::portal::{PlanRow, Portal};
use crate::rollcall::{Answer, Rollcall};
use crate::site::{Outcome, run_of};
use crate::tenancy::{TENANT, program, trouble};

/// Somebody in a directory who can be synced.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Who {
    /// The entry's name there.
    pub dn: String,
    /// The id that the portal must know the person by.
    pub external_id: String,
    /// The user name.
    pub username: String,
    /// The mail address, in lower case.
    pub email: String,
}

/// A directory to try a profile on. It needs at least ten people without troubles, and nobody disabled.
pub trait Subject {
    /// The id of the profile that it must be recognised by.
    fn profile(&self) -> &str;

    /// Arguments of `configure` by which it is reached: URL, security, authority, bind name and base. Nothing in them says
    /// what kind of directory it is, and nothing stands instead of the profile's filter and rules.
    fn settings(&self) -> Vec<String>;

    /// The password that goes with them.
    fn password(&self) -> String;

    /// Everybody below the base.
    fn people(&self) -> Vec<Who>;

    /// Disables an account, as an administrator of this kind of directory does.
    ///
    /// # Errors
    /// The directory's, as for all changes below.
    fn disable(&self, dn: &str) -> Outcome<()>;

    /// Enables it again.
    ///
    /// # Errors
    /// See [`Self::disable`].
    fn enable(&self, dn: &str) -> Outcome<()>;

    /// Gives a person another user name, and the entry another name; returns the latter.
    ///
    /// # Errors
    /// See [`Self::disable`].
    fn rename(&self, dn: &str, username: &str) -> Outcome<String>;

    /// Moves an entry to another place below the base; returns its name there.
    ///
    /// # Errors
    /// See [`Self::disable`].
    fn transfer(&self, dn: &str) -> Outcome<String>;

    /// Removes an entry.
    ///
    /// # Errors
    /// See [`Self::disable`].
    fn remove(&self, dn: &str) -> Outcome<()>;

    /// Adds a person, and says who it is but for the id, which the directory makes.
    ///
    /// # Errors
    /// See [`Self::disable`].
    fn hire(&self, username: &str) -> Outcome<Who>;
}

/// A program with a tenant on a subject.
#[derive(Debug)]
pub struct Trial {
    /// The program on its data directory.
    pub rollcall: Rollcall,
}

impl Trial {
    /// Installed and configured, with more arguments of `configure`. No guard stands in the way.
    ///
    /// # Errors
    /// Where a command does not end well.
    pub fn of(subject: &dyn Subject, more: &[&str]) -> Outcome<Self> {
        let rollcall = program()?;
        rollcall.expect(0, &["install", TENANT, "--allow-loopback"])?;
        let file = rollcall.password_file(&subject.password())?;
        let mut arguments = vec![
            "configure".to_owned(),
            TENANT.to_owned(),
            format!("--password-file={}", file.display()),
            "--leavers=deactivate".to_owned(),
            "--set=guard-count=1000000".to_owned(),
            "--set=guard-percent=100".to_owned(),
        ];
        // What is said here stands instead of what the subject says.
        let name = |argument: &str| argument.split('=').next().map(str::to_owned);
        let given: Vec<_> = more.iter().map(|argument| name(argument)).collect();
        let settings = subject.settings().into_iter();
        arguments.extend(settings.filter(|argument| !given.contains(&name(argument))));
        arguments.extend(more.iter().map(|argument| (*argument).to_owned()));
        let configured = rollcall.expect(0, &arguments)?;
        let warnings = configured.at("/warnings").as_array();
        let hides = |warning: &Value| warning["code"] == "filter-hides-disabled";
        if warnings.is_some_and(|warnings| warnings.iter().any(hides)) {
            return Err(trouble("the filter hides disabled accounts"));
        }
        Ok(Self { rollcall })
    }

    /// Runs a command for the tenant.
    ///
    /// # Errors
    /// Where it does not end well.
    pub fn ask(&self, command: &[&str]) -> Outcome<Answer> {
        let mut arguments = command.to_vec();
        arguments.insert(1, TENANT);
        Ok(self.rollcall.expect(0, &arguments)?)
    }

    /// The portal's database.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn portal(&self) -> Outcome<Portal> {
        Ok(Portal::of(self.rollcall.data())?)
    }

    /// Syncs, and gives the rows of the plan.
    ///
    /// # Errors
    /// Where it does not end well.
    pub fn sync(&self) -> Outcome<Vec<PlanRow>> {
        self.sync_ending(0)
    }

    /// Syncs, expects an exit code, and gives the rows of the plan.
    ///
    /// # Errors
    /// Where it ends otherwise.
    pub fn sync_ending(&self, exit: i32) -> Outcome<Vec<PlanRow>> {
        let answer = self.rollcall.expect(exit, &["sync", TENANT])?;
        Ok(self.portal()?.rows(run_of(&answer))?)
    }

    /// Syncs, and expects one row: its kind, its reason and whose it is.
    ///
    /// # Errors
    /// Where the plan has another row or several.
    pub fn sync_one(&self, kind: &str, reason: &str, external_id: &str) -> Outcome<PlanRow> {
        let rows = self.sync()?;
        match rows.as_slice() {
            [row] if (row.kind, &*row.reason, &*row.external_id) == (kind, reason, external_id) => {
                Ok(row.clone())
            }
            _ => Err(trouble(format!(
                "expected {kind} ({reason}) of {external_id}: {rows:?}"
            ))),
        }
    }

    /// Syncs, and expects no row.
    ///
    /// # Errors
    /// Where there is one.
    pub fn sync_nothing(&self) -> Outcome<()> {
        match self.sync()? {
            rows if rows.is_empty() => Ok(()),
            rows => Err(trouble(format!("expected no rows: {rows:?}"))),
        }
    }

    /// What verify, explain and preview say of a person who is disabled.
    ///
    /// # Errors
    /// Where a command does not end well.
    pub fn told_of_disabled(&self, dn: &str) -> Outcome<[String; 3]> {
        let stage = |answer: &Answer, name: &str| {
            let stages = answer.at("/stages").as_array().cloned().unwrap_or_default();
            let stage = stages.into_iter().find(|stage| stage["name"] == name);
            stage
                .map(|stage| stage["evidence"].to_string())
                .unwrap_or_default()
        };
        let verified = self.ask(&["verify"])?;
        let explained = self.ask(&["explain", dn])?;
        let previewed = self.ask(&["preview", dn])?;
        Ok([
            stage(&verified, "sample"),
            stage(&explained, "status"),
            previewed.at("/problems").to_string(),
        ])
    }
}

/// A profile on a directory of its kind: recognised with evidence; everybody comes over by the right id; nothing happens
/// twice; a rename and a move are updates; who is disabled is deactivated, and reactivated when enabled; a leaver leaves; and
/// who is hired comes.
///
/// # Errors
/// What does not hold.
pub fn conforms(subject: &dyn Subject) -> Outcome<()> {
    let profile = by_id(subject.profile()).ok_or_else(|| trouble("no such profile"))?;
    let people = subject.people();
    let [disabled, renamed, moved, leaver, ..] = people.as_slice() else {
        return Err(trouble("too few people"));
    };
    let trial = Trial::of(subject, &[])?;
    recognised(&trial, profile, people.len())?;
    let rows = trial.sync()?;
    if let Some(row) = rows.iter().find(|row| row.kind != "create") {
        return Err(trouble(format!("expected only new people: {row:?}")));
    }
    everybody(&trial, people.iter())?;
    trial.sync_nothing()?;

    disables(subject, &trial, profile, disabled)?;

    let name = format!("{}-x", renamed.username);
    let dn = subject.rename(&renamed.dn, &name)?;
    let renamed = Who {
        dn,
        username: name,
        ..renamed.clone()
    };
    trial.sync_one("update", "renamed", &renamed.external_id)?;
    let moved = Who {
        dn: subject.transfer(&moved.dn)?,
        ..moved.clone()
    };
    trial.sync_one("update", "renamed", &moved.external_id)?;

    subject.remove(&leaver.dn)?;
    trial.sync_one("deactivate", "absent", &leaver.external_id)?;
    let mut hired = subject.hire("new.hire")?;
    let rows = trial.sync()?;
    hired.external_id = match rows.as_slice() {
        [row] if row.kind == "create" => row.external_id.clone(),
        _ => return Err(trouble(format!("expected one new person: {rows:?}"))),
    };
    trial.sync_nothing()?;
    let same = people.iter().filter(|who| {
        ![&renamed, &moved, leaver]
            .iter()
            .any(|other| other.external_id == who.external_id)
    });
    everybody(&trial, same.chain([&renamed, &moved, &hired]))
}

fn recognised(trial: &Trial, profile: &Profile, people: usize) -> Outcome<()> {
    let report = trial.ask(&["verify"])?;
    let evidence = report.at("/evidence").as_array();
    let told = evidence.is_some_and(|facts| {
        let speaks = |fact: &Value| fact.as_str().is_some_and(|fact| fact.contains("root DSE"));
        facts.iter().any(speaks)
    });
    if *report.at("/profile") != profile.id || !told {
        return Err(trouble(format!(
            "it is taken for {} because of {}",
            report.at("/profile"),
            report.at("/evidence")
        )));
    }
    let tally = report.at("/tally");
    let counted = |name: &str| tally[name].as_u64().and_then(|n| usize::try_from(n).ok());
    if counted("matched") != Some(people) || counted("would_fail") != Some(0) {
        return Err(trouble(format!("of {people} people: {tally}")));
    }
    Ok(())
}

/// The active people of the portal are these, with their ids, names, user names and addresses.
fn everybody<'w>(trial: &Trial, people: impl Iterator<Item = &'w Who>) -> Outcome<()> {
    let wanted: BTreeSet<Who> = people.cloned().collect();
    let there = trial.portal()?.people(TENANT)?;
    let text = |value: Option<&String>| value.cloned().unwrap_or_default();
    let found: BTreeSet<Who> = there
        .into_iter()
        .filter(|(_, person)| person.active)
        .map(|(external_id, person)| Who {
            dn: person.dn,
            external_id,
            username: text(person.values.get("username")),
            email: text(person.values.get("email")),
        })
        .collect();
    if wanted == found {
        return Ok(());
    }
    let missing: Vec<_> = wanted.difference(&found).take(3).collect();
    let strange: Vec<_> = found.difference(&wanted).take(3).collect();
    Err(trouble(format!("missing {missing:?}, instead {strange:?}")))
}

fn disables(subject: &dyn Subject, trial: &Trial, profile: &Profile, who: &Who) -> Outcome<()> {
    subject.disable(&who.dn)?;
    let Some(rule) = profile
        .disabled_when(0)
        .map_err(|problem| trouble(problem.message))?
    else {
        // Directories of this kind do not say it, so nothing is concluded; a rule of the site's own would say it.
        trial.sync_nothing()?;
        return subject.enable(&who.dn);
    };
    let attributes = rule.attributes();
    for told in trial.told_of_disabled(&who.dn)? {
        if !attributes
            .iter()
            .any(|name| told.contains(&format!("{name} is ")))
        {
            return Err(trouble(format!("what disabled is not told: {told}")));
        }
    }
    trial.sync_one("deactivate", "disabled", &who.external_id)?;
    trial.sync_nothing()?;
    subject.enable(&who.dn)?;
    trial.sync_one("reactivate", "returned", &who.external_id)?;
    trial.sync_nothing()
}

impl Subject for DemoDirectory {
    fn profile(&self) -> &str {
        self.vendor().profile()
    }

    fn settings(&self) -> Vec<String> {
        vec![
            "--security=plain".to_owned(),
            format!("--url=ldap://127.0.0.1:{}", self.port()),
            format!("--bind-name={}", self.bind_name()),
            format!("--base-dn={}", self.vendor().people()),
        ]
    }

    fn password(&self) -> String {
        DemoDirectory::password(self)
    }

    fn people(&self) -> Vec<Who> {
        let people = self.organisation().manifest();
        let who = people.map(|person| Who {
            dn: self.vendor().dn(&person.dn),
            external_id: person.external_id,
            username: person.username,
            email: person.email,
        });
        who.collect()
    }

    fn disable(&self, dn: &str) -> Outcome<()> {
        Ok(DemoDirectory::disable(self, dn)?)
    }

    fn enable(&self, dn: &str) -> Outcome<()> {
        Ok(DemoDirectory::enable(self, dn)?)
    }

    fn rename(&self, dn: &str, username: &str) -> Outcome<String> {
        let attribute = self.vendor().attribute("uid");
        let dn = DemoDirectory::rename(self, dn, &self.vendor().rdn(username))?;
        self.set(&dn, attribute, &[username])?;
        Ok(dn)
    }

    fn transfer(&self, dn: &str) -> Outcome<String> {
        let container = self
            .vendor()
            .dn(&format!("ou=Contractors,ou=People,{SUFFIX}"));
        Ok(self.move_to(dn, &container)?)
    }

    fn remove(&self, dn: &str) -> Outcome<()> {
        Ok(self.delete(dn)?)
    }

    fn hire(&self, username: &str) -> Outcome<Who> {
        let email = format!("{username}@example.org");
        let entry = self.vendor().entry(newcomer(username, &email));
        let dn = entry.dn.clone();
        self.add(entry)?;
        Ok(Who {
            dn,
            external_id: String::new(),
            username: username.to_owned(),
            email,
        })
    }
}

/// A person as the organisation would have it, without an id.
fn newcomer(username: &str, email: &str) -> Entry {
    ["top", "person", "organizationalPerson", "inetOrgPerson"]
        .into_iter()
        .fold(
            Entry::new(format!("uid={username},ou=People,{SUFFIX}")),
            |entry, class| entry.with("objectClass", class),
        )
        .with("uid", username)
        .with("cn", "Noor Haddad")
        .with("sn", "Haddad")
        .with("mail", email)
}
