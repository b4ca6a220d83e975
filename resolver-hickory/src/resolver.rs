//! The resolver this crate is about.

use std::{
    future::{Future, poll_fn},
    io,
    net::SocketAddr,
    pin::pin,
    sync::Arc,
    task::Poll,
};

use socketry_connection::Sleep;
use socketry_resolver::{Answer, Family, LookupFailure, Resolve};

use crate::{
    Nameserver,
    engine::Engine,
    failure::Failure,
    name::{Asked, Host, loopback},
    settings::Settings,
    setup::Loader,
};

/// Asks nameservers, over UDP and TCP, and keeps their answers for as long as they are good.
///
/// - **Where it looks, in this order**: addresses are answered in place; `localhost` and names in
///   it are this machine, `.invalid` and `.onion` exist nowhere (RFC 6761, RFC 7686); then the hosts
///   file, also for short names; then the nameservers, for the name in each domain of the search
///   list. The first of these names with an address counts, be it one of the other family alone:
///   then the answer is empty. A domain whose nameservers fail is passed over, and its failure is
///   told if nothing is found.
/// - **Whom it asks**: the first nameserver, and the next one when that has failed or has not
///   answered for a second (a third of a try, if that is less). One that answers while those before
///   it are silent is asked first for the next 30 s. SERVFAIL and REFUSED are no answers: the next
///   one is asked. A nameserver that is not there is noticed at once, if the system hears of it
///   (ICMP).
/// - **How long**: 15 s for the whole of a lookup, 5 s (or what the system says) for a try, at most
///   a third of the whole; two tries for each nameserver that keeps silent.
/// - **How many**: 128 questions at once; whoever comes later waits in line. Lookups of one name
///   and family at the same time are one question.
/// - **What it keeps**: 256 answers, also those that say no, each as long as its zone says.
///   [`Answer::expires`] says how long.
///
/// Making one opens nothing and reads nothing. The system's configuration is read at the first
/// lookup, and again when the files have changed, which is looked at every five seconds at most;
/// these are short reads that block. A clone shares everything.
///
/// It has no thread and needs no spawner: what is under way moves while lookups are polled. Between
/// lookups it holds no UDP socket, and one TCP connection to each nameserver that needed it.
///
/// # Examples
///
/// ```no_run
/// use std::io;
///
/// use futures_lite::future::{block_on, try_zip};
/// use socketry_resolver::{Family, Resolve};
/// use socketry_resolver_hickory::HickoryResolver;
///
/// # fn main() -> io::Result<()> {
/// let resolver = HickoryResolver::from_system();
/// let (v6, v4) = block_on(try_zip(
///     resolver.resolve("example.org", Family::V6),
///     resolver.resolve("example.org", Family::V4),
/// ))?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct HickoryResolver {
    loader: Arc<Loader>,
}

impl HickoryResolver {
    /// Asks the nameservers of the system, with its search list and options.
    pub fn from_system() -> Self {
        Self::with_settings(Settings::default())
    }

    /// Asks these nameservers, with no search list. The system's hosts file is read all the same.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::{io, net::SocketAddr};
    ///
    /// use socketry_resolver_hickory::{HickoryResolver, Nameserver};
    ///
    /// # fn main() -> io::Result<()> {
    /// let first: Nameserver = "tcp://192.0.2.53".parse()?;
    /// let second = SocketAddr::from(([192, 0, 2, 54], 53)).into();
    /// let resolver = HickoryResolver::with_nameservers([first, second]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn with_nameservers<N: Into<Nameserver>>(nameservers: impl IntoIterator<Item = N>) -> Self {
        let nameservers = nameservers.into_iter().map(Into::into).collect();
        Self::with_settings(Settings { nameservers: Some(nameservers), ..Settings::default() })
    }

    pub(crate) fn with_settings(settings: Settings) -> Self {
        Self { loader: Arc::new(Loader::new(settings)) }
    }

    async fn lookup(&self, host: Host, family: Family) -> Result<Answer, Failure> {
        let setup = self.loader.current();
        if let Some(answer) = setup.hosts.answer(&host.key(), family) {
            return Ok(answer);
        }
        let engine = setup.engine()?;
        self.in_time(engine, engine.lookup(host, family)).await
    }

    /// The result of a lookup, or that its time was up. It is asked before the clock, and one that
    /// need not wait, since its answer is kept, costs no timer.
    async fn in_time(
        &self,
        engine: &Engine,
        lookup: impl Future<Output = Result<Answer, Failure>>,
    ) -> Result<Answer, Failure> {
        let settings = self.loader.settings();
        let (mut lookup, mut deadline) = (pin!(lookup), None);
        poll_fn(|cx| {
            if let Poll::Ready(result) = lookup.as_mut().poll(cx) {
                return Poll::Ready(result);
            }
            let deadline = deadline.get_or_insert_with(|| {
                Box::pin(Sleep::after(settings.clock.as_ref(), settings.deadline))
            });
            deadline.as_mut().poll(cx).map(|()| {
                let (asked, deadline) = (engine.nameservers(), settings.deadline);
                let mut reason = format!("{asked}; the whole lookup may take {deadline:?}");
                if engine.is_full() {
                    let most = settings.most_at_once;
                    reason += &format!(", and at most {most} questions were asked at once");
                }
                Err(Failure::because(LookupFailure::TimedOut, reason))
            })
        })
        .await
    }
}

/// # Errors
///
/// A [`LookupFailed`](socketry_resolver::LookupFailed), whose [`LookupFailure`] tells what
/// happened:
///
/// - `InvalidName`: before anything is opened.
/// - `NoSuchName`: no nameserver was wrong, the name does not exist, nor any that it stands for.
///   [`LookupFailed::expires`](socketry_resolver::LookupFailed::expires) says how long that is good.
/// - `ServerFailed`, `Refused`, `TimedOut`, `Unreachable`, `Other`: no nameserver has answered. The
///   source says which was asked and what each has said; that of the most telling one is chosen, in
///   this order: SERVFAIL, REFUSED, something else, silence, not there.
/// - `Other` is what was not understood, and that this machine has run out of descriptors, memory or
///   ports, for longer than half of a try; the error then has the kind and the number that the
///   system has told.
/// - `NoServer`: none is configured. No other is asked instead.
///
/// That a name has no address of this family is no error but an empty answer.
///
/// # Cancel safety
///
/// A dropped lookup closes its sockets and frees its timers, unless another lookup waits for the
/// same question. A TCP connection to a nameserver stays open for the next lookup; what it remembers
/// of the dropped one (a few bytes and its timer, for the time of one try) it forgets then.
impl Resolve for HickoryResolver {
    async fn resolve(&self, name: &str, family: Family) -> io::Result<Answer> {
        let of_family = |address: SocketAddr| -> Answer {
            Some(address)
                .filter(|address| Family::of(&address.ip()) == family)
                .into_iter()
                .collect()
        };
        let result = match Asked::parse(name) {
            Ok(Asked::Literal(address)) => Ok(of_family(address)),
            Ok(Asked::Localhost) => Ok(Answer::from(vec![loopback(family)])),
            Ok(Asked::Host(host)) => self.lookup(host, family).await,
            Err(reason) => Err(Failure::because(LookupFailure::InvalidName, reason)),
        };
        result.map_err(|failure| failure.into_error(name, family))
    }
}
