//! The part of a run that gives people other ids.

use crate::ports::Host;
use crate::ports::directory::HostProblem;
use crate::ports::plan::{Proof, Summary};
use crate::profile::Profile;
use crate::settings::Configuration;

use super::super::identifier::Identifier;
use super::super::migrate::{self, Migration};
use super::super::open::SessionOf;
use super::super::recipe::Recipe;
use super::super::remembered;
use super::{INDEX, Mode, Options, Phase, Run, report};

/// How people are read, by the attribute that settings, profile and directory say.
pub(super) fn recipe<H: Host>(
    host: &H,
    session: &SessionOf<H>,
    configuration: &mut Configuration,
    profile: &'static Profile,
    now: u64,
) -> Result<(Recipe, Identifier), Vec<HostProblem>> {
    let fields = host.portal().fields();
    let made = |configuration: &Configuration| {
        let recipe = Recipe::new(configuration, profile, &fields, now);
        recipe.map_err(|problems| problems.into_iter().map(Into::into).collect::<Vec<_>>())
    };
    let recipe = made(configuration)?;
    let settings = &configuration.settings;
    let identifier = Identifier::read(host, session, settings, profile, &recipe);
    let identifier = identifier.map_err(|problem| vec![problem])?;
    configuration
        .settings
        .id_attribute
        .clone_from(&identifier.wanted);
    Ok((made(configuration)?, identifier))
}

/// The migration, where one is wanted, and how people are read for it.
///
/// # Errors
/// `id-changed` where one is needed and not wanted; `nothing-to-migrate`.
pub(super) fn prepare(
    recipe: Recipe,
    identifier: &Identifier,
    profile: &Profile,
    options: &Options,
) -> Result<(Recipe, Option<Box<Migration>>), HostProblem> {
    if options.mode != Mode::MigrateIds {
        identifier.same()?;
        return Ok((recipe, None));
    }
    if !identifier.any_other() {
        return Err(migrate::needless(&identifier.wanted));
    }
    let from: Vec<_> = identifier
        .from()
        .iter()
        .map(|name| profile.ids(name))
        .collect();
    let (recipe, from) = recipe.and_by(&from);
    let migration = Migration::new(
        from,
        identifier.wanted.clone(),
        identifier.known_by(),
        options.seed,
    );
    Ok((recipe, Some(Box::new(migration))))
}

impl<H: Host> Run<H> {
    /// Everybody was read.
    pub(super) fn settle_migration(&mut self, host: &H, proof: Proof) -> Result<(), HostProblem> {
        if !proof.complete {
            return Err(migrate::unproven(&proof.gaps));
        }
        if let Some(migration) = &mut self.migration {
            migration.settle(&mut self.reading, host)?;
        }
        self.phase = Phase::Rest(Box::new(proof), String::new());
        Ok(())
    }

    /// Tells of those whom no entry is about.
    pub(super) fn rest(
        &mut self,
        host: &H,
        proof: Box<Proof>,
        after: &str,
    ) -> Result<(), HostProblem> {
        let seen = self.reading.tally.seen;
        report(host, "finish", seen, seen)?;
        let index = host.portal().index(after, INDEX);
        if let Some(migration) = &mut self.migration {
            migration.rest(&self.reading, host, &index)?;
        }
        self.phase = match index.external_ids.into_iter().next_back() {
            Some(last) if index.more && *last > *after => Phase::Rest(proof, last),
            _ => Phase::Finish(proof),
        };
        Ok(())
    }

    /// Leaves no checkpoint: the next sync reads everybody.
    pub(super) fn finish_migration(
        &mut self,
        host: &H,
        proof: &Proof,
        migration: &Migration,
    ) -> Result<Summary, HostProblem> {
        let summary = Summary {
            seen: self.reading.tally.seen,
            unchanged: migration.unchanged(),
            counts: migration.counts(),
            guards: vec![migration.guard()],
            warnings: migration.warnings(),
        };
        migration.believable()?;
        self.same_configuration(host)?;
        remembered::remember(host.state(), &self.configuration, self.profile)?;
        let planned = migration.planned();
        self.identifier.remember(host.state(), Some(planned))?;
        host.plan().finish(&summary, proof, &[])?;
        Ok(summary)
    }
}
