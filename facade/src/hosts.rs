//! How a connector of addresses becomes one of hosts.

use std::sync::Arc;

use socketry_connection::Clock;
use socketry_connector_dns::{DnsConnector, Families};
use socketry_connector_race::RaceConnector;

use crate::{AddressFamilies, HappyEyeballs, Setting, names::Names};

/// Names are looked up, and what they stand for is raced.
pub(crate) type HostConnector<C> = DnsConnector<RaceConnector<C>, Names>;

/// What is the same around every connector of addresses.
pub(crate) struct Hosts<'a> {
    options: HappyEyeballs,
    sequential: bool,
    clock: Option<&'a Arc<dyn Clock>>,
}

impl<'a> Hosts<'a> {
    pub(crate) fn new(setting: &Setting<HappyEyeballs>, clock: Option<&'a Arc<dyn Clock>>) -> Self {
        let sequential = matches!(setting, Setting::Off);
        let options = match setting {
            Setting::With(options) => options.clone(),
            Setting::Off | Setting::On => HappyEyeballs::default(),
        };
        Self { options, sequential, clock }
    }

    /// Tries the addresses that `names` has for a host by `inner`.
    pub(crate) fn connector<C>(&self, inner: C, names: Names) -> HostConnector<C> {
        let HappyEyeballs { families, resolution_delay, .. } = self.options;
        let mut connector = DnsConnector::new(self.race(inner), names)
            .families(to_families(families))
            .resolution_delay(resolution_delay);
        if let Some(clock) = self.clock {
            connector = connector.with_clock(clock.clone());
        }
        connector
    }

    fn race<C>(&self, inner: C) -> RaceConnector<C> {
        let options = &self.options;
        let mut race = RaceConnector::new(inner)
            .attempt_delay(options.attempt_delay)
            .first_family_count(options.first_family_count)
            .most_in_flight(options.most_in_flight)
            .remembering(options.remembered_hosts);
        if self.sequential {
            race = race.sequential();
        }
        if let Some(timeout) = options.attempt_timeout {
            race = race.attempt_timeout(timeout);
        }
        if let Some(clock) = self.clock {
            race = race.with_clock(clock.clone());
        }
        race
    }
}

fn to_families(families: AddressFamilies) -> Families {
    match families {
        AddressFamilies::Both => Families::Both,
        AddressFamilies::PreferV4 => Families::PreferV4,
        AddressFamilies::OnlyV4 => Families::OnlyV4,
        AddressFamilies::OnlyV6 => Families::OnlyV6,
    }
}
