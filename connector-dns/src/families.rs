//! Which families of addresses are asked for.

use socketry_connection::Family;

/// Which families of addresses a name is looked up in, and which is preferred.
///
/// # Examples
///
/// ```
/// use socketry_connector_dns::{DnsConnector, Families};
///
/// fn without_ipv6<C, R>(connector: DnsConnector<C, R>) -> DnsConnector<C, R> {
///     connector.families(Families::OnlyV4)
/// }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Families {
    /// Both, IPv6 preferred: what RFC 8305 recommends, and the default.
    #[default]
    Both,
    /// Both, IPv4 preferred: the two change places everywhere.
    PreferV4,
    /// IPv4 and nothing else.
    OnlyV4,
    /// IPv6 and nothing else.
    OnlyV6,
}

impl Families {
    /// The family that is asked first and waited for, and the other if there is one.
    pub(crate) fn by_preference(self) -> (Family, Option<Family>) {
        match self {
            Self::Both => (Family::V6, Some(Family::V4)),
            Self::PreferV4 => (Family::V4, Some(Family::V6)),
            Self::OnlyV4 => (Family::V4, None),
            Self::OnlyV6 => (Family::V6, None),
        }
    }
}
