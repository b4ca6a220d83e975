//! The contract of `Resolve`, to be run over any resolver that asks a nameserver.

use std::{
    fmt,
    future::Future,
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    pin::Pin,
};

use futures_lite::future::block_on;
use socketry_connection::Family;
use socketry_resolver::{Answer, BoxResolver, LookupFailed, LookupFailure, Resolve};

use crate::DnsServer;

mod answers;
mod failures;
mod names;
mod together;

/// Runs a resolver through the contract of [`Resolve`], against a [`DnsServer`] of its own for each
/// case.
///
/// In some cases the nameserver is silent. Nothing is asserted of the time that the resolver takes
/// to give up, but a test waits for it: say with [`impatient`](Self::impatient) how to make one that
/// soon does. In all others a machine that is busy must not look like a silent nameserver: there the
/// resolver should be as patient as it is for its users.
///
/// With [`resolver_tests!`](crate::resolver_tests) each case becomes a test of its own; with
/// [`cases`](Self::cases) and [`run`](Self::run) they can be run one by one.
///
/// # Examples
///
/// ```
/// use std::net::SocketAddr;
///
/// use socketry_resolver::{BoxResolver, StaticResolver};
/// use socketry_testing::ResolverCheck;
///
/// fn check() -> ResolverCheck {
///     ResolverCheck::new(|nameserver| BoxResolver::new(resolver_asking(nameserver)))
/// }
/// # fn resolver_asking(_nameserver: SocketAddr) -> StaticResolver { StaticResolver::new() }
///
/// // In a file of tests:
/// // socketry_testing::resolver_tests!(check());
/// # drop(check());
/// ```
pub struct ResolverCheck {
    make: Make,
    make_impatient: Option<Make>,
    address: SocketAddr,
    tells_failures: bool,
    tells_expiry: bool,
    can_cancel: bool,
    checks_datagrams: bool,
    known_host: Option<(String, IpAddr)>,
}

type Make = Box<dyn Fn(SocketAddr) -> BoxResolver + Send + Sync>;

impl ResolverCheck {
    /// Checks the resolver that `make` makes, which is to ask the nameserver at this address.
    pub fn new(make: impl Fn(SocketAddr) -> BoxResolver + Send + Sync + 'static) -> Self {
        Self {
            make: Box::new(make),
            make_impatient: None,
            address: (Ipv4Addr::LOCALHOST, 0).into(),
            tells_failures: true,
            tells_expiry: true,
            can_cancel: true,
            checks_datagrams: true,
            known_host: None,
        }
    }

    /// How to make the resolver for cases in which the nameserver is silent: it is to ask again
    /// after some 200 ms, and to give up within a second. By default it is made as ever.
    pub fn impatient(
        mut self,
        make: impl Fn(SocketAddr) -> BoxResolver + Send + Sync + 'static,
    ) -> Self {
        self.make_impatient = Some(Box::new(make));
        self
    }

    /// Lets the nameserver listen on `address`, for a resolver that asks no other. By default it
    /// listens on a free port of 127.0.0.1.
    pub fn at(mut self, address: SocketAddr) -> Self {
        self.address = address;
        self
    }

    /// The resolver cannot tell SERVFAIL, REFUSED and silence apart, as getaddrinfo cannot.
    pub fn telling_no_failures_apart(mut self) -> Self {
        self.tells_failures = false;
        self
    }

    /// The resolver does not know how long an answer is good.
    pub fn telling_no_expiry(mut self) -> Self {
        self.tells_expiry = false;
        self
    }

    /// A lookup that was dropped may go on, because the system knows no way to end it.
    pub fn unable_to_cancel(mut self) -> Self {
        self.can_cancel = false;
        self
    }

    /// The resolver takes what answers another question for an answer, or a datagram that is
    /// truncated when the whole cannot be had.
    pub fn believing_datagrams(mut self) -> Self {
        self.checks_datagrams = false;
        self
    }

    /// The hosts file has this name, without a dot in it, with this address only. By default
    /// hosts files are not checked.
    pub fn with_known_host(mut self, name: &str, ip: IpAddr) -> Self {
        self.known_host = Some((name.to_string(), ip));
        self
    }

    /// The names of the cases.
    pub fn cases() -> impl Iterator<Item = &'static str> {
        CASES.iter().map(|case| case.name)
    }

    /// Runs one case, on this thread.
    ///
    /// # Panics
    ///
    /// If the resolver breaks the contract, or if there is no such case. A lookup that hangs shows
    /// as a test that does not end.
    pub fn run(&self, case: &str) {
        match CASES.iter().find(|known| known.name == case) {
            Some(known) => block_on((known.run)(self)),
            None => panic!("there is no case {case:?}"),
        }
    }

    /// A nameserver, and a resolver that asks it.
    fn start(&self) -> (DnsServer, BoxResolver) {
        self.start_with(&self.make)
    }

    /// A nameserver that will be silent, and a resolver that asks it.
    fn start_impatient(&self) -> (DnsServer, BoxResolver) {
        self.start_with(self.make_impatient.as_ref().unwrap_or(&self.make))
    }

    /// A resolver that asks where nobody listens.
    fn resolver_without_nameserver(&self) -> BoxResolver {
        let mut address = self.address;
        if address.port() == 0 {
            // A port that was free a moment ago may belong to another test; this one has no users.
            address.set_port(1);
        }
        self.make_impatient.as_ref().unwrap_or(&self.make)(address)
    }

    fn start_with(&self, make: &Make) -> (DnsServer, BoxResolver) {
        let server = DnsServer::start_on(self.address).expect("the nameserver starts");
        let resolver = make(server.address());
        (server, resolver)
    }

    /// Checks what a lookup is told to have failed of, as far as the resolver can tell.
    fn assert_failed(&self, result: io::Result<Answer>, expected: LookupFailure) {
        let failure = failure(result);
        if self.tells_failures {
            assert_eq!(failure, expected);
        } else {
            use LookupFailure::{Refused, ServerFailed, TimedOut, Unreachable};
            let nearby = [Refused, ServerFailed, TimedOut, Unreachable];
            assert!(nearby.contains(&failure), "{failure:?} is not near {expected:?}");
        }
    }
}

