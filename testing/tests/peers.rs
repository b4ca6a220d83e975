//! Programs that play the other side.

#![cfg(target_os = "linux")]

use std::{
    io::{ErrorKind, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    os::unix::process::ExitStatusExt,
    panic,
};

use futures_lite::future::{block_on, poll_once, zip};
use socketry_testing::{Program, ReservedPort, RunningProgram, TestAuthority, TestDir};

fn shell(script: &str) -> RunningProgram {
    Program::new("sh", "dash").arg("-c").arg(script).start()
}

#[test]
fn a_program_says_lines_on_either_stream_and_ends_with_a_status() {
    let program = shell("echo one; echo two >&2; echo three; exit 7");
    block_on(async {
        assert_eq!(program.says("two").await, "two");
        assert_eq!(program.says("thr").await, "three");
        assert_eq!(program.ended().await.code(), Some(7));
    });
    assert_eq!(program.said(), "one\nthree\ntwo\n");
}

#[test]
fn a_last_line_needs_no_line_feed() {
    assert_eq!(block_on(shell("printf 'the end'").says("the")), "the end");
}

#[test]
fn a_program_that_has_not_spoken_yet_is_waited_for() {
    let program = shell("read line; echo \"$line!\"");
    let waits = async {
        assert!(poll_once(program.says("!")).await.is_none());
        program.say("now\n");
        program.says("!").await
    };
    assert_eq!(block_on(waits), "now!");
}

#[test]
fn many_bytes_go_both_ways_at_once() {
    let mut program = Program::new("cat", "coreutils").start();
    let bytes: Vec<u8> = (0..3_000_000_u32).map(|index| (index % 251) as u8).collect();
    program.say(bytes.clone());
    program.end_input();
    let (heard, status) = block_on(zip(program.says_bytes(bytes.len()), program.ended()));
    assert!(heard == bytes && status.success());
}

#[test]
fn a_program_that_ends_without_saying_it_fails_the_test_with_all_it_has_said() {
    let failed = panic::catch_unwind(|| block_on(shell("echo sorry").says("hello")));
    let message = *failed.unwrap_err().downcast::<String>().unwrap();
    assert_eq!(message, "sh has ended and has not said \"hello\"; it has said:\nsorry\n");
}

#[test]
fn a_missing_program_fails_the_test_with_the_name_of_its_package() {
    let failed = panic::catch_unwind(|| Program::new("no-such-program", "such-package").start());
    let message = *failed.unwrap_err().downcast::<String>().unwrap();
    assert_eq!(message, "there is no no-such-program: install Debian's package such-package");
}

#[test]
fn a_killed_program_has_no_time_to_say_goodbye() {
    let program = shell("trap 'echo goodbye' EXIT; echo ready; read line");
    block_on(program.says("ready"));
    program.kill();
    assert_eq!(block_on(program.ended()).signal(), Some(9));
    assert_eq!(program.said(), "ready\n");
}

#[test]
fn a_dropped_program_and_what_it_has_started_are_gone() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    // The grandchild holds the connection, and waits for a line that never comes.
    let script = format!("exec 3<>/dev/tcp/127.0.0.1/{port}; (echo up; read line) & wait");
    let program = Program::new("bash", "bash").arg("-c").arg(script).start();
    let mut held = listener.accept().unwrap().0;
    block_on(program.says("up"));
    drop(program);
    assert_eq!(held.read(&mut [0]).unwrap(), 0);
}

#[test]
fn a_restarted_program_was_killed_and_begins_anew() {
    let mut program = shell("trap 'echo goodbye' EXIT; echo $$; read line");
    let first = block_on(program.says(""));
    program.restart();
    assert_ne!(block_on(program.says("")), first);
    program.say("\n");
    block_on(program.says("goodbye"));
    assert!(block_on(program.ended()).success());
    program.restart();
    block_on(program.says(""));
    assert!(!program.said().contains("goodbye"));
}

#[test]
fn a_reserved_port_is_given_to_nobody_who_does_not_name_it() {
    let port = ReservedPort::new();
    assert!(TcpStream::connect(port.address()).is_err());
    let others: Vec<_> = (0..100).map(|_| ReservedPort::new()).collect();
    assert!(others.iter().all(|other| other.address() != port.address()));
    let listener = TcpListener::bind(port.address()).unwrap();
    let mut client = TcpStream::connect(port.address()).unwrap();
    client.write_all(b"x").unwrap();
    assert_eq!(listener.accept().unwrap().0.read(&mut [0]).unwrap(), 1);
}

