//! Untrusted text made printable.

/// The text with everything that could steer a terminal (control characters, escape sequences, changes of
/// writing direction) spelled out instead.
pub(crate) fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => out.push('⏎'),
            '\t' => out.push(' '),
            c if steers(c) => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out
}

fn steers(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::clean;

    #[test]
    fn ordinary_names_stay_as_they_are() {
        assert_eq!(clean("Zoë 李 O'Neill, Dr."), "Zoë 李 O'Neill, Dr.");
    }

    #[test]
    fn escape_sequences_cannot_reach_the_terminal() {
        assert_eq!(clean("a\u{1b}[31mb\u{7}"), "a\\u{1b}[31mb\\u{7}");
        assert_eq!(clean("evil\u{202e}txt"), "evil\\u{202e}txt");
    }
}
