//! Many tenants on one PostgreSQL database and one demo directory, and the hosts that serve them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rollcall::contract::types::Setting;
use rollcall::demo::DemoDirectory;
use rollcall::ldap::{Ldap, Policy};
use rollcall::ports::endpoints::Allowed;
use rollcall::ports::{Endpoints as _, TenantId};
use rollcall::sandbox::{BUNDLED, Sandbox, SandboxConfig};
use rollcall::store::{DatabaseUrl, PostgresStore};
use rollcall::tenant::{Change, Platform, SecretValues};
use tokio::runtime::Runtime;

use crate::postgres::Postgres;
use crate::rollcall::Rollcall;
use crate::tenancy::{BASE, Trouble, sound, trouble};

/// The database of all of them.
pub const DATABASE: &str = "many";

/// Tenants, configured and mapped, none of them synced.
#[derive(Debug)]
pub struct Many {
    /// The server.
    pub server: Postgres,
    /// The directory of every tenant.
    pub directory: DemoDirectory,
    /// The program of the first host.
    pub first: Rollcall,
    /// How many there are: `t0`, `t1` and so on.
    pub tenants: u64,
    people: u64,
    store: PostgresStore,
    runtime: Runtime,
}

impl Many {
    /// Makes so many tenants with so many people each.
    ///
    /// # Errors
    /// What the server, the directory or the host library says.
    pub fn configured(tenants: u64, people: u64) -> Result<Self, Trouble> {
        // Another test may have installed it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let server = Postgres::start();
        let first = server.program(DATABASE)?;
        first.expect(0, &["migrate"])?;
        let runtime = Runtime::new()?;
        let url = DatabaseUrl::parse(&server.url(DATABASE)).map_err(said)?;
        let store = runtime
            .block_on(PostgresStore::open(&url, first.data()))
            .map_err(said)?;
        let many = Self {
            directory: DemoDirectory::start(sound(people))?,
            server,
            first,
            tenants,
            people,
            store,
            runtime,
        };
        many.runtime.block_on(many.install())?;
        // What every row's way into the portal is counted by: a row that came twice would be there twice.
        many.ask(
            "CREATE TABLE arrival (tenant BIGINT NOT NULL, key TEXT NOT NULL);
             CREATE FUNCTION arrived() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN INSERT INTO arrival SELECT tenant, key FROM new; RETURN NULL; END $$;
             CREATE TRIGGER arrived AFTER INSERT ON person_values REFERENCING NEW TABLE AS new
                FOR EACH STATEMENT EXECUTE FUNCTION arrived()",
        )?;
        Ok(many)
    }

    async fn install(&self) -> Result<(), Trouble> {
        let cache = self.first.data().join("compiled");
        let config = SandboxConfig {
            cache: Some(cache),
            ..SandboxConfig::default()
        };
        let store = Arc::new(self.store.clone());
        let platform = Platform {
            tenants: store.clone(),
            portal: store.clone(),
            plans: store.clone(),
            state: store.clone(),
            secrets: store.clone(),
            queue: store.clone(),
            leases: store.clone(),
            endpoints: store.clone(),
            versions: store.clone(),
            receipts: store.clone(),
            directory: Arc::new(Ldap::new(store, Policy::allowing_loopback())),
            sandbox: Sandbox::new(config).map_err(said)?,
        };
        let mut rules = Vec::new();
        for number in 0..self.tenants {
            let id = tenant(number)?;
            let tenant = platform.install(&id, BUNDLED).await.map_err(refused)?;
            let loopback = Allowed {
                loopback: true,
                ..Allowed::default()
            };
            self.store.allow(&id, loopback).await.map_err(said)?;
            tenant.configure(self.settings()).await.map_err(refused)?;
            if rules.is_empty() {
                rules = tenant.suggest().await.map_err(refused)?.rules;
            }
            tenant.submit_rules(rules.clone()).await.map_err(refused)?;
        }
        Ok(())
    }

    fn settings(&self) -> Change {
        let pairs = [
            ("url", format!("ldap://127.0.0.1:{}", self.directory.port())),
            ("security", "plain".to_owned()),
            ("bind-name", self.directory.bind_name()),
            ("base-dn", BASE.to_owned()),
            ("leavers", "deactivate".to_owned()),
        ];
        let set = pairs.into_iter().map(|(key, value)| Setting {
            key: key.to_owned(),
            value,
        });
        Change {
            set: set.collect(),
            secrets: SecretValues::from([(
                "password".to_owned(),
                self.directory.password().into(),
            )]),
            ..Change::default()
        }
    }

    /// Makes so many of the one tenant that there is, each due tomorrow.
    ///
    /// # Errors
    /// The database's.
    pub fn multiply(&self, tenants: u64) -> Result<(), Trouble> {
        self.ask(&format!(
            "INSERT INTO tenant (name, plugin, installed_at, configuration, settings, seats, state_version)
             SELECT 'copy' || n, plugin, installed_at, configuration, settings, seats, state_version
             FROM tenant, generate_series(2, {tenants}) n;
             INSERT INTO state (tenant, key, value, version)
             SELECT t.id, s.key, s.value, s.version FROM state s, tenant t WHERE t.name LIKE 'copy%';
             INSERT INTO due (tenant, at)
             SELECT id, floor(extract(epoch FROM now()) * 1000)::bigint + 86400000 FROM tenant;"
        ))?;
        Ok(())
    }

    /// The program of another host.
    ///
    /// # Errors
    /// As [`Postgres::another`].
    pub fn another(&self) -> Result<Rollcall, Trouble> {
        self.server.another(DATABASE, self.first.data())
    }

