//! A table of names.

use std::{collections::BTreeMap, io, net::IpAddr};

use socketry_connection::Family;

use crate::{Answer, LookupFailed, LookupFailure, Resolve};

/// A table of names and their addresses: for tests, and for hosts that are pinned.
///
/// Names are told apart without regard to case and to a dot at their end. A name that is in the
/// table without an address of a family has an empty answer for it; a name that is not does not
/// exist.
///
/// # Examples
///
/// ```
/// use futures_lite::future::block_on;
/// use socketry_resolver::{Family, Resolve, StaticResolver};
///
/// let resolver = StaticResolver::new()
///     .with("db.example", [[192, 0, 2, 7].into()])
///     .with("db.example", ["2001:db8::7".parse().unwrap()]);
/// assert_eq!(block_on(resolver.resolve("DB.example.", Family::V6))?.len(), 1);
/// assert!(block_on(resolver.resolve("mail.example", Family::V4)).is_err());
/// # std::io::Result::Ok(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct StaticResolver {
    table: BTreeMap<String, Vec<IpAddr>>,
}

impl StaticResolver {
    /// A resolver that knows no names.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds addresses of a name, of either family, behind those that it has.
    pub fn with(mut self, name: &str, ips: impl IntoIterator<Item = IpAddr>) -> Self {
        self.table.entry(key(name)).or_default().extend(ips);
        self
    }
}

/// # Errors
///
/// [`LookupFailure::NoSuchName`] for names that are not in the table.
///
/// # Cancel safety
///
/// It does not wait.
impl Resolve for StaticResolver {
    async fn resolve(&self, name: &str, family: Family) -> io::Result<Answer> {
        match self.table.get(&key(name)) {
            Some(ips) => Ok(ips.iter().copied().filter(|ip| Family::of(ip) == family).collect()),
            None => Err(LookupFailed::new(name, family, LookupFailure::NoSuchName).into()),
        }
    }
}

fn key(name: &str) -> String {
    name.strip_suffix('.').unwrap_or(name).to_lowercase()
}

#[cfg(test)]
mod tests {
    use futures_lite::future::block_on;

    use super::*;

    #[test]
    fn a_name_without_an_address_of_a_family_has_an_empty_answer() {
        let resolver = StaticResolver::new().with("a.example", [[192, 0, 2, 1].into()]);
        assert_eq!(block_on(resolver.resolve("a.example", Family::V6)).unwrap(), Answer::default());
    }

    #[test]
    fn a_name_that_is_not_there_does_not_exist() {
        let error = block_on(StaticResolver::new().resolve("b.example", Family::V4)).unwrap_err();
        let failed = error.get_ref().unwrap().downcast_ref::<LookupFailed>().unwrap();
        assert_eq!(failed.failure(), LookupFailure::NoSuchName);
        assert_eq!(
            error.to_string(),
            "lookup of b.example (IPv4) failed: there is no such name (NXDOMAIN)"
        );
    }
}
