//! Keys that the original knows and that have no effect here.

use super::{
    fault::Fault,
    tree::{Entry, Node, Value},
};

/// Takes these keys out of the document, with one warning for each.
pub(super) fn take(document: &mut Node) -> Vec<Fault> {
    let mut warnings = Vec::new();
    for (key, why) in TOP {
        warnings.extend(take_one(document, key, why));
    }
    for plugin in PLUGINS {
        let why = "has no effect: this serves nothing but the plugin `tcp` of RoadRunner";
        warnings.extend(take_one(document, plugin, why));
    }
    for (path, key, why) in BELOW {
        let mut node = Some(&mut *document);
        for step in *path {
            node = node.and_then(|node| entry(node, step)).map(|entry| &mut entry.value);
        }
        let taken = node.and_then(|node| take_one(node, key, why));
        warnings.extend(
            taken.map(|fault| path.iter().rev().fold(fault, |fault, step| fault.under(*step))),
        );
    }
    warnings
}

fn entry<'a>(node: &'a mut Node, key: &str) -> Option<&'a mut Entry> {
    match &mut node.value {
        Value::Map(entries) => entries.iter_mut().find(|entry| entry.key == key),
        _ => None,
    }
}

fn take_one(node: &mut Node, key: &str, why: &str) -> Option<Fault> {
    let Value::Map(entries) = &mut node.value else { return None };
    let index = entries.iter().position(|entry| entry.key == key)?;
    let taken = entries.remove(index);
    Some(Fault::new(why).at(taken.location).under(key))
}

const TOP: &[(&str, &str)] = &[
    ("version", "has no effect: there is one version of this file here"),
    ("rpc", "has no effect: workers are called, they cannot call"),
    ("logs", "has no effect: whoever starts the servers says what is logged"),
    ("include", "has no effect: no other file is read; write its keys into this one"),
    ("envfile", "has no effect: no other file is read; set its variables in the environment"),
    ("endure", "has no effect: there are no plugins that would have to be started in order"),
];

/// The other plugins, and parts of them, that have a key of their own.
const PLUGINS: &[&str] = &[
    "amqp",
    "app",
    "beanstalk",
    "boltdb",
    "broadcast",
    "centrifuge",
    "fileserver",
    "google_pub_sub",
    "grpc",
    "gzip",
    "headers",
    "http",
    "informer",
    "jobs",
    "kafka",
    "kv",
    "lock",
    "memcached",
    "memory",
    "metrics",
    "nats",
    "nsq",
    "otel",
    "prometheus",
    "pubsub",
    "redis",
    "reload",
    "resetter",
    "send",
    "service",
    "sqs",
    "static",
    "status",
    "temporal",
    "websockets",
];

const BELOW: &[(&[&str], &str, &str)] = &[
    (
        &["server"],
        "user",
        "has no effect: workers run as the user of this process; start it as that user",
    ),
    (
        &["server"],
        "group",
        "has no effect: workers run in the group of this process; start it in that group",
    ),
    (&["server"], "on_init", "has no effect: run that command before this one"),
    (&["server"], "after_init", "has no effect: run that command after this one"),
    (
        &["server"],
        "relay_timeout",
        "has no effect: `tcp.pool.allocate_timeout` limits the start of a worker",
    ),
    (
        &["tcp"],
        "read_buf_size",
        "has no effect: a buffer grows as messages need it, up to `max_message_size`",
    ),
    (&["tcp", "pool"], "stream_timeout", "has no effect: the answers of `tcp` are no streams"),
    (
        &["tcp", "pool"],
        "dynamic_allocator",
        "has no effect: there are always `num_workers`; give the highest number there",
    ),
];
