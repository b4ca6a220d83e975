//! The place where the processes meet, and what is there already.

use std::{
    fs, io,
    os::unix::{
        fs::PermissionsExt,
        net::{UnixListener, UnixStream},
    },
    process,
};

use futures_lite::future::{block_on, try_zip};
use rustix::io::Errno;
use socketry_connection::os_error;
use socketry_server_handover::{Handover, Phase, UnixAddress};

use crate::support::{Place, phase};

#[test]
fn without_a_file_there_is_nobody() {
    assert!(block_on(Place::new().handover().take()).unwrap().is_none());
}

#[test]
fn a_socket_whose_process_is_dead_is_nobody() {
    let place = Place::new();
    drop(UnixListener::bind(place.path()).unwrap());
    assert!(block_on(place.handover().take()).unwrap().is_none());
}

#[test]
fn an_offer_replaces_the_socket_of_a_dead_process() {
    let place = Place::new();
    drop(UnixListener::bind(place.path()).unwrap());
    let _offer = place.handover().offer().unwrap();
    assert!(UnixStream::connect(place.path()).is_ok());
}

#[test]
fn two_offers_at_one_place_are_one_too_many() {
    let place = Place::new();
    let _first = place.handover().offer().unwrap();
    let error = place.handover().offer().unwrap_err();
    assert_eq!((error.kind(), phase(&error)), (io::ErrorKind::AddrInUse, Phase::Offering));
    assert_eq!(os_error(&error), Some(Errno::ADDRINUSE.raw_os_error()));
    let expected = format!(
        "offering sockets at unix://{} failed: {}; another process offers its sockets there: take them over from it, or choose another address",
        place.path().display(),
        io::Error::from(Errno::ADDRINUSE)
    );
    assert_eq!(error.to_string(), expected);
    assert!(place.path().exists());
}

#[test]
fn a_file_that_is_no_socket_is_left_alone() {
    let place = Place::new();
    fs::write(place.path(), "precious").unwrap();
    let error = place.handover().offer().unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
    assert_eq!(fs::read_to_string(place.path()).unwrap(), "precious");
}

#[test]
fn a_directory_that_is_not_there_is_an_error_of_the_offer_with_its_number() {
    let place = Place::new();
    let handover = Handover::new(UnixAddress::from_path(place.path().join("no")).unwrap());
    assert_eq!(os_error(&handover.offer().unwrap_err()), Some(Errno::NOENT.raw_os_error()));
}

#[test]
fn only_this_user_may_connect_whatever_the_umask() {
    let place = Place::new();
    let _offer = place.handover().offer().unwrap();
    let mode = fs::symlink_metadata(place.path()).unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o600);
}

#[test]
fn dropping_the_offer_removes_its_file() {
    let place = Place::new();
    drop(place.handover().offer().unwrap());
    assert!(!place.path().exists());
}

#[test]
fn a_file_that_has_taken_its_place_meanwhile_is_left_alone() {
    let place = Place::new();
    let offer = place.handover().offer().unwrap();
    fs::remove_file(place.path()).unwrap();
    let _other = UnixListener::bind(place.path()).unwrap();
    drop(offer);
    assert!(UnixStream::connect(place.path()).is_ok());
}

#[cfg(target_os = "linux")]
#[test]
fn an_abstract_name_is_a_place_as_well_and_is_free_afterwards() {
    let name = format!("socketry-handover-{}", process::id());
    let handover = Handover::new(UnixAddress::from_abstract(name).unwrap());
    let mut offer = handover.offer().unwrap();
    assert_eq!(handover.offer().unwrap_err().kind(), io::ErrorKind::AddrInUse);
    let following = async { handover.take().await?.unwrap().ready().await };
    block_on(try_zip(offer.hand_on(|| Ok(Vec::new())), following)).unwrap();
    assert!(block_on(handover.take()).unwrap().is_none());
    assert!(handover.offer().is_ok());
}
