//! Certificates of all kinds: which are accepted, and how the others are refused.

use std::fmt::Write;

use socketry_connection_tls::rustls::ServerConfig;
use socketry_connector::{Host, HostPort};
use socketry_connector_tls::{ClientTls, HandshakeFailure, Roots};
use socketry_testing::{TestAuthority, TestCertificate, TestDir, TestIdentity, TestKey};

use crate::{
    support::{connect, failure, server_config},
    weak::weak_server_config,
};

/// The page that the table is on.
const PAGE: &str = include_str!("../CERTIFICATES.md");

/// One kind of certificate, and what came of it.
struct Kind {
    what: &'static str,
    outcome: String,
}

/// Whom the clients of the zoo trust.
struct Zoo {
    authority: TestAuthority,
    kinds: Vec<Kind>,
}

impl Zoo {
    /// Shows `identity` to a client that wants `example.com` and trusts the authority.
    fn show(&mut self, what: &'static str, identity: &TestIdentity) {
        self.show_to(Roots::none(), what, "example.com", identity);
    }

    /// Shows `identity` to a client that wants `host` and trusts the authority and some more.
    fn show_to(&mut self, roots: Roots, what: &'static str, host: &str, identity: &TestIdentity) {
        self.show_server(roots, what, host, server_config(identity));
    }

    fn show_server(&mut self, roots: Roots, what: &'static str, host: &str, server: ServerConfig) {
        let roots = roots.with_pem(self.authority.certificate_pem());
        let tls = ClientTls::builder().roots(roots).build().unwrap();
        let target = HostPort::new(host.parse::<Host>().unwrap(), 443);
        let place = format!("tls://{target}");
        let outcome = match connect(&tls, target, server).0 {
            Ok(_) => "accepted |".to_string(),
            Err(error) => {
                let text = error.to_string();
                let start = format!("connection to {place} failed during TLS handshake: ");
                let why = text.strip_prefix(&start).unwrap_or_else(|| panic!("{what}: {text}"));
                format!("{} | {}", name_of(failure(&error)), timeless(why))
            }
        };
        self.kinds.push(Kind { what, outcome });
    }

    fn table(&self) -> String {
        self.kinds.iter().fold(String::new(), |mut table, Kind { what, outcome }| {
            writeln!(table, "| {what} | {outcome} |").unwrap();
            table
        })
    }
}

/// The same on every day, and for every authority.
fn timeless(text: &str) -> String {
    let is_time = |word: &str| word.ends_with('Z') && word.contains('T') && word.contains(':');
    let is_number = |word: &str| word.parse::<u32>().is_ok();
    let differs = |word: &str| is_time(word) || is_number(word);
    let words = text.split(' ').map(|word| if differs(word) { "..." } else { word });
    words.collect::<Vec<_>>().join(" ")
}

fn name_of(failure: &HandshakeFailure) -> String {
    let debug = format!("{failure:?}");
    let name = debug.split([' ', '(']).next().unwrap();
    format!("`{name}`")
}

#[test]
fn each_kind_of_certificate_is_accepted_or_refused_as_the_page_says() {
    let mut zoo = Zoo { authority: TestAuthority::new(), kinds: Vec::new() };
    show_names(&mut zoo);
    show_times_and_purposes(&mut zoo);
    show_issuers(&mut zoo);
    show_keys(&mut zoo);
    let table = zoo.table();
    assert!(PAGE.contains(&table), "the page has another table than this:\n{table}");
}

