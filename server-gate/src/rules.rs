//! The settings, made ready for looking up.

use std::net::IpAddr;

use socketry_server::{AtLimit, Network};

use crate::{AccessRule, GateSettings, networks::Networks};

/// What is set, with lists that are searched quickly.
#[derive(Debug)]
pub(crate) struct Rules {
    pub(crate) settings: GateSettings,
    allow: Networks,
    deny: Networks,
    exempt: Networks,
}

/// Somebody with an IP address, as far as limits are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    /// Not one of IPv4 that is mapped into IPv6.
    ip: IpAddr,
}

impl Origin {
    pub(crate) fn new(ip: IpAddr) -> Self {
        Self { ip: ip.to_canonical() }
    }
}

impl Rules {
    pub(crate) fn new(settings: GateSettings) -> Self {
        Self {
            allow: Networks::new(&settings.allow),
            deny: Networks::new(&settings.deny),
            exempt: Networks::new(&settings.exempt),
            settings,
        }
    }

    /// Whether somebody may come in, limits aside.
    pub(crate) fn check(&self, origin: Origin) -> Result<(), AccessRule> {
        if let Some(network) = self.deny.find(origin.ip) {
            return Err(AccessRule::Deny(network));
        }
        match self.allow.is_empty() || self.allow.find(origin.ip).is_some() {
            true => Ok(()),
            false => Err(AccessRule::Allow),
        }
    }

    /// Whether no limit concerns somebody.
    pub(crate) fn is_exempt(&self, origin: Origin) -> bool {
        self.exempt.find(origin.ip).is_some()
    }

    /// With whom somebody shares the limits of one prefix.
    pub(crate) fn prefix_of(&self, origin: Origin) -> Network {
        let bits = match origin.ip {
            IpAddr::V4(_) => self.settings.ipv4_prefix,
            IpAddr::V6(_) => self.settings.ipv6_prefix,
        };
        Network::around(origin.ip, bits)
    }

    /// Whether somebody is counted as by `other`.
    pub(crate) fn counts_as(&self, other: &Self) -> bool {
        self.has_prefixes_of(other) && self.settings.exempt == other.settings.exempt
    }

    pub(crate) fn has_prefixes_of(&self, other: &Self) -> bool {
        let prefixes = |rules: &Self| (rules.settings.ipv4_prefix, rules.settings.ipv6_prefix);
        prefixes(self) == prefixes(other)
    }

    /// Whether the time plays a part.
    pub(crate) fn is_timed(&self) -> bool {
        self.settings.rate.is_some() || self.settings.rate_per_prefix.is_some()
    }

    /// Whether who finds no room in all is to wait for it.
    pub(crate) fn is_pausing(&self) -> bool {
        self.settings.at_limit == AtLimit::Pause
    }
}
