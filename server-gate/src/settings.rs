//! Who may come in and how many at once, as plain data.

use socketry_server::{AtLimit, Network};

use crate::Rate;

/// Who may come in and how many at once. By default everybody, and any number.
///
/// # What wins
///
/// 1. **Deny** goes before everything: whoever is in a network of [`deny`](Self::deny) stays out,
///    though allowed or exempt.
/// 2. **Allow** is next: if [`allow`](Self::allow) names any network, whoever is in none of them
///    stays out, though exempt. An empty list allows everybody.
/// 3. **Exempt** is about limits only: no limit concerns whoever is in a network of
///    [`exempt`](Self::exempt), and they count for none. Ten exempt connections take no place and
///    no token of anybody else's.
/// 4. **Limits** of one prefix come before those in all, so that what is refused for its prefix
///    takes nothing from others.
///
/// `None` is no limit; a limit of zero lets nobody in but the exempt.
///
/// An IPv4 address that is mapped into IPv6 (`::ffff:192.0.2.1`, as a dual-stack server sees it)
/// counts as the IPv4 address. Who has no IP address, on a Unix socket for example, is in no network
/// and has no prefix: the lists do not concern them, and of the limits only those in all.
///
/// # Examples
///
/// ```
/// use socketry_server_gate::{GateSettings, Rate};
///
/// let mut settings = GateSettings::default();
/// settings.most_open = Some(10_000);
/// settings.most_open_per_prefix = Some(100);
/// settings.rate_per_prefix = Some(Rate::per_second(10).with_burst(50));
/// settings.exempt = vec!["10.0.0.0/8".parse()?];
/// # Ok::<(), socketry_server::InvalidNetwork>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GateSettings {
    /// How many connections may be open at once. By default any number.
    ///
    /// Below TLS, handshakes that are under way are among them. Above a decorator that reads something
    /// first (the header of a proxy) those are not that it has not let through yet; it has a limit of
    /// its own for them.
    pub most_open: Option<usize>,
    /// How many connections with one prefix may be open at once. By default any number.
    ///
    /// If all clients come through one proxy they have one address, unless the proxy says whose
    /// connection it is and a decorator below the gate reads it.
    pub most_open_per_prefix: Option<usize>,
    /// How fast newcomers may come. By default at any rate.
    pub rate: Option<Rate>,
    /// How fast newcomers with one prefix may come. By default at any rate.
    ///
    /// A prefix with which nobody is open is remembered until its tokens are all back. Only the
    /// last 25 000 to 50 000 of these are remembered, in less than 3 MB, so that a flood from
    /// ever new addresses does not fill the memory. Beyond that, the prefix that was heard of least
    /// recently is forgotten, and begins with all of its tokens when it comes again;
    /// [`rate`](Self::rate) is what limits such a flood.
    pub rate_per_prefix: Option<Rate>,
    /// How many first bits are the prefix of an IPv4 address. By default 32, which is the address;
    /// more counts as 32, and with zero all of IPv4 is one prefix.
    pub ipv4_prefix: u8,
    /// How many first bits are the prefix of an IPv6 address. By default 64, for one host has as
    /// many addresses in a /64 as it likes; more than 128 counts as 128, and with zero all of IPv6
    /// is one prefix.
    ///
    /// Link-local addresses (`fe80::/10`) of all hosts are in one /64.
    pub ipv6_prefix: u8,
    /// Who may come in. By default the list is empty, and everybody may.
    pub allow: Vec<Network>,
    /// Who may not come in, whatever the other lists say. By default nobody.
    pub deny: Vec<Network>,
    /// Whom no limit concerns. By default nobody.
    pub exempt: Vec<Network>,
    /// What becomes of newcomers when [`most_open`](Self::most_open) is reached or
    /// [`rate`](Self::rate) is used up. By default [`AtLimit::Reject`].
    ///
    /// With [`AtLimit::Pause`] they wait in the backlog of the system, the exempt among them, for
    /// nobody can see who is in there. What concerns one prefix, or the lists, is rejected all the
    /// same: to pause for it would let one address hold up everybody.
    pub at_limit: AtLimit,
}

impl Default for GateSettings {
    fn default() -> Self {
        Self {
            most_open: None,
            most_open_per_prefix: None,
            rate: None,
            rate_per_prefix: None,
            ipv4_prefix: 32,
            ipv6_prefix: 64,
            allow: Vec::new(),
            deny: Vec::new(),
            exempt: Vec::new(),
            at_limit: AtLimit::default(),
        }
    }
}
