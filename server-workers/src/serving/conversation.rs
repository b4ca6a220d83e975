//! The events of one connection, in their order.

use std::{future::Future, io, pin::pin, sync::Arc};

use super::{
    client::{Client, Lost},
    entry::Entry,
    incoming::Message,
    registry::Active,
    shared::Shared,
};
use crate::{Employ, Event, Notice, Reply, WorkerId};

/// Asks workers about all that happens on a connection, and does what they answer, until it is closed.
///
/// Dropping the future closes the connection at once.
#[allow(clippy::manual_async_fn, reason = "it would have room for each argument twice")]
pub(super) fn converse<K: Employ>(
    shared: Arc<Shared<K>>,
    mut client: Client,
    active: Active,
) -> impl Future<Output = ()> + Send + 'static {
    async move {
        let entry = client.entry.clone();
        let mut conversation = Conversation { shared: &shared, entry: &entry, last: None };
        match conversation.hold(&mut client).await {
            Over::Cut => return,
            Over::Ended => client.end().await,
        }
        drop(active); // nobody waits for clients that do not end their side
        client.linger().await;
    }
}

struct Conversation<'a, K: Employ> {
    shared: &'a Shared<K>,
    entry: &'a Entry,
    /// The worker that was asked last, if it is to be the same each time.
    last: Option<WorkerId>,
}

/// What a worker is asked about.
enum Occasion {
    Connected,
    Data(Message),
    Closed,
}

/// How a conversation has ended.
enum Over {
    /// Whoever is to be told is told.
    Ended,
    /// Somebody has told us to end at once.
    Cut,
}

impl<K: Employ> Conversation<'_, K> {
    /// Asks about one event after the other. (There is one place where a worker is asked, because each
    /// would have its own room in the future of every connection.)
    async fn hold(&mut self, client: &mut Client) -> Over {
        let mut occasion = Occasion::Connected;
        loop {
            let peer = &self.entry.peer;
            let event = match &occasion {
                Occasion::Connected => Event::Connected(peer),
                Occasion::Data(message) => Event::Data(peer, message.bytes()),
                Occasion::Closed => Event::Closed(peer),
            };
            let stick = client.is_sticky().then_some(&mut self.last);
            let asked = client.during(pin!(self.shared.pool.ask_same(event, stick))).await;
            match occasion {
                Occasion::Closed => {
                    return match asked {
                        None => Over::Cut,
                        Some(asked) => {
                            asked.map_or_else(|error| self.tell(&error), drop);
                            Over::Ended
                        }
                    };
                }
                Occasion::Data(message) => client.put_back(message),
                Occasion::Connected => {}
            }
            let next = match asked {
                Some(Ok(reply)) => go_on(client, reply).await,
                Some(Err(error)) => {
                    self.tell(&error);
                    client.leave();
                    return Over::Ended; // no worker is told
                }
                None => return Over::Cut,
            };
            occasion = match next {
                Ok(Some(message)) => Occasion::Data(message),
                Ok(None) => Occasion::Closed,
                Err(Lost::Failed(error)) => {
                    self.tell(&error);
                    Occasion::Closed
                }
                Err(Lost::Cut) => return Over::Cut,
            };
            if let Occasion::Closed = occasion {
                client.leave();
            }
        }
    }

    fn tell(&self, error: &io::Error) {
        let notices = &self.shared.pool.options().notices;
        notices.tell(&Notice::ConnectionFailed { peer: &self.entry.peer, error });
    }
}

/// Does what is answered, and waits for the next message; `None` if the connection is over.
async fn go_on(client: &mut Client, reply: Reply) -> Result<Option<Message>, Lost> {
    let goes_on = reply.goes_on();
    // Before an end, what others have sent is written, too.
    if !reply.bytes().is_empty() || !goes_on {
        client.say(reply.bytes()).await?;
    }
    drop(reply);
    if !goes_on {
        return Ok(None);
    }
    let message = client.hear().await?;
    if message.is_none() {
        client.say(&[]).await?; // a client that has ended its side may go on reading
    }
    Ok(message)
}

#[cfg(test)]
mod tests {
    use std::mem::{size_of, size_of_val};

    use super::{super::terms::Terms, *};
    use crate::{Answer, InProcess, Pool, PoolOptions, ServerOptions, Worker};

    struct Idle;

    impl Worker for Idle {
        async fn answer(&mut self, _event: Event<'_>) -> io::Result<Option<Answer>> {
            Ok(None)
        }
    }

    #[test]
    fn the_future_of_a_connection_is_small() {
        let pool = Pool::new(InProcess::new(|| Idle), PoolOptions::new());
        let shared = Arc::new(Shared::new(pool));
        let terms = Terms { name: "s".into(), options: ServerOptions::new(), clock: None };
        let (connection, _peer) = socketry_testing::pair();
        let client = Client::new(Box::new(connection), Arc::new(terms), shared.registry.clone());
        let active = Active::new(&shared.registry);
        let peer = client.entry.peer.clone();
        let asked = size_of_val(&shared.pool.ask_same(Event::Connected(&peer), Some(&mut None)));
        let conversation = size_of_val(&converse(shared, client, active));
        println!(
            "{conversation} bytes; {} a client, {asked} asking, {} an entry",
            size_of::<Client>(),
            size_of::<Entry>()
        );
        assert!(conversation <= 1536, "{conversation} bytes");
    }
}
