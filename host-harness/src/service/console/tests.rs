//! What comes of logins, on a database.

use std::sync::Arc;

use super::password::tests::weakly_hashed;
use super::{Actor, Console, Denied};
use crate::ports::access::{Deed, DeedQuery, Rank, Reach};
use crate::ports::users::User;
use crate::ports::{Access as _, Users as _};
use crate::store::Store;

const GOOD: &str = "a long pass-phrase";
const HERE: &str = "192.0.2.7";

struct Site {
    _folder: tempfile::TempDir,
    store: Arc<Store>,
    console: Console,
}

impl Site {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(Store::open(folder.path()).await.unwrap());
        let console = Console::new(store.clone(), store.clone(), store.clone()).unwrap();
        Self {
            _folder: folder,
            store,
            console,
        }
    }

    async fn with_ada() -> Self {
        let site = Self::new().await;
        site.add("ada").await;
        site
    }

    async fn add(&self, name: &str) -> User {
        let made = self.console.create(
            Actor::COMMAND_LINE,
            name,
            Rank::Admin,
            Reach::Everything,
            GOOD,
        );
        made.await.unwrap()
    }

    /// What, by whom, and the code, the newest first.
    async fn log(&self) -> Vec<(String, String, String)> {
        let told = |deed: Deed| (deed.what, deed.who, deed.refused);
        let deeds = self
            .store
            .deeds(&DeedQuery::default(), 0, 100)
            .await
            .unwrap();
        deeds.into_iter().map(told).collect()
    }

    async fn login(&self, name: &str, password: &str) -> Result<super::LoggedIn, Denied> {
        self.console.login(name, password, HERE).await
    }
}

fn line(what: &str, who: &str, refused: &str) -> (String, String, String) {
    (what.into(), who.into(), refused.into())
}

#[tokio::test]
async fn whoever_has_name_and_password_comes_in_and_the_others_hear_the_same() {
    let site = Site::with_ada().await;
    let bob = site.add("bob").await;
    let off = site
        .console
        .change(
            Actor::COMMAND_LINE,
            bob.id,
            Rank::Admin,
            Reach::Everything,
            true,
        )
        .await;
    assert!(off.unwrap().disabled);
    let wrong = site.login("ada", "a long pass-phrasf").await.unwrap_err();
    let unknown = site.login("zoe", GOOD).await.unwrap_err();
    let no_name = site.login("my secret\0 password", GOOD).await.unwrap_err();
    let disabled = site.login("bob", GOOD).await.unwrap_err();
    assert_eq!(wrong.problem.code, "login-refused");
    for other in [&unknown, &no_name, &disabled] {
        assert_eq!(other, &wrong);
    }
    let ada = site.login(" ADA", GOOD).await.unwrap();
    assert_eq!(ada.session.user.name, "ada");
    let found = site.console.session(&ada.secret).await.unwrap();
    assert_eq!(found, Some(ada.session));
    assert_eq!(site.console.session("rollcall_0").await.unwrap(), None);
    // Nobody's name is in the log but a user's.
    assert_eq!(
        site.log().await[..5],
        [
            line("login", "user:ada", ""),
            line("login", "user:bob", "login-refused"),
            line("login", "unknown", "login-refused"),
            line("login", "unknown", "login-refused"),
            line("login", "user:ada", "login-refused"),
        ]
    );
}

#[tokio::test]
async fn a_right_password_waits_too_and_another_user_does_not() {
    let site = Site::with_ada().await;
    site.add("bob").await;
    for _ in 0..5 {
        let wrong = site.login("ada", "wrong").await.unwrap_err();
        assert_eq!(
            (wrong.problem.code.as_str(), wrong.wait),
            ("login-refused", None)
        );
    }
    let limited = site.login("ada", GOOD).await.unwrap_err();
    assert_eq!(limited.problem.code, "login-limited");
    let wait = limited.wait.unwrap();
    assert!((1..=2).contains(&wait.as_secs()), "{wait:?}");
    assert!(site.login("bob", GOOD).await.is_ok());
    let elsewhere = site.console.login("ada", GOOD, "192.0.2.8").await;
    assert!(elsewhere.is_ok());
    // An unknown name is limited in the same way, so that this tells nothing either.
    for _ in 0..5 {
        site.login("zoe", "wrong").await.unwrap_err();
    }
    let unknown = site.login("zoe", "wrong").await.unwrap_err();
    assert_eq!(unknown.problem.code, "login-limited");
    tokio::time::sleep(wait).await;
    assert!(site.login("ada", GOOD).await.is_ok());
}

#[tokio::test]
async fn addresses_of_one_ipv6_network_are_one() {
    let site = Site::with_ada().await;
    for n in 0..5 {
        let from = format!("2001:db8::{n}");
        let wrong = site.console.login("ada", "wrong", &from).await.unwrap_err();
        assert_eq!(wrong.problem.code, "login-refused");
    }
    let from = |from: &'static str| site.console.login("ada", GOOD, from);
    let near = from("2001:db8::ffff:1").await.unwrap_err();
    assert_eq!(near.problem.code, "login-limited");
    assert!(from("2001:db8:0:1::1").await.is_ok());
}

#[tokio::test]
async fn a_password_of_less_work_is_hashed_anew_when_it_is_used() {
    let site = Site::with_ada().await;
    let kept = async || site.store.user_named("ada").await.unwrap().unwrap().1;
    let id = site.console.user_named("ada").await.unwrap().id;
    let weak = weakly_hashed(GOOD);
    site.store.set_password(id, &weak, 1).await.unwrap();
    site.login("ada", "wrong").await.unwrap_err();
    assert_eq!(kept().await, weak);
    let session = site.login("ada", GOOD).await.unwrap();
    assert!(kept().await.0.contains("m=19456,t=2,p=1"));
    assert!(
        site.console
            .session(&session.secret)
            .await
            .unwrap()
            .is_some()
    );
    let stronger = kept().await;
    site.login("ada", GOOD).await.unwrap();
    assert_eq!(kept().await, stronger, "once");
}