#[test]
fn openssl_and_gnutls_talk_to_every_known_server() {
    let dir = TestDir::new();
    let authority = TestAuthority::new();
    let files = authority.issue(["localhost"]).write_to(&dir, "server");
    let roots = dir.write("roots.pem", authority.certificate_pem());
    dir.write("index.html", "served\n");
    let servers = [Program::openssl_server(&files).args("-www"), Program::gnutls_server(&files), {
        Program::nginx(&files, dir.path(), "")
    }];
    for (mut server, answer) in
        servers.map(Program::start).into_iter().zip(["200 ok", "GET / HTTP/1.0", "served"])
    {
        let address = block_on(server.address());
        let openssl = Program::openssl_client(address).arg("-CAfile").arg(&roots);
        let openssl = openssl.args("-verify_return_error -verify_hostname localhost");
        let gnutls = Program::gnutls_client(address, "localhost", &roots);
        for client in [openssl, gnutls] {
            let client = client.start();
            client.say("GET / HTTP/1.0\r\n\r\n");
            block_on(client.says(answer));
        }
    }
}

#[test]
fn gnutls_and_nginx_are_back_at_their_ports_after_a_restart() {
    let dir = TestDir::new();
    let files = TestAuthority::new().issue(["localhost"]).write_to(&dir, "server");
    for server in [Program::gnutls_server(&files), Program::nginx(&files, dir.path(), "")] {
        let mut server = server.start();
        let address = block_on(server.address());
        let held = TcpStream::connect(address).unwrap();
        server.restart();
        assert_eq!(block_on(server.address()), address);
        TcpStream::connect(address).unwrap();
        drop(held);
    }
}

/// Asks the server at `address`, and returns the connection once the answer has begun as it should.
fn ask(address: SocketAddr, question: &str, answer: &str) -> TcpStream {
    let mut connection = TcpStream::connect(address).unwrap();
    connection.write_all(question.as_bytes()).unwrap();
    let mut heard = vec![0; answer.len()];
    connection.read_exact(&mut heard).unwrap();
    assert_eq!(String::from_utf8(heard).unwrap(), answer);
    connection
}

/// Starts a server, kills it and starts it again, while a connection to it is held.
fn go_and_come_back(server: Program, question: &str, answer: &str) {
    let mut server = server.start();
    let address = block_on(server.address());
    let mut held = ask(address, question, answer);

    server.kill();
    assert_eq!(block_on(server.ended()).signal(), Some(9));
    held.read_to_end(&mut Vec::new()).unwrap();
    for _ in 0..100 {
        let error = TcpStream::connect(address).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    }
    let others: Vec<_> = (0..100).map(|_| TcpListener::bind("0.0.0.0:0").unwrap()).collect();
    assert!(others.iter().all(|other| other.local_addr().unwrap().port() != address.port()));

    server.restart();
    assert_eq!(block_on(server.address()), address);
    let mut held = ask(address, question, answer);
    server.restart();
    held.read_to_end(&mut Vec::new()).unwrap();
    assert_eq!(block_on(server.address()), address);
    ask(address, question, answer);
}

#[test]
fn memcached_answers_and_is_back_at_its_port_after_it_was_killed() {
    go_and_come_back(Program::memcached(), "version\r\n", "VERSION ");
}

#[test]
fn redis_answers_and_is_back_at_its_port_after_it_was_killed() {
    go_and_come_back(Program::redis_server(), "PING\r\n", "+PONG\r\n");
}

#[test]
fn memcached_has_forgotten_everything_when_it_is_back() {
    let mut server = Program::memcached().start();
    let address = block_on(server.address());
    ask(
        address,
        "set key 0 0 5\r\nvalue\r\nget key\r\n",
        "STORED\r\nVALUE key 0 5\r\nvalue\r\nEND\r\n",
    );
    server.restart();
    ask(block_on(server.address()), "get key\r\n", "END\r\n");
}

#[test]
fn redis_has_forgotten_everything_when_it_is_back() {
    let mut server = Program::redis_server().start();
    let address = block_on(server.address());
    ask(address, "SET key value\r\nGET key\r\n", "+OK\r\n$5\r\nvalue\r\n");
    server.restart();
    ask(block_on(server.address()), "GET key\r\n", "$-1\r\n");
}
