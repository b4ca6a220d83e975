//! Sockets that systemd, or whoever speaks its protocol, passes to a process.
//!
//! The tests play systemd: they start this program anew, with their sockets as its descriptors
//! from 3 on and the variables that go with them. There it listens on what it was told.

#![cfg(unix)]

use std::{
    env, fs,
    io::{self, BufRead, BufReader, Lines, Read},
    net::{TcpListener, TcpStream},
    os::{
        fd::OwnedFd,
        unix::net::{UnixListener, UnixStream},
    },
    path::PathBuf,
    process::{self, Child, ChildStdout, Command, Stdio},
};

use futures_lite::{
    AsyncReadExt, AsyncWriteExt,
    future::{block_on, pending, zip},
};
use socketry::{Address, Server, UnixAddress};
use socketry_testing::{ClientLoad, TestDir};

/// The test that is run anew in the child.
const CHILD: &str = "without_variables_there_is_nothing_to_take_over";

/// Tells the child which endpoint to listen on.
const ENDPOINT: &str = "SOCKETRY_ACTIVATED_ON";

/// Tells the child which Unix socket to connect to; when that hangs up, the child stops serving.
const UNTIL: &str = "SOCKETRY_ACTIVATED_UNTIL";

/// So many clients come at least, where they never stop coming.
const CLIENTS: usize = 2001;

/// What the child begins its lines with, among those of the tests.
const MARK: &str = "activated: ";

#[test]
fn without_variables_there_is_nothing_to_take_over() {
    if let Ok(endpoint) = env::var(ENDPOINT) {
        return be_activated(&endpoint);
    }
    let error = block_on(socketry::bind("systemd://")).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
    let text = error.to_string();
    assert!(text.starts_with("listening on systemd:// failed: LISTEN_PID is "), "{text}");
}

#[test]
fn the_only_socket_needs_no_name_and_serves_clients() {
    let listener = tcp();
    let mut service = Unit::on("systemd://").passed(&listener).start();
    assert_eq!(service.line(), format!("tcp://{}", listener.local_addr().unwrap()));
    assert_eq!(greeting_of(&listener), "hello");
}

#[test]
fn the_only_socket_can_be_called_by_its_name() {
    let listener = tcp();
    let mut service = Unit::on("systemd://web").passed(&listener).named("web").start();
    assert_eq!(service.line(), format!("tcp://{}", listener.local_addr().unwrap()));
}

#[test]
fn a_unix_socket_is_passed_as_well() {
    let path = env::temp_dir().join(format!("socketry-activation-{}", process::id()));
    let listener = UnixListener::bind(&path).unwrap();
    let mut service = Unit::on("systemd://").passed_descriptor(listener.into()).start();
    assert_eq!(service.line(), format!("unix://{}", path.display()));
    let mut heard = String::new();
    UnixStream::connect(&path).unwrap().read_to_string(&mut heard).unwrap();
    fs::remove_file(&path).unwrap();
    assert_eq!(heard, "hello");
}

#[test]
fn two_sockets_are_told_apart_by_their_names() {
    let (web, admin) = (tcp(), tcp());
    for (name, listener) in [("web", &web), ("admin", &admin)] {
        let service = Unit::on(&format!("systemd://{name}")).passed(&web).passed(&admin);
        let mut service = service.named("web:admin").start();
        assert_eq!(service.line(), format!("tcp://{}", listener.local_addr().unwrap()));
        assert_eq!(greeting_of(listener), "hello", "{name}");
    }
}

