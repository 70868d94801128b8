//! Whether a filter hides disabled accounts. People whom a filter hides look like leavers, and are never
//! seen as disabled: an administrator should know.

use super::Filter;

/// A value of an attribute; none where it is absent.
type State = Option<Vec<u8>>;

/// An attribute by which directories mark disabled accounts.
struct Marker {
    /// Its names, the usual one first.
    names: Vec<String>,
    /// What an account has while it is enabled, and what the same account has once it is disabled.
    pairs: Vec<(State, State)>,
}

impl Filter {
    /// The attribute by which the filter lets an enabled account through that it no longer does once the account is
    /// disabled; `None` where there is no such account.
    ///
    /// Looks at the markers that are common in directories and at those that `disabled_when` names. What
    /// the filter says about other attributes counts as possible either way.
    #[must_use]
    pub fn hides_disabled(&self, disabled_when: Option<&Filter>) -> Option<String> {
        let mut markers = common_markers();
        if let Some(disabled_when) = disabled_when {
            collect_markers(disabled_when, &mut markers);
        }
        let named = self.attributes();
        markers
            .into_iter()
            .filter(|marker| named.iter().any(|name| marker.is_called(name)))
            .find(|marker| {
                let lets_through = |state: &State| {
                    self.decide(&mut |assertion| {
                        let about = assertion
                            .attribute()
                            .is_some_and(|name| marker.is_called(name));
                        // What stands in the name is not known here.
                        let held = about.then(|| assertion.holds(state.iter().map(Vec::as_slice)));
                        held.flatten()
                            .filter(|held| *held || !assertion.is_about_name())
                    }) != Some(false)
                };
                let hides = |(enabled, disabled): &(State, State)| {
                    lets_through(enabled) && !lets_through(disabled)
                };
                marker.pairs.iter().any(hides)
            })
            .and_then(|marker| marker.names.into_iter().next())
    }
}

impl Marker {
    fn is_called(&self, name: &str) -> bool {
        // An option, as in `attribute;x-option`, makes no other attribute.
        let name = name.split(';').next().unwrap_or(name);
        self.names
            .iter()
            .any(|known| known.eq_ignore_ascii_case(name))
    }
}

fn common_markers() -> Vec<Marker> {
    let present = |value: &str| Some(value.as_bytes().to_vec());
    let marker = |names: &[&str], pairs: Vec<(State, State)>| Marker {
        names: names.iter().map(|name| (*name).to_owned()).collect(),
        pairs,
    };
    let switch = |names: &[&str]| {
        let on = present("TRUE");
        marker(names, vec![(None, on.clone()), (present("FALSE"), on)])
    };
    // Normal accounts with and without the bits for "password not required" and "password does not expire".
    let controls: [u32; 4] = [0x200, 0x220, 0x10200, 0x10220];
    let controls = controls.map(|bits| {
        let text = |bits: u32| present(&bits.to_string());
        (text(bits), text(bits | 2))
    });
    // Expired in 2000.
    let past = present("125911584000000000");
    let never = [None, present("0"), present("9223372036854775807")];
    vec![
        marker(
            &["userAccountControl", "1.2.840.113556.1.4.8"],
            controls.into(),
        ),
        marker(
            &["accountExpires", "1.2.840.113556.1.4.159"],
            never.map(|never| (never, past.clone())).into(),
        ),
        switch(&["nsAccountLock", "2.16.840.1.113730.3.1.610"]),
        switch(&["msDS-UserAccountDisabled", "1.2.840.113556.1.4.1853"]),
        switch(&["loginDisabled"]),
        marker(
            &["pwdAccountLockedTime", "1.3.6.1.4.1.42.2.27.8.1.17"],
            vec![(None, present("000001010000Z"))],
        ),
    ]
}

/// Adds a marker for each equality that `filter` asserts without negating it.
fn collect_markers(filter: &Filter, markers: &mut Vec<Marker>) {
    match filter {
        Filter::Equal(attribute, value)
            if !markers.iter().any(|known| known.is_called(attribute)) =>
        {
            let disabled = Some(value.clone());
            markers.push(Marker {
                names: vec![attribute.clone()],
                pairs: vec![(None, disabled.clone()), (Some(b"-".to_vec()), disabled)],
            });
        }
        Filter::And(operands) | Filter::Or(operands) => {
            for operand in operands {
                collect_markers(operand, markers);
            }
        }
        _ => {}
    }
}
