//! `demo --serve`: the console on the demo directory, for a first look.

use std::net::SocketAddr;

use zeroize::Zeroizing;

use crate::cli::answer::Answer;
use crate::cli::commands::serve::{Login, Serve};
use crate::demo::people::ServiceAccount;
use crate::ports::access::{Rank, Reach};
use crate::service::console::{Actor, Console};
use crate::service::token::secret;
use crate::tenant::Hook;

use super::{Walk, unwritable};

/// What the demo's user is called.
const USER: &str = "demo";
const AUTHORITY: &str = "demo-ca.pem";

impl Walk<'_> {
    /// Serves what was walked through, until somebody ends it.
    pub(super) async fn serve(self, listen: SocketAddr) -> Hook<Answer> {
        let store = self.app.store().await?;
        let console = Console::new(store.clone(), store.clone(), store.clone())?;
        let password = Zeroizing::new(secret(""));
        let (rank, reach) = (Rank::Admin, Reach::Everything);
        console
            .create(Actor::COMMAND_LINE, USER, rank, reach, &password)
            .await?;
        let authority = self.app.data.join(AUTHORITY);
        std::fs::write(&authority, self.directory.ca_pem())
            .map_err(|error| unwritable(&authority, &error))?;
        let account = ServiceAccount::Sync;
        let mut page = self.app.out.page();
        page.raw("");
        page.title("The console");
        page.paragraph("To connect a tenant of your own to the same directory:");
        page.facts(&[
            ("URL", self.url()),
            ("certificate authority", authority.display().to_string()),
            ("bind name", account.dn()),
            ("password", self.organisation.password_of(account)),
            ("base DN", self.directory.vendor().people()),
        ]);
        self.say(page);
        let login = Login {
            name: USER.to_owned(),
            password,
        };
        Serve::of_demo(listen, login).run(self.app).await
    }
}