#[tokio::test]
async fn ones_own_password_needs_the_old_one_and_ends_every_session() {
    const NEW: &str = "another pass-phrase";
    let site = Site::with_ada().await;
    let (one, other) = (
        site.login("ada", GOOD).await.unwrap(),
        site.login("ada", GOOD).await.unwrap(),
    );
    assert_ne!(*one.secret, *other.secret);
    let user = &one.session.user;
    let change = |old: &'static str, new: &'static str| {
        site.console.change_own_password(user, old, new, HERE)
    };
    let wrong = change(NEW, NEW).await.unwrap_err();
    assert_eq!(wrong.problem.code, "login-refused");
    let weak = change(GOOD, "short").await.unwrap_err();
    assert_eq!(weak.problem.code, "weak-password");
    assert!(site.console.session(&one.secret).await.unwrap().is_some());
    let new = change(GOOD, NEW).await.unwrap();
    for old in [&one, &other] {
        assert_eq!(site.console.session(&old.secret).await.unwrap(), None);
    }
    assert!(site.console.session(&new.secret).await.unwrap().is_some());
    assert_eq!(
        site.login("ada", GOOD).await.unwrap_err().problem.code,
        "login-refused"
    );
    assert!(site.login("ada", NEW).await.is_ok());
}

#[tokio::test]
async fn the_first_user_is_made_with_the_newest_secret_and_only_once() {
    let site = Site::new().await;
    let old = site.console.offer_setup().await.unwrap();
    let new = site.console.offer_setup_alone().await.unwrap();
    let set_up = |secret: String, password: &'static str| {
        let console = site.console.clone();
        async move { console.set_up(&secret, "Ada", password, HERE).await }
    };
    let refused = set_up(old.to_string(), GOOD).await.unwrap_err();
    assert_eq!(refused.problem.code, "set-up-refused");
    let weak = set_up(new.to_string(), "short").await.unwrap_err();
    assert_eq!(weak.problem.code, "weak-password");
    let ada = set_up(new.to_string(), GOOD).await.unwrap();
    let user = &ada.session.user;
    assert_eq!(
        (user.name.as_str(), user.rank, &user.reach),
        ("ada", Rank::Admin, &Reach::Everything)
    );
    assert!(site.console.session(&ada.secret).await.unwrap().is_some());
    assert!(site.login("ada", GOOD).await.is_ok());
    let twice = set_up(new.to_string(), GOOD).await.unwrap_err();
    assert_eq!(twice.problem.code, "set-up-done");
    assert_eq!(
        site.console.offer_setup().await.unwrap_err().code,
        "set-up-done"
    );
    assert_eq!(
        site.log().await,
        [
            line("set-up", "unknown", "set-up-done"),
            line("login", "user:ada", ""),
            line("set-up", "user:ada", ""),
            line("set-up", "unknown", "set-up-refused"),
        ]
    );
}

#[tokio::test]
async fn set_up_secrets_are_not_tried_without_end() {
    let site = Site::new().await;
    let secret = site.console.offer_setup().await.unwrap();
    for _ in 0..5 {
        let wrong = site.console.set_up("guess", "ada", GOOD, HERE).await;
        assert_eq!(wrong.unwrap_err().problem.code, "set-up-refused");
    }
    let limited = site.console.set_up(&secret, "ada", GOOD, HERE).await;
    assert_eq!(limited.unwrap_err().problem.code, "login-limited");
    let elsewhere = site.console.set_up(&secret, "ada", GOOD, "192.0.2.8").await;
    assert!(elsewhere.is_ok());
}

#[tokio::test]
async fn what_is_done_to_users_is_noted_and_ends_their_sessions() {
    let site = Site::with_ada().await;
    let ada = Actor {
        who: "user:ada",
        from: HERE,
    };
    let bob = site
        .console
        .create(ada, "bob", Rank::Admin, Reach::Everything, GOOD)
        .await
        .unwrap();
    let twice = site
        .console
        .create(ada, "Bob", Rank::Viewer, Reach::Everything, GOOD)
        .await;
    assert_eq!(twice.unwrap_err().code, "user-exists");
    let change = |rank, disabled| {
        site.console
            .change(ada, bob.id, rank, Reach::Everything, disabled)
    };
    let ended = async |secret: &str| site.console.session(secret).await.unwrap().is_none();
    let session = site.login("bob", GOOD).await.unwrap();
    assert!(!ended(&session.secret).await);
    change(Rank::Viewer, false).await.unwrap();
    assert!(ended(&session.secret).await);
    let session = site.login("bob", GOOD).await.unwrap();
    change(Rank::Viewer, true).await.unwrap();
    assert!(ended(&session.secret).await);
    change(Rank::Viewer, false).await.unwrap();
    assert!(ended(&session.secret).await);
    let session = site.login("bob", GOOD).await.unwrap();
    site.console
        .reset_password(ada, bob.id, "another pass-phrase")
        .await
        .unwrap();
    assert!(ended(&session.secret).await);
    assert!(site.login("bob", GOOD).await.is_err());
    let log = site.log().await;
    let of_ada: Vec<_> = log
        .iter()
        .filter(|line| line.1 == "user:ada")
        .map(|line| (line.0.as_str(), line.2.as_str()))
        .collect();
    assert_eq!(
        of_ada,
        [
            ("user.password", ""),
            ("user.enable", ""),
            ("user.disable", ""),
            ("user.change", ""),
            ("user.create", "user-exists"),
            ("user.create", ""),
        ]
    );
}
