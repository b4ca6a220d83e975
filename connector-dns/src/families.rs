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
    ///
    /// IPv6 is asked first and waited for. If all addresses are known before anything is dialled,
    /// their order is that of RFC 6724: IPv6 leads if it works here.
    #[default]
    Both,
    /// Both, IPv4 preferred: it is asked first and waited for.
    ///
    /// If all addresses are known before anything is dialled, IPv4 has the highest precedence (100
    /// in the policy table, RFC 6724, section 10.3; the same in Linux' `gai.conf`). What cannot be
    /// reached from here, or only from an address of another scope or label, still goes behind
    /// what can.
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