fn show_names(zoo: &mut Zoo) {
    let issue = |zoo: &Zoo, name| zoo.authority.issue([name]);
    let identity = issue(zoo, "example.com");
    zoo.show("for the name, by a trusted authority", &identity);
    let identity = issue(zoo, "example.org");
    zoo.show("for another name", &identity);
    let identity = issue(zoo, "*.example.com");
    let none = Roots::none;
    zoo.show_to(none(), "for `*.example.com`, at `www.example.com`", "www.example.com", &identity);
    zoo.show("for `*.example.com`, at `example.com`", &identity);
    zoo.show_to(none(), "for `*.example.com`, at `a.b.example.com`", "a.b.example.com", &identity);
    let identity = issue(zoo, "192.0.2.1");
    zoo.show_to(none(), "for an IP address, at that address", "192.0.2.1", &identity);
    zoo.show_to(none(), "for an IP address, at another one", "192.0.2.2", &identity);
    let identity = issue(zoo, "2001:db8::1");
    zoo.show_to(none(), "for an IPv6 address, at it with a zone", "2001:db8::1%1", &identity);
    let identity = zoo.authority.issue([]);
    zoo.show("without a name in `subjectAltName`", &identity);
}

fn show_times_and_purposes(zoo: &mut Zoo) {
    let authority = zoo.authority.intermediate();
    let good = || authority.certificate(["example.com"]);
    zoo.show("expired", &good().expired().issue());
    zoo.show("not valid yet", &good().not_valid_yet().issue());
    zoo.show("for servers (`serverAuth`)", &good().for_servers().issue());
    zoo.show("for clients only (`clientAuth`)", &good().for_clients().issue());
    zoo.show("that says it is an authority (`CA:TRUE`)", &good().as_authority().issue());
    let identity = zoo.authority.issue(["example.com"]);
    let revocations = zoo.authority.revocations([&identity]);
    let roots = Roots::none().with_revocations(revocations.der());
    zoo.show_to(roots, "revoked, by a list that the client has", "example.com", &identity);
    let other = zoo.authority.issue(["example.com"]);
    let roots = Roots::none().with_revocations(revocations.der());
    zoo.show_to(roots, "not on the list that the client has", "example.com", &other);
}

fn show_issuers(zoo: &mut Zoo) {
    zoo.show("by an authority that nobody knows", &TestAuthority::new().issue(["example.com"]));
    let impostor = zoo.authority.impostor();
    zoo.show("by a stranger with the name of a trusted one", &impostor.issue(["example.com"]));
    let intermediate = zoo.authority.intermediate();
    zoo.show("by an intermediate, with its certificate", &intermediate.issue(["example.com"]));
    let identity = intermediate.certificate(["example.com"]).without_intermediates().issue();
    zoo.show("by an intermediate, without its certificate", &identity);
    let identity = zoo.authority.constrained(["example.com"], []).issue(["example.com"]);
    zoo.show("by one that may sign the name (name constraints)", &identity);
    let identity = zoo.authority.constrained(["example.org"], []).issue(["example.com"]);
    zoo.show("by one that may only sign others", &identity);
    let identity = zoo.authority.constrained([], ["example.com"]).issue(["example.com"]);
    zoo.show("by one that may not sign the name", &identity);
    let own = TestCertificate::self_signed(["example.com"]).issue();
    zoo.show("self-signed", &own);
    let roots = Roots::none().with_pem(own.chain_pem());
    zoo.show_to(roots, "self-signed, and itself among the roots", "example.com", &own);
    let own = TestCertificate::self_signed(["example.com"]).as_authority().issue();
    zoo.show("self-signed with `CA:TRUE`, as `openssl req -x509` makes it", &own);
    let roots = Roots::none().with_pem(own.chain_pem());
    zoo.show_to(roots, "the same, and itself among the roots", "example.com", &own);
}

fn show_keys(zoo: &mut Zoo) {
    for (what, kind) in [
        ("with an ECDSA key, P-256", TestKey::P256),
        ("with an ECDSA key, P-384", TestKey::P384),
        ("with an Ed25519 key", TestKey::Ed25519),
        ("with an RSA key, 2048 bits", TestKey::Rsa2048),
    ] {
        let identity = zoo.authority.certificate(["example.com"]).with_key(kind).issue();
        zoo.show(what, &identity);
    }
    let weak = zoo.authority.certificate(["example.com"]).with_key(TestKey::Rsa1024).issue();
    let dir = TestDir::new(); // has the key until the end
    let server = weak_server_config(&weak, &dir);
    zoo.show_server(Roots::none(), "with an RSA key, 1024 bits", "example.com", server);
}
