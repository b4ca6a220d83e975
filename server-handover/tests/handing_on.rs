//! What the successor gets, and when the leaver may leave.

use std::{
    io::{self, Seek, Write},
    net::{TcpListener, TcpStream},
    os::fd::AsFd,
};

use futures_lite::future::{self, block_on, poll_once, try_zip, zip};
use rustix::io::{FdFlags, fcntl_getfd};
use socketry_server_handover::NamedSocket;

use crate::support::{Place, address_of, inherit, listener, named, take_all};

#[test]
fn sockets_are_found_by_their_names_and_are_those_of_the_leaver() {
    let ((web, web_address), (admin, admin_address)) = (listener(), listener());
    let sockets = vec![NamedSocket::new("web", web), NamedSocket::new("admin", admin)];
    let taken = inherit(sockets);
    assert_eq!(taken.iter().map(|socket| &socket.name).collect::<Vec<_>>(), ["web", "admin"]);
    assert_eq!([address_of(&taken[0]), address_of(&taken[1])], [web_address, admin_address]);
}

#[test]
fn sockets_of_one_name_come_in_the_order_in_which_they_were_handed_on() {
    let ((first, first_address), (second, second_address)) = (listener(), listener());
    let taken = inherit(vec![NamedSocket::new("web", first), NamedSocket::new("web", second)]);
    assert_eq!([address_of(&taken[0]), address_of(&taken[1])], [first_address, second_address]);
}

#[test]
fn more_sockets_than_the_system_passes_at_once_arrive_in_order() {
    let (listener, address) = listener();
    let names = Vec::from_iter((0..300).map(|number| number.to_string()));
    let names = Vec::from_iter(names.iter().map(String::as_str));
    let taken = inherit(named(&listener, &names).unwrap());
    assert_eq!(Vec::from_iter(taken.iter().map(|socket| socket.name.as_str())), names);
    assert!(taken.iter().all(|socket| address_of(socket) == address));
}

#[test]
fn a_lock_goes_with_its_socket_also_where_a_message_is_full() {
    let (listener, _) = listener();
    let mut files = Vec::new();
    let mut sockets = named(&listener, &["a"; 200]).unwrap();
    for (number, socket) in sockets.iter_mut().enumerate().skip(1).step_by(2) {
        let mut file = temporary_file();
        file.write_all(&[number as u8]).unwrap();
        socket.lock = Some(file.try_clone().unwrap().into());
        files.push(file);
    }
    let taken = inherit(sockets);
    for (number, socket) in taken.into_iter().enumerate() {
        let Some(lock) = socket.lock else {
            assert_eq!(number % 2, 0);
            continue;
        };
        let mut file = std::fs::File::from(lock);
        file.rewind().unwrap();
        let mut content = [0];
        io::Read::read_exact(&mut file, &mut content).unwrap();
        assert_eq!(usize::from(content[0]), number);
    }
}

#[test]
fn nothing_can_be_handed_on_as_well() {
    assert!(inherit(Vec::new()).is_empty());
}

#[test]
fn a_name_of_the_greatest_length_arrives_whole() {
    let (listener, _) = listener();
    let name = "ä".repeat(127) + "x";
    let taken = inherit(named(&listener, &[&name]).unwrap());
    assert_eq!(taken[0].name, name);
}

#[test]
fn what_is_inherited_is_closed_on_exec() {
    let (listener, _) = listener();
    let lock = temporary_file().into();
    let socket = NamedSocket::new("web", listener).with_lock(Some(lock));
    let [socket] = &inherit(vec![socket])[..] else { panic!() };
    for descriptor in [socket.socket.as_fd(), socket.lock.as_ref().unwrap().as_fd()] {
        assert!(fcntl_getfd(descriptor).unwrap().contains(FdFlags::CLOEXEC));
    }
}

#[test]
fn both_take_clients_until_the_successor_is_ready() {
    let place = Place::new();
    let handover = place.handover();
    let (listener, address) = listener();
    let mut offer = handover.offer().unwrap();
    let following = async {
        let mut inherited = handover.take().await?.unwrap();
        let _clients = [(); 2].map(|()| TcpStream::connect(address).unwrap());
        listener.accept()?;
        TcpListener::from(inherited.take("web").unwrap().socket).accept()?;
        inherited.ready().await
    };
    let leaving = offer.hand_on(|| named(&listener, &["web"]));
    block_on(try_zip(leaving, following)).unwrap();
}

#[test]
fn the_leaver_stays_until_the_successor_is_ready() {
    let place = Place::new();
    let handover = place.handover();
    let mut offer = handover.offer().unwrap();
    block_on(async {
        let mut leaving = Box::pin(offer.hand_on(|| Ok(Vec::new())));
        let inherited = future::or(async { Err((&mut leaving).await) }, async {
            Ok(handover.take().await.unwrap().unwrap())
        });
        let inherited = inherited.await.unwrap();
        assert!(poll_once(&mut leaving).await.is_none());
        let (ready, left) = zip(inherited.ready(), leaving).await;
        assert!(ready.is_ok() && left.is_ok());
    });
}

#[test]
fn sockets_are_asked_for_when_a_successor_is_there_and_not_before() {
    let place = Place::new();
    let handover = place.handover();
    let mut offer = handover.offer().unwrap();
    let mut asked = false;
    let leaving = offer.hand_on(|| {
        asked = true;
        Ok(Vec::new())
    });
    assert!(block_on(poll_once(leaving)).is_none());
    assert!(!asked);
}

#[test]
fn after_a_handover_nobody_finds_the_leaver_and_its_offer_is_over() {
    let place = Place::new();
    let handover = place.handover();
    let mut offer = handover.offer().unwrap();
    let following = async { handover.take().await?.unwrap().ready().await };
    block_on(try_zip(offer.hand_on(|| Ok(Vec::new())), following)).unwrap();
    assert!(!place.path().exists());
    assert!(block_on(handover.take()).unwrap().is_none());
    let error = block_on(offer.hand_on(|| Ok(Vec::new()))).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::NotConnected);
}

#[test]
fn the_successor_can_offer_as_soon_as_it_is_ready_and_is_followed_itself() {
    let place = Place::new();
    let handover = place.handover();
    let (listener, address) = listener();
    let mut offer = handover.offer().unwrap();
    for _ in 0..3 {
        let following = async {
            let mut inherited = handover.take().await?.unwrap();
            let taken = take_all(&mut inherited);
            inherited.ready().await?;
            assert_eq!(address_of(&taken[0]), address);
            handover.offer()
        };
        let leaving = offer.hand_on(|| named(&listener, &["web"]));
        let ((), next) = block_on(try_zip(leaving, following)).unwrap();
        offer = next; // that of the leaver is dropped, and leaves the file of the next alone
        assert!(place.path().exists());
    }
}

fn temporary_file() -> std::fs::File {
    let directory = socketry_testing::TestDir::new();
    let path = directory.write("lock", "");
    std::fs::OpenOptions::new().read(true).write(true).open(path).unwrap()
}