impl fmt::Debug for ResolverCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResolverCheck").field("address", &self.address).finish_non_exhaustive()
    }
}

struct Case {
    name: &'static str,
    run: for<'a> fn(&'a ResolverCheck) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>>,
}

/// Makes the list of cases, and the macro that makes a test of each.
macro_rules! cases {
    ($dollar:tt $($module:ident::$case:ident,)*) => {
        const CASES: &[Case] = &[$(
            Case { name: stringify!($case), run: |check| Box::pin($module::$case(check)) },
        )*];

        /// Makes a test of each case of a [`ResolverCheck`], which is given as an expression.
        #[macro_export]
        macro_rules! resolver_tests {
            ($dollar check:expr) => {
                $(
                    #[test]
                    fn $case() {
                        $crate::ResolverCheck::run(&$dollar check, stringify!($case));
                    }
                )*
            };
        }
    };
}

cases! { $
    answers::each_family_has_its_own_addresses,
    answers::a_family_without_addresses_has_an_empty_answer,
    answers::an_answer_says_until_when_it_is_good,
    answers::an_answer_that_may_not_be_kept_is_asked_for_again,
    answers::a_chain_of_aliases_leads_to_the_addresses,
    answers::thirty_addresses_all_come,
    answers::a_truncated_answer_is_asked_for_again_over_tcp,
    answers::an_answer_with_a_wrong_id_is_ignored,
    answers::an_answer_to_another_question_is_ignored,
    answers::a_lost_query_is_asked_again,
    failures::a_name_that_does_not_exist_is_an_error,
    failures::a_nameserver_that_fails_is_an_error,
    failures::a_nameserver_that_refuses_is_an_error,
    failures::a_nameserver_that_is_silent_is_an_error,
    failures::a_nameserver_that_is_not_there_is_an_error,
    failures::a_connection_that_is_closed_is_no_answer,
    failures::an_answer_to_another_question_over_tcp_is_no_answer,
    failures::a_wrong_id_alone_is_no_answer,
    failures::garbage_is_no_answer,
    failures::one_family_that_fails_leaves_the_other_alone,
    names::case_and_a_dot_at_the_end_do_not_matter,
    names::an_underscore_is_part_of_a_name,
    names::a_name_that_is_not_ascii_is_encoded,
    names::what_can_be_no_host_name_is_refused_without_a_query,
    names::localhost_asks_nobody,
    names::a_short_name_of_the_hosts_file_asks_nobody,
    together::a_family_held_back_does_not_hold_the_other_one_back,
    together::many_names_are_looked_up_at_once,
    together::a_dropped_lookup_asks_no_more,
    together::a_dropped_lookup_leaves_the_others_alone,
}

/// What a lookup has failed of.
fn failure(result: io::Result<Answer>) -> LookupFailure {
    let error = result.expect_err("this lookup fails");
    let payload = error.get_ref().and_then(|payload| payload.downcast_ref::<LookupFailed>());
    let failed = payload.unwrap_or_else(|| panic!("the payload is no LookupFailed: {error:?}"));
    failed.failure()
}

/// The addresses of a name in one family, in an order that says nothing.
async fn lookup(resolver: &BoxResolver, name: &str, family: Family) -> Vec<IpAddr> {
    let answer = resolver.resolve(name, family).await;
    let answer = answer.unwrap_or_else(|error| panic!("{name} is found: {error}"));
    let mut ips: Vec<IpAddr> = answer.ips().collect();
    ips.sort();
    ips
}

/// Another name is found, sooner or later: the resolver may be impatient, and the machine busy.
async fn still_works(server: &DnsServer, resolver: &BoxResolver) {
    const TRIES: usize = 20;

    server.answer("works.example", [ip(Family::V6, 9)]);
    for _ in 1..TRIES {
        if resolver.resolve("works.example", Family::V6).await.is_ok() {
            break;
        }
    }
    assert_eq!(lookup(resolver, "works.example", Family::V6).await, [ip(Family::V6, 9)]);
}

/// An address for documentation, of either family.
fn ip(family: Family, last: u8) -> IpAddr {
    match family {
        Family::V4 => [192, 0, 2, last].into(),
        Family::V6 => [0x2001, 0xdb8, 0, 0, 0, 0, 0, last.into()].into(),
    }
}
