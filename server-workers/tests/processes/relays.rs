//! Workers that connect to a socket instead of using their pipes.

use std::{
    fs,
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    os::unix::{
        fs::PermissionsExt,
        net::{UnixListener, UnixStream},
    },
    sync::Arc,
};

use futures_lite::future::{block_on, or, poll_once, try_zip, zip};
use socketry_server_workers::{Employ, Event, Notices, Peer, Processes, Relay, WorkerId};
use socketry_testing::TestDir;

use crate::support::{Told, hire, hire_another, processes, refused, scripted_worker};

fn tcp() -> Relay {
    "tcp://127.0.0.1:0".parse().unwrap()
}

fn unix(directory: &TestDir) -> Relay {
    Relay::Unix(directory.join("s"))
}

#[test]
fn a_worker_connects_by_tcp() {
    let mut hired = hire(processes([]).relay(tcp()));
    assert_eq!(hired.text("ping"), "ping");
}

#[test]
fn a_worker_connects_by_a_unix_socket() {
    let directory = TestDir::new();
    let mut hired = hire(processes([]).relay(unix(&directory)));
    assert_eq!(hired.text("ping"), "ping");
}

#[test]
fn long_messages_go_both_ways() {
    let directory = TestDir::new();
    for relay in [tcp(), unix(&directory)] {
        let mut hired = hire(processes([]).relay(relay));
        let message = vec![b'x'; 1 << 20];
        assert!(hired.data(&message).unwrap().bytes() == message);
    }
}

#[test]
fn workers_end_when_they_are_told_to() {
    hire(processes(["stop=close,exit:0"]).relay(tcp())).dismiss();
}

#[test]
fn standard_output_is_a_log() {
    let mut hired = hire(processes(["data=print:hello,exit:0"]).relay(tcp()));
    hired.data("x").unwrap_err();
    hired.ended();
    assert_eq!(hired.told.lines(), ["hello"]);
}

#[test]
fn each_worker_is_the_one_that_was_hired() {
    let processes = Arc::new(processes(["data=pid"]).relay(tcp()));
    let notices = Notices::default();
    let hire = |id| processes.hire(WorkerId::new(id), &notices);
    let hired = block_on(try_zip(try_zip(hire(1), hire(2)), try_zip(hire(3), hire(4)))).unwrap();
    let ((one, two), (three, four)) = hired;
    let peer = Peer::new("s", None);
    for (mut worker, record) in [one, two, three, four] {
        let event = Event::Data(&peer, b"x");
        let reply = block_on(processes.ask(&mut worker, event)).unwrap();
        assert_eq!(reply.bytes(), processes.pid(&record).unwrap().to_string().as_bytes());
    }
}

#[test]
fn whoever_accepts_for_all_may_be_dropped() {
    let directory = TestDir::new();
    let gate = directory.join("gate");
    let listener = UnixListener::bind(&gate).unwrap();
    // None of them connects before the gate opens.
    let rule = format!("start=wait:{}", gate.display());
    let processes = processes([&rule]).relay(tcp());
    let notices = Notices::default();
    let mut first = Box::pin(processes.hire(WorkerId::new(1), &notices));
    let mut second = Box::pin(processes.hire(WorkerId::new(2), &notices));
    let accept = blocking::unblock(move || [(); 2].map(|()| listener.accept().unwrap()));
    block_on(async {
        let both = async { drop(try_zip(&mut first, &mut second).await) };
        let gates = or(async { Some(accept.await) }, async { (both.await, None).1 }).await;
        // Both wait by now, the first one for all.
        drop(first);
        drop(gates.unwrap());
        second.await.unwrap();
    });
}

#[test]
fn strangers_are_not_taken_for_workers() {
    let directory = TestDir::new();
    let processes = Arc::new(processes([]).relay(unix(&directory)));
    let _first = hire_another(&processes);
    let strangers = [&b""[..], b"GET / HTTP/1.1\r\n\r\n", &pid_answer(1)].map(|said| {
        let mut stranger = UnixStream::connect(directory.join("s")).unwrap();
        stranger.write_all(said).unwrap();
        stranger
    });
    assert_eq!(hire_another(&processes).text("x"), "x");
    // Nobody waits any more, so nobody is kept waiting: all are closed.
    for mut stranger in strangers {
        let _ = stranger.read_to_end(&mut Vec::new());
    }
}

