//! What the test and the thread of the nameserver share.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, MutexGuard},
    task::{Context, Waker},
};

use socketry_connection::Family;

use super::{
    query::{Asked, DnsQuery, key},
    reply::DnsReply,
};
use crate::{
    bell::Bell,
    sync::{lock, wake},
};

/// After so many queries no more are noted, and none is answered.
const MOST_QUERIES: usize = 65_536;

/// The script, and a bell that wakes the thread when the script has something for it to do.
pub(super) struct Shared {
    script: Mutex<Script>,
    bell: Bell,
}

impl Shared {
    pub(super) fn new(bell: Bell) -> Self {
        Self { script: Mutex::new(Script::default()), bell }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Script> {
        lock(&self.script)
    }

    pub(super) fn bell(&self) -> &Bell {
        &self.bell
    }

    /// Notes a query, and what is to be said to it at once.
    pub(super) fn asked(&self, asked: Asked) -> Option<(Asked, DnsReply)> {
        let mut script = self.lock();
        if script.queries.len() == MOST_QUERIES {
            return None;
        }
        script.queries.push(asked.query.clone());
        let reply = script.begin(asked);
        let waiting = std::mem::take(&mut script.waiting);
        drop(script);
        wake(waiting);
        reply
    }

    /// Notes how many connections there are.
    pub(super) fn set_streams(&self, count: usize) {
        let mut script = self.lock();
        script.streams = count;
        let waiting = std::mem::take(&mut script.waiting);
        drop(script);
        wake(waiting);
    }
}

#[derive(Default)]
pub(super) struct Script {
    plans: HashMap<Key, Plan>,
    otherwise: Option<DnsReply>,
    pub(super) queries: Vec<DnsQuery>,
    /// What the test has released, for the thread to send.
    pub(super) released: Vec<(Asked, DnsReply)>,
    pub(super) streams: usize,
    pub(super) stopped: bool,
    waiting: Vec<Waker>,
}

/// A name as the script keeps it, and what is asked of it.
pub(super) type Key = (String, Family);

enum Plan {
    /// One reply a query; the last one stays.
    InTurn(VecDeque<DnsReply>),
    /// The queries wait until the test says what to answer.
    Held(Vec<Asked>),
}

impl Script {
    pub(super) fn plan(&mut self, name: &str, family: Family, replies: VecDeque<DnsReply>) {
        self.plans.insert((key(name), family), Plan::InTurn(replies));
    }

    pub(super) fn hold(&mut self, key: &Key) {
        self.plans.insert(key.clone(), Plan::Held(Vec::new()));
    }

    pub(super) fn otherwise(&mut self, reply: DnsReply) {
        self.otherwise = Some(reply);
    }

    pub(super) fn is_held(&self, key: &Key) -> bool {
        matches!(self.plans.get(key), Some(Plan::Held(_)))
    }

    /// How many queries are held.
    pub(super) fn held(&self, key: &Key) -> usize {
        match self.plans.get(key) {
            Some(Plan::Held(asked)) => asked.len(),
            Some(Plan::InTurn(_)) | None => 0,
        }
    }

    /// Answers the queries that are held and, from now on, every further one.
    pub(super) fn release(&mut self, key: &Key, reply: &DnsReply) {
        let plan = Plan::InTurn(VecDeque::from([reply.clone()]));
        if let Some(Plan::Held(asked)) = self.plans.insert(key.clone(), plan) {
            self.released.extend(asked.into_iter().map(|asked| (asked, reply.clone())));
        }
    }

    /// Lets a task know when something has changed.
    pub(super) fn wait(&mut self, cx: &Context<'_>) {
        if !self.waiting.iter().any(|waker| waker.will_wake(cx.waker())) {
            self.waiting.push(cx.waker().clone());
        }
    }

    fn begin(&mut self, asked: Asked) -> Option<(Asked, DnsReply)> {
        let name = key(&asked.query.name);
        let Some(family) = asked.query.family() else {
            let reply = self.to_another_type(&name);
            return Some((asked, reply));
        };
        let reply = match self.plans.get_mut(&(name, family)) {
            Some(Plan::Held(held)) => {
                held.push(asked);
                return None;
            }
            Some(Plan::InTurn(replies)) if replies.len() > 1 => replies.pop_front(),
            Some(Plan::InTurn(replies)) => replies.front().cloned(),
            None => Some(self.to_a_stranger()),
        };
        Some((asked, reply?))
    }

    /// Only addresses are in the script: of anything else a name has none.
    fn to_another_type(&self, name: &str) -> DnsReply {
        match self.plans.keys().any(|(known, _)| known == name) {
            true => DnsReply::no_data(),
            false => self.to_a_stranger(),
        }
    }

    fn to_a_stranger(&self) -> DnsReply {
        self.otherwise.clone().unwrap_or_else(DnsReply::no_such_name)
    }
}
