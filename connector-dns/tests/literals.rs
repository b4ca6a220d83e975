//! Targets that are not looked up: addresses and `localhost`.

use std::io::{self, ErrorKind};

use futures_lite::future::block_on;
use socketry_connector::Connect;
use socketry_connector_dns::Families;
use socketry_testing::pair;

use super::{Poll, Stage, arrived, error, has_ended, host, poll};

#[test]
fn an_address_is_handed_on_as_it_is() {
    for target in ["127.0.0.1:80", "[::1]:80", "[fe80::1%7]:80", "[::ffff:192.0.2.1]:80"] {
        let stage = Stage::new();
        let mut connecting = stage.begin(target);
        let mut call = stage.call();
        assert!(call.target().host().is_none());
        assert_eq!(arrived(&mut call), [target]);
        assert!(has_ended(&mut call));
        call.succeed(pair().0);
        assert!(matches!(poll(&mut connecting), Poll::Ready(Ok(_))));
        assert_eq!(stage.resolver.begun(), 0);
    }
}

#[test]
fn an_address_is_handed_on_whatever_families_names_are_looked_up_in() {
    let stage = Stage::in_families(Families::OnlyV4);
    let _connecting = stage.begin("[::1]:80");
    assert_eq!(arrived(&mut stage.call()), ["[::1]:80"]);
}

#[test]
fn an_error_of_the_connector_inside_is_handed_on_as_it_is() {
    for kind in [ErrorKind::Other, ErrorKind::InvalidInput] {
        let stage = Stage::new();
        let mut connecting = stage.begin("127.0.0.1:80");
        stage.call().fail(io::Error::new(kind, "Connection failed"));
        let error = error(&mut connecting);
        assert_eq!((error.kind(), error.to_string()), (kind, "Connection failed".to_string()));
        assert!(error.get_ref().unwrap().source().is_none());
    }
}

#[test]
fn localhost_is_this_machine_in_ipv6_then_in_ipv4_and_nobody_is_asked() {
    for target in ["localhost:80", "LOCALHOST.:80", "web.localhost:80"] {
        let stage = Stage::new();
        let _connecting = stage.begin(target);
        let mut call = stage.call();
        assert_eq!(call.target().host(), Some(&host(target)));
        assert_eq!(arrived(&mut call), ["[::1]:80", "127.0.0.1:80"]);
        assert!(has_ended(&mut call));
        assert_eq!(stage.resolver.begun(), 0);
    }
}

#[test]
fn localhost_is_this_machine_in_the_families_that_are_wanted() {
    for (families, expected) in [
        (Families::PreferV4, &["127.0.0.1:80", "[::1]:80"][..]),
        (Families::OnlyV4, &["127.0.0.1:80"]),
        (Families::OnlyV6, &["[::1]:80"]),
    ] {
        let stage = Stage::in_families(families);
        let _connecting = stage.begin("localhost:80");
        assert_eq!(arrived(&mut stage.call()), expected, "{families:?}");
    }
}

#[test]
fn a_name_that_only_looks_like_localhost_is_looked_up() {
    for target in ["localhost.example:80", "notlocalhost:80"] {
        let stage = Stage::new();
        let _connecting = stage.begin(target);
        assert_eq!((stage.resolver.pending(), stage.inner.begun()), (2, 0), "{target}");
    }
}

#[test]
fn port_0_is_refused_before_anything_is_asked_or_dialled() {
    for target in ["example.com:0", "localhost:0", "127.0.0.1:0"] {
        let stage = Stage::new();
        let error = block_on(stage.connector.connect(host(target))).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert_eq!(
            error.to_string(),
            format!("connection to tcp://{target} refused: port 0 cannot be connected to")
        );
        assert_eq!((stage.resolver.begun(), stage.inner.begun()), (0, 0));
    }
}

#[test]
fn a_zone_that_is_no_interface_is_refused_before_anything_is_dialled() {
    let stage = Stage::new();
    let error = block_on(stage.connector.connect(host("[fe80::1%nowhere]:80"))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert_eq!(stage.inner.begun(), 0);
}