#[test]
fn a_stranger_who_promises_a_long_answer_is_let_go_at_once() {
    let directory = TestDir::new();
    let gate = directory.join("gate");
    let listener = UnixListener::bind(&gate).unwrap();
    let rule = format!("hello=wait:{},ready", gate.display());
    let processes = processes([&rule]).relay(unix(&directory));
    let notices = Notices::default();
    let mut hiring = Box::pin(processes.hire(WorkerId::new(1), &notices));
    assert!(block_on(poll_once(&mut hiring)).is_none());
    let mut stranger = UnixStream::connect(directory.join("s")).unwrap();
    let mut header = vec![0x13, 1];
    header.extend_from_slice(&1025_u32.to_le_bytes());
    header.extend_from_slice(&crc32fast::hash(&header).to_le_bytes());
    stranger.write_all(&[&header[..], &[0, 0]].concat()).unwrap();
    // The worker says its pid only when the stranger has gone.
    let gone = blocking::unblock(move || {
        let _ = stranger.read_to_end(&mut Vec::new());
        drop(listener.accept().unwrap());
    });
    let (hired, ()) = block_on(zip(hiring, gone));
    let (mut worker, _record) = hired.unwrap();
    let (peer, message) = (Peer::new("s", None), vec![b'x'; 100_000]);
    let event = Event::Data(&peer, &message);
    let reply = block_on(processes.ask(&mut worker, event)).unwrap();
    assert_eq!(reply.bytes().len(), 100_000, "workers may say more");
}

/// What a worker with this pid says first.
fn pid_answer(pid: u32) -> Vec<u8> {
    let payload = format!(r#"{{"pid":{pid}}}"#);
    let mut frame = vec![0x13, 1, payload.len() as u8, 0, 0, 0];
    frame.extend_from_slice(&crc32fast::hash(&frame).to_le_bytes());
    [&frame[..], &[0, 0], payload.as_bytes()].concat()
}

#[cfg(target_os = "linux")]
#[test]
fn a_worker_behind_a_shell_is_known() {
    let worker = scripted_worker().display();
    let script = format!("{worker} data=pid; exit $?");
    let processes = Processes::from_words(["sh", "-c", &script]).unwrap().relay(tcp());
    let mut hired = hire(processes);
    assert_ne!(hired.text("x"), hired.pid().to_string());
}

#[test]
fn one_that_ends_before_it_connects_says_how_and_why() {
    let error = refused(processes(["start=log:no database,exit:3"]).relay(tcp()));
    let expected =
        r#"it ended before it was ready: exit status: 3; its log ends with "no database""#;
    assert!(error.to_string().ends_with(expected), "{error}");
}

#[test]
fn one_that_ends_before_it_connects_may_have_said_why_to_its_standard_output() {
    let rule = "start=print:Could not open input file: worker.php,exit:1";
    let error = refused(processes([rule]).relay(tcp()));
    let expected = r#"its log ends with "Could not open input file: worker.php""#;
    assert!(error.to_string().ends_with(expected), "{error}");
}

#[test]
fn the_socket_file_is_for_this_user_and_goes_with_the_processes() {
    let directory = TestDir::new();
    let hired = hire(processes([]).relay(unix(&directory)));
    let mode = fs::metadata(directory.join("s")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    drop(hired);
    assert!(!directory.join("s").exists());
}

#[test]
fn the_socket_file_of_somebody_dead_is_replaced() {
    let directory = TestDir::new();
    drop(UnixListener::bind(directory.join("s")).unwrap());
    assert_eq!(hire(processes([]).relay(unix(&directory))).text("x"), "x");
}

#[test]
fn the_socket_file_of_somebody_alive_is_left_alone() {
    let directory = TestDir::new();
    let _alive = UnixListener::bind(directory.join("s")).unwrap();
    let error = refused(processes([]).relay(unix(&directory)));
    assert_eq!(error.kind(), ErrorKind::AddrInUse);
    assert!(UnixStream::connect(directory.join("s")).is_ok());
}

#[test]
fn a_file_that_is_no_socket_is_left_alone() {
    let directory = TestDir::new();
    let path = directory.write("s", "precious");
    refused(processes([]).relay(unix(&directory)));
    assert_eq!(fs::read(path).unwrap(), b"precious");
}

#[test]
fn workers_find_the_port_that_the_system_has_chosen() {
    let mut hired = hire(processes(["data=env:RR_RELAY"]).relay(tcp()));
    let relay = hired.text("x");
    let address = relay.strip_prefix("tcp://").unwrap();
    assert!(TcpStream::connect(address).is_ok(), "{relay}");
}

#[test]
fn a_log_is_told_while_a_worker_connects() {
    let told = Told::default();
    let processes = processes(["start=logs:10000,exit:1"]).relay(tcp());
    block_on(processes.hire(WorkerId::new(1), &told.notices())).unwrap_err();
    assert_eq!(told.lines().len(), 10000);
}
