//! Whether a filter hides disabled accounts. People whom a filter hides look like leavers, and are never
//! seen as disabled: an administrator should know.

use super::Filter;

/// An attribute by which directories mark disabled accounts: its values for the enabled and for the disabled.
struct Marker {
    attribute: String,
    enabled: Vec<Option<Vec<u8>>>,
    disabled: Vec<Option<Vec<u8>>>,
}

impl Filter {
    /// The attribute by which the filter lets enabled accounts through and no disabled ones; `None` where it does not.
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
            .filter(|marker| {
                named
                    .iter()
                    .any(|name| name.eq_ignore_ascii_case(&marker.attribute))
            })
            .find(|marker| {
                let lets_through = |value: &Option<Vec<u8>>| {
                    self.decide(&mut |assertion| {
                        assertion
                            .attribute()
                            .filter(|name| name.eq_ignore_ascii_case(&marker.attribute))
                            .and_then(|_| assertion.holds(value.iter().map(Vec::as_slice)))
                    }) != Some(false)
                };
                marker.enabled.iter().any(lets_through) && !marker.disabled.iter().any(lets_through)
            })
            .map(|marker| marker.attribute)
    }
}

fn common_markers() -> Vec<Marker> {
    let present = |value: &str| Some(value.as_bytes().to_vec());
    let switch = |attribute: &str, on: &str, off: &str| Marker {
        attribute: attribute.to_owned(),
        enabled: vec![None, present(off)],
        disabled: vec![present(on)],
    };
    // Normal accounts with and without the bits for "password not required" and "password does not expire".
    let controls: [u32; 4] = [0x200, 0x220, 0x10200, 0x10220];
    vec![
        Marker {
            attribute: "userAccountControl".to_owned(),
            enabled: controls
                .iter()
                .map(|bits| present(&bits.to_string()))
                .collect(),
            disabled: controls
                .iter()
                .map(|bits| present(&(bits | 2).to_string()))
                .collect(),
        },
        switch("nsAccountLock", "TRUE", "FALSE"),
        switch("loginDisabled", "TRUE", "FALSE"),
        Marker {
            attribute: "pwdAccountLockedTime".to_owned(),
            enabled: vec![None],
            disabled: vec![present("000001010000Z")],
        },
    ]
}

/// Adds a marker for each equality that `filter` asserts without negating it.
fn collect_markers(filter: &Filter, markers: &mut Vec<Marker>) {
    match filter {
        Filter::Equal(attribute, value)
            if !markers
                .iter()
                .any(|known| known.attribute.eq_ignore_ascii_case(attribute)) =>
        {
            markers.push(Marker {
                attribute: attribute.clone(),
                enabled: vec![None, Some(b"-".to_vec())],
                disabled: vec![Some(value.clone())],
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