#[test]
fn two_sockets_of_one_name_are_one_server() {
    let (first, second) = (tcp(), tcp());
    let service = Unit::on("systemd://web").passed(&first).passed(&second).named("web:web");
    let mut service = service.start();
    assert_eq!(service.line(), format!("tcp://{}", first.local_addr().unwrap()));
    assert_eq!([greeting_of(&second), greeting_of(&first)], ["hello", "hello"]);
    let [_the_other, given] = [service.line(), service.line()];
    assert_eq!(given, r#"hands on ["systemd://web", "systemd://web"]"#);
}

#[test]
fn two_sockets_without_a_choice_are_refused_with_their_names() {
    let (web, admin) = (tcp(), tcp());
    let service = Unit::on("systemd://").passed(&web).passed(&admin).named("web:admin");
    let line = service.start().line();
    assert!(line.starts_with("InvalidInput: listening on systemd:// failed: "), "{line}");
    assert!(line.contains(r#"["web", "admin"]"#), "{line}");
}

#[test]
fn a_name_that_no_socket_has_is_not_found() {
    let listener = tcp();
    let service = Unit::on("systemd://other").passed(&listener).named("web");
    let line = service.start().line();
    assert!(line.starts_with("NotFound: listening on systemd://other failed: "), "{line}");
}

#[test]
fn sockets_that_were_passed_to_another_process_are_left_alone() {
    let listener = tcp();
    let line = Unit::on("systemd://").passed(&listener).for_process("1").start().line();
    assert!(
        line.starts_with("NotFound: listening on systemd:// failed: LISTEN_PID is 1"),
        "{line}"
    );
}

#[test]
fn what_is_passed_and_is_no_listening_socket_is_named_by_its_number() {
    let file = fs::File::open("/dev/null").unwrap();
    let line = Unit::on("systemd://").passed_descriptor(file.into()).start().line();
    let not_a_socket = io::Error::from(rustix::io::Errno::NOTSOCK);
    let expected = format!("listening on fd://3 failed: {not_a_socket}; descriptor 3 is no socket");
    assert!(line.ends_with(&expected), "{line}");
}

#[test]
fn asking_again_gives_the_same_answer() {
    let listener = tcp();
    let mut service = Unit::on("systemd://").passed(&listener).start();
    let first = service.line();
    assert_eq!(service.line(), first);
}

#[test]
fn nobody_is_refused_while_one_service_follows_another_on_the_socket_of_the_manager() {
    let listener = tcp();
    let address = listener.local_addr().unwrap();
    let start = |until: &TestDir| {
        let service = Unit::on("systemd://web").passed(&listener).named("web");
        let mut service = service.until_let_go(until.join("s")).start();
        assert_eq!(service.line(), format!("tcp://{address}"));
        service
    };
    let (first_place, next_place) = (TestDir::new(), TestDir::new());
    let [first_end, next_end] =
        [&first_place, &next_place].map(|it| UnixListener::bind(it.join("s")).unwrap());
    let mut first = start(&first_place);
    let load = ClientLoad::start(move || {
        let mut heard = String::new();
        TcpStream::connect(address)?.read_to_string(&mut heard)?;
        if heard == "hello" { Ok(()) } else { Err(io::Error::other(heard)) }
    });
    load.wait_for(CLIENTS / 3);
    let mut next = start(&next_place);
    load.wait_for(CLIENTS / 3); // both serve
    drop(first_end.accept().unwrap());
    let of_first = first.served();
    load.wait_for(CLIENTS / 3);
    let came = load.end();
    drop(next_end.accept().unwrap());
    assert_eq!(of_first + next.served(), came);
}

#[test]
fn the_socket_listens_on_after_the_service_has_ended() {
    let listener = tcp();
    let mut service = Unit::on("systemd://").passed(&listener).start();
    service.line();
    drop(service);
    listener.set_nonblocking(false).unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    assert_eq!(listener.accept().unwrap().1, client.local_addr().unwrap());
}

/// What is passed to a process, and what it shall do with it.
struct Unit {
    endpoint: String,
    sockets: Vec<OwnedFd>,
    names: Option<String>,
    process: Option<String>,
    until: Option<PathBuf>,
}

impl Unit {
    fn on(endpoint: &str) -> Self {
        let endpoint = endpoint.into();
        Self { endpoint, sockets: Vec::new(), names: None, process: None, until: None }
    }

    /// Passes this one behind those before, two at most.
    fn passed_descriptor(mut self, descriptor: OwnedFd) -> Self {
        self.sockets.push(descriptor);
        self
    }

    fn passed(self, listener: &TcpListener) -> Self {
        self.passed_descriptor(listener.try_clone().unwrap().into())
    }

    fn named(self, names: &str) -> Self {
        Self { names: Some(names.into()), ..self }
    }

    fn for_process(self, process: &str) -> Self {
        Self { process: Some(process.into()), ..self }
    }

    /// Stops serving once the socket at `path` has hung up on it.
    fn until_let_go(self, path: PathBuf) -> Self {
        Self { until: Some(path), ..self }
    }

    /// Only the process itself knows its number beforehand, so a shell puts everything in place
    /// and then becomes the service.
    fn start(self) -> Service {
        let move_sockets = ["", "exec 3<&0 </dev/null;", "exec 3<&0 4<&2 </dev/null 2>/dev/null;"];
        let script = format!(
            r#"{} export LISTEN_PID="${{LISTEN_PID:-$$}}"; exec "$0" "$@""#,
            move_sockets[self.sockets.len()]
        );
        let mut command = Command::new("sh");
        command.args(["-c", &script]).arg(env::current_exe().unwrap());
        command.args(["--exact", CHILD, "--nocapture"]).env(ENDPOINT, &self.endpoint);
        command.env_remove("LISTEN_PID").env_remove("LISTEN_FDNAMES");
        command.env("LISTEN_FDS", self.sockets.len().to_string());
        command.envs(self.process.map(|process| ("LISTEN_PID", process)));
        command.envs(self.names.map(|names| ("LISTEN_FDNAMES", names)));
        command.envs(self.until.map(|until| (UNTIL, until)));
        let mut sockets = self.sockets.into_iter();
        sockets.next().map(|first| command.stdin(first));
        sockets.next().map(|second| command.stderr(second));
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Service { child, lines }
    }
}

/// A process that was started with sockets, until this is dropped.
struct Service {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Service {
    /// The next of the two lines in which it says where it listens, or why it does not.
    fn line(&mut self) -> String {
        self.lines
            .find_map(|line| Some(line.unwrap().strip_prefix(MARK)?.to_string()))
            .expect("the service says where it listens")
    }

    /// How many clients it has served, once it has ended by itself.
    fn served(&mut self) -> usize {
        let served = loop {
            let line = self.line();
            if let Some(served) = line.strip_prefix("served ") {
                break served.parse().unwrap();
            }
        };
        assert!(self.child.wait().unwrap().success());
        served
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What the child does: listens twice, says where, and greets everybody until it is killed.
fn be_activated(endpoint: &str) {
    end_with_the_parent();
    let servers = [(); 2].map(|()| block_on(socketry::bind(endpoint)));
    for server in &servers {
        match server {
            Ok(server) => println!("\n{MARK}{}", server.local_address().unwrap()),
            Err(error) => println!("\n{MARK}{:?}: {error}", error.kind()),
        }
    }
    let [server, _idle] = servers;
    if let Ok(server) = server {
        let sockets = server.handle().sockets().unwrap().into_iter();
        let names = Vec::from_iter(sockets.map(|socket| socket.name));
        println!("\n{MARK}hands on {names:?}");
        let control = server.control();
        let stopping = async {
            wait_until_let_go().await;
            control.close();
        };
        let (served, ()) = block_on(zip(greet(server), stopping));
        println!("\n{MARK}served {}", served.unwrap());
    }
}

/// For ever, if nobody was named who could let it go.
async fn wait_until_let_go() {
    let Some(path) = env::var_os(UNTIL) else { return pending().await };
    let path = UnixAddress::from_path(path).unwrap();
    let mut holding = socketry::connect(Address::from(path)).await.unwrap();
    holding.read(&mut [0]).await.unwrap();
}

async fn greet(mut server: Server) -> io::Result<usize> {
    let mut served = 0;
    while let Some(socket) = server.accept().await {
        socket?.write_all(b"hello").await?;
        served += 1;
    }
    Ok(served)
}

/// Even if that is killed.
#[cfg(target_os = "linux")]
fn end_with_the_parent() {
    use rustix::process::{Signal, set_parent_process_death_signal};

    set_parent_process_death_signal(Some(Signal::KILL)).unwrap();
}

#[cfg(not(target_os = "linux"))]
fn end_with_the_parent() {}

fn tcp() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").unwrap()
}

/// What a client hears that comes to `listener`.
fn greeting_of(listener: &TcpListener) -> String {
    let mut heard = String::new();
    let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    client.read_to_string(&mut heard).unwrap();
    heard
}
