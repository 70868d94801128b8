//! Whether a new person of the directory takes over one whom the portal has already.

/// What the setting `adoption` can be.
pub(super) const CHOICES: &[&str] = &["report", "mail", "username"];

/// By what a new person is found in the portal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Adoption {
    /// By nothing: who wants a value that somebody has is reported as a duplicate.
    Report,
    /// By the mail address.
    Mail,
    /// By the user name.
    Username,
}

impl Adoption {
    /// From the setting.
    pub(super) fn named(choice: &str) -> Self {
        match choice {
            "mail" => Self::Mail,
            "username" => Self::Username,
            _ => Self::Report,
        }
    }

    /// The portal's field that must have the same value, as the portal compares; none where nobody is adopted.
    #[must_use]
    pub fn field(self) -> Option<&'static str> {
        match self {
            Self::Report => None,
            Self::Mail => Some("email"),
            Self::Username => Some("username"),
        }
    }
}
