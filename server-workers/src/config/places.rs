//! Where the keys of servers stand, for what is found out about them later.

use super::{
    InvalidConfig,
    fault::{Fault, Location},
    tree::{Entry, Node, Value},
};

/// The name of a file, and where the servers and their keys stand in it.
#[derive(Clone, Debug)]
pub(super) struct Places {
    file: String,
    servers: Vec<Place>,
}

#[derive(Clone, Debug)]
struct Place {
    server: String,
    location: Location,
    keys: Vec<(String, Location)>,
}

impl Places {
    pub(super) fn of(file: &str, document: &Node) -> Self {
        let servers = document.entry("tcp").and_then(|tcp| tcp.value.entry("servers"));
        let servers = servers.map_or(&[][..], |servers| entries(&servers.value));
        let place = |server: &Entry| Place {
            server: server.key.clone(),
            location: server.location,
            keys: entries(&server.value).iter().map(|it| (it.key.clone(), it.location)).collect(),
        };
        Self { file: file.to_owned(), servers: servers.iter().map(place).collect() }
    }

    /// This fault at a key of a server, or at the server if it has no such key.
    pub(super) fn invalid(&self, server: &str, key: &str, reason: String) -> InvalidConfig {
        let mut fault = Fault::new(reason).under(key).under(server).under("servers").under("tcp");
        if let Some(place) = self.servers.iter().find(|place| place.server == server) {
            let own = place.keys.iter().find(|(name, _)| name == key);
            fault = fault.at(own.map_or(place.location, |(_, location)| *location));
        }
        InvalidConfig::new(&self.file, fault)
    }
}

fn entries(node: &Node) -> &[Entry] {
    match &node.value {
        Value::Map(entries) => entries,
        _ => &[],
    }
}
