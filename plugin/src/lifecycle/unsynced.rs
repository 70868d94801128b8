//! The `export` hook.

use crate::export::Document;
use crate::ports::Host;

use super::mapping::current;

/// Begins the document of the run that the host exports. Fields with a stored rule are always columns; with the
/// profile's rules, those with a value.
pub fn open(host: &impl Host, spreadsheet_safe: bool) -> Document {
    let rules = current(host);
    let mapped = rules.iter().map(|rule| rule.field.as_str());
    Document::open(host.plan(), host.portal(), mapped, spreadsheet_safe)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::super::{configure, mapping};
    use super::*;
    use crate::mapping::Rule;
    use crate::testing::World;

    #[test]
    fn mapped_fields_are_columns_even_where_nobody_has_a_value() {
        let world = World::with_people(1);
        let header =
            |world: &World| String::from_utf8(open(world, false).read(world, 1 << 16)).unwrap();
        assert!(!header(&world).contains("phone"));
        let given = [("url", "a"), ("base-dn", "dc=x")].map(|(k, v)| (k.to_owned(), v.to_owned()));
        configure(&world, &given).unwrap();
        let rules =
            ["username", "email", "last-name", "phone"].map(|field| Rule::new(field, "{cn}"));
        mapping::submit(&world, &rules).unwrap();
        assert_eq!(
            header(&world),
            "dn,external-id,username,email,last-name,phone,code,reason,remedy,other-dn,other-external-id,other-portal-id\r\n"
        );
    }
}
