//! Somebody who knows better than the clients when they ought to be connected.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use smol::Timer;
use socketry::{Connector, Endpoint, reconnecting::Registry};

use crate::random::Random;

/// Meddles until it is told to stop; how often it has disconnected somebody.
pub(super) async fn meddle(
    registry: Registry<Connector, Endpoint>,
    random: Random,
    is_calm: Arc<AtomicBool>,
) -> u64 {
    let mut disconnects = 0;
    while !is_calm.load(Ordering::Relaxed) {
        Timer::after(moment(&random, 8)).await;
        let clients = registry.connections();
        let Some(client) = clients.get(random.below(clients.len().max(1) as u32) as usize) else {
            continue;
        };
        match random.below(10) {
            0..4 => client.reconnect_now(),
            4..7 => client.network_is_back(),
            _ => {
                disconnects += 1;
                client.disconnect(moment(&random, 30)).await;
                Timer::after(moment(&random, 8)).await;
                client.connect();
            }
        }
    }
    disconnects
}

/// Up to so many milliseconds, or none.
fn moment(random: &Random, most: u32) -> Duration {
    Duration::from_millis(random.below(most).into())
}