    /// From now on every change of a person in a portal is noted.
    ///
    /// # Errors
    /// The database's.
    pub fn count_changes(&self) -> Result<(), Trouble> {
        self.ask(
            "CREATE TABLE alteration (tenant BIGINT NOT NULL, key TEXT NOT NULL);
             CREATE FUNCTION altered() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN INSERT INTO alteration SELECT n.tenant, n.key FROM new n JOIN old o ON o.id = n.id
                    WHERE n.data::jsonb <> o.data::jsonb; RETURN NULL; END $$;
             CREATE TRIGGER altered AFTER UPDATE ON person_values
                REFERENCING NEW TABLE AS new OLD TABLE AS old
                FOR EACH STATEMENT EXECUTE FUNCTION altered()",
        )?;
        Ok(())
    }

    /// As many people of each tenant were changed as runs say that they did; says of how many.
    ///
    /// # Errors
    /// Where that is not so.
    pub fn changed_once(&self) -> Result<u64, Trouble> {
        let odd = self.ask(
            "SELECT string_agg(t.name || ': ' || r.rows || ' rows, ' || a.changes || ' changes', '; ')
             FROM tenant t,
                LATERAL (SELECT count(*) AS changes FROM alteration WHERE tenant = t.id) a,
                LATERAL (SELECT count(*) AS rows FROM plan_row p JOIN run u ON u.id = p.run
                    LEFT JOIN row_outcome o ON o.id = p.id WHERE u.tenant = t.id AND p.kind = 1
                    AND coalesce(o.outcome = 'applied', p.id & 4294967295 <= u.cursor)) r
             WHERE r.rows <> a.changes",
        )?;
        if !odd.is_empty() {
            return Err(trouble(odd));
        }
        Ok(self.ask("SELECT count(*) FROM alteration")?.parse()?)
    }

    /// The title of everybody of the first tenant, by DN in lower case.
    ///
    /// # Errors
    /// The database's.
    pub fn titles(&self) -> Result<BTreeMap<String, String>, Trouble> {
        let lines = self.ask(
            "SELECT lower(v.dn) || '|' || (v.data::json ->> 'job-title')
             FROM person_values v JOIN tenant t ON t.id = v.tenant WHERE t.name = 't0'",
        )?;
        let pairs = lines.lines().filter_map(|line| line.split_once('|'));
        Ok(pairs
            .map(|(dn, title)| (dn.to_owned(), title.to_owned()))
            .collect())
    }

    /// What waits for another attempt waits no longer.
    ///
    /// # Errors
    /// The database's.
    pub fn hurry(&self) -> Result<(), Trouble> {
        self.ask("UPDATE run SET not_before = 0 WHERE status = 'queued'")?;
        Ok(())
    }

    /// What the database answers.
    ///
    /// # Errors
    /// Where it refuses.
    pub fn ask(&self, statement: &str) -> Result<String, Trouble> {
        self.server.ask(DATABASE, statement)
    }

    /// Makes every tenant due within a time from now, one after the other.
    ///
    /// # Errors
    /// The database's.
    pub fn make_due(&self, within: Duration) -> Result<(), Trouble> {
        let step = within.as_millis() / u128::from(self.tenants.max(1));
        self.ask(&format!(
            "INSERT INTO due (tenant, at)
             SELECT id, floor(extract(epoch FROM now()) * 1000)::bigint + {step} * row_number() OVER (ORDER BY id)
             FROM tenant ON CONFLICT (tenant) DO UPDATE SET at = excluded.at"
        ))?;
        Ok(())
    }

    /// Waits until nobody is due and no run is open; says how long it took.
    ///
    /// # Errors
    /// Where that is not so after a time.
    pub fn quiet(&self, within: Duration) -> Result<Duration, Trouble> {
        let start = Instant::now();
        loop {
            let open = self.ask(
                "SELECT (SELECT count(*) FROM due WHERE at <= extract(epoch FROM now()) * 1000 + 60000)
                    + (SELECT count(*) FROM run WHERE status IN ('queued', 'planning', 'planned', 'applying'))",
            )?;
            if open == "0" {
                return Ok(start.elapsed());
            }
            if start.elapsed() > within {
                let stand = self.ask("SELECT status, count(*) FROM run GROUP BY status")?;
                return Err(trouble(format!("{open} are not over: {stand}")));
            }
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// Everybody is in every portal, and came there once.
    ///
    /// # Errors
    /// Where that is not so.
    pub fn all_there_once(&self) -> Result<(), Trouble> {
        let odd = self.ask(&format!(
            "SELECT string_agg(t.name || ': ' || p.people || ' people, ' || a.arrivals || ' arrivals', '; ')
             FROM tenant t,
                LATERAL (SELECT count(*) AS people FROM person WHERE tenant = t.id AND marks = 0) p,
                LATERAL (SELECT count(*) AS arrivals FROM arrival WHERE tenant = t.id) a
             WHERE p.people <> {people} OR a.arrivals <> {people}",
            people = self.people
        ))?;
        if !odd.is_empty() {
            return Err(trouble(odd));
        }
        let portals = self.ask(
            "SELECT count(DISTINCT portal) FROM (SELECT md5(string_agg(
                concat_ws(',', key, dn, changed, data::jsonb), ';' ORDER BY key)) AS portal
             FROM person_values GROUP BY tenant) t",
        )?;
        if portals == "1" {
            Ok(())
        } else {
            Err(trouble(format!(
                "{portals} different portals of one directory"
            )))
        }
    }
}

/// The name of a tenant.
fn tenant(number: u64) -> Result<TenantId, Trouble> {
    TenantId::new(format!("t{number}")).map_err(said)
}

fn said(problem: rollcall::Problem) -> Trouble {
    trouble(format!("{}: {}", problem.code, problem.message))
}

fn refused(refused: rollcall::tenant::Refused) -> Trouble {
    said(refused.into_problem())
}
