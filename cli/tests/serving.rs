//! The command at work: processes that are really started, and clients that really come.

use std::{
    array, fs,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
};

use rustix::process::{Pid, Signal, kill_process};
use socketry_testing::TestDir;

/// Where the workers of the examples and of the tests are.
const WORKERS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../server-workers");

/// The command, serving; it is killed with this.
struct Serving {
    process: Child,
    /// Its log, which is read all the time, so that it never waits for that.
    lines: Receiver<String>,
    _directory: TestDir,
}

impl Serving {
    fn start(configuration: &str) -> Self {
        let directory = TestDir::new();
        let path = directory.path().join("server.yaml");
        fs::write(&path, configuration).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_socketry"));
        command.arg("serve").arg(path).stdin(Stdio::null()).stderr(Stdio::piped());
        command.env_remove("JOURNAL_STREAM");
        let mut process = command.spawn().unwrap();
        let log = BufReader::new(process.stderr.take().unwrap());
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            log.lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        Self { process, lines, _directory: directory }
    }

    /// Waits for a line that begins so, and returns the rest of it.
    fn line(&mut self, beginning: &str) -> String {
        loop {
            let line = self.lines.recv().expect("the command has ended");
            // The time, as in 2026-01-02T03:04:05.678Z.
            let (_, said) = line.split_once("Z ").expect("no line is without a time");
            if let Some(rest) = said.strip_prefix(beginning) {
                return rest.to_string();
            }
        }
    }

    fn address(&mut self, server: &str) -> SocketAddr {
        let address = self.line(&format!("server {server} listens on "));
        address.strip_prefix("tcp://").unwrap().parse().unwrap()
    }

    fn signal(&self, signal: Signal) {
        signal_process(self.process.id(), signal);
    }

    fn end(mut self) -> ExitStatus {
        self.signal(Signal::TERM);
        self.process.wait().unwrap()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.process.kill(); // it may have ended
        let _ = self.process.wait();
    }
}

fn signal_process(id: u32, signal: Signal) {
    let id = Pid::from_raw(id.try_into().unwrap()).unwrap();
    kill_process(id, signal).unwrap();
}

fn pid(line: &str) -> u32 {
    let (_, rest) = line.split_once("(process ").unwrap();
    rest.split(')').next().unwrap().parse().unwrap()
}

fn connect(address: SocketAddr) -> BufReader<TcpStream> {
    BufReader::new(TcpStream::connect(address).unwrap())
}

fn say(client: &mut BufReader<TcpStream>, message: &str) {
    client.get_mut().write_all(message.as_bytes()).unwrap();
}

fn hear(client: &mut BufReader<TcpStream>) -> String {
    let mut line = String::new();
    client.read_line(&mut line).unwrap();
    line
}

/// What a client hears that asks, and whatever the worker says first.
fn ask(client: &mut BufReader<TcpStream>, message: &str) -> String {
    say(client, message);
    hear(client)
}

#[test]
fn python_workers_answer_clients_of_three_servers_and_are_replaced_when_told_to() {
    let script = Path::new(WORKERS).join("examples/workers/echo.py");
    let script = script.display();
    let mut serving = Serving::start(&format!(
        r#"
server: {{command: "python3 {script}"}}
tcp:
  servers:
    one: {{addr: "tcp://127.0.0.1:0"}}
    two: {{addr: "127.0.0.1:0", delimiter: "\n"}}
    three: {{addr: "tcp://127.0.0.1:0", framing: {{fixed: 4}}}}
  pool: {{num_workers: 2}}
"#
    ));
    let addresses = ["one", "two", "three"].map(|name| serving.address(name));
    let mut clients = addresses.map(connect);
    for (client, name) in clients.iter_mut().zip(["one", "two", "three"]) {
        assert_eq!(hear(client), format!("hello {name}\r\n"));
    }
    let [one, two, three] = &mut clients;
    assert_eq!(ask(one, "said\r\n"), "said\r\n");
    assert_eq!(ask(two, "said\n"), "said\n");
    assert_eq!(ask(three, "123\n"), "123\n");

    serving.signal(Signal::USR2);
    let _: [u32; 2] = array::from_fn(|_| pid(&serving.line("worker ")));
    serving.line("all workers are replaced");
    assert_eq!(ask(one, "after the reset\r\n"), "after the reset\r\n");
    drop(clients);
    assert_eq!(serving.end().code(), Some(0));
}

#[test]
fn whoever_ends_python_workers_is_told_how_that_went() {
    let script = Path::new(WORKERS).join("examples/workers/echo.py");
    let script = script.display();
    let mut serving = Serving::start(&format!(
        r#"
server: {{command: "python3 {script}"}}
tcp: {{servers: {{echo: {{addr: "tcp://127.0.0.1:0"}}}}}}
"#
    ));
    let mut client = connect(serving.address("echo"));
    assert_eq!(hear(&mut client), "hello echo\r\n");
    serving.signal(Signal::TERM);
    assert!(serving.line("ending: ").starts_with("clients may go on for 10s, and then workers "));
    drop(client);
    assert!(serving.line("drained in ").ends_with(": 1 finished, 0 closed by force"));
}

#[test]
fn a_python_worker_that_is_killed_is_replaced_and_clients_stay() {
    let script = Path::new(WORKERS).join("examples/workers/echo.py");
    let script = script.display();
    let mut serving = Serving::start(&format!(
        r#"
server: {{command: "python3 {script}"}}
tcp:
  servers: {{echo: {{addr: "tcp://127.0.0.1:0"}}}}
  pool: {{num_workers: 1}}
"#
    ));
    let address = serving.address("echo");
    let worker = pid(&serving.line("worker 1 "));
    let mut client = connect(address);
    assert_eq!(hear(&mut client), "hello echo\r\n");
    signal_process(worker, Signal::KILL);
    assert_eq!(serving.line("worker 1 (process "), format!("{worker}) ends: signal: 9 (SIGKILL)"));
    assert_eq!(ask(&mut client, "still there?\r\n"), "still there?\r\n");
}

#[test]
fn php_workers_that_answer_as_the_original_example_does_serve_a_thousand_clients() {
    let script = Path::new(WORKERS).join("tests/workers/mailer.php");
    let script = script.display();
    let mut serving = Serving::start(&format!(
        r#"
server: {{command: "php {script}"}}
tcp:
  servers:
    smtp: {{addr: "tcp://127.0.0.1:0"}}
    server2: {{addr: "tcp://127.0.0.1:0"}}
    tcp_access_point_1: {{addr: "tcp://127.0.0.1:0"}}
  pool: {{num_workers: 2, remote_addr: ip, supervisor: {{exec_ttl: 60s}}}}
"#
    ));
    let [smtp, server2, access] =
        ["smtp", "server2", "tcp_access_point_1"].map(|name| serving.address(name));
    for number in 0..1000 {
        match number % 4 {
            0 => visit_unknown_server(smtp),
            1 => visit_access_point(access),
            2 => visit_throwing(server2),
            _ => visit(server2, number),
        }
    }
    assert_eq!(serving.end().code(), Some(0));
}

/// One whose server the worker does not know: it says nothing, which closes the connection.
fn visit_unknown_server(address: SocketAddr) {
    let mut client = connect(address);
    assert_eq!(hear(&mut client), "220 mailer \r\n");
    assert_eq!(ask(&mut client, "HELO\r\n"), "");
}

fn visit_access_point(address: SocketAddr) {
    let mut client = connect(address);
    assert_eq!(hear(&mut client), "220 mailer \r\n");
    assert_eq!(ask(&mut client, "let me in\r\n"), "Access denied");
}

/// One whose message makes the worker throw: it says so, and then tells us why.
fn visit_throwing(address: SocketAddr) {
    let mut client = connect(address);
    assert_eq!(hear(&mut client), "220 mailer \r\n");
    assert_eq!(ask(&mut client, "throw\r\n"), "Something went wrong\r\n");
    assert_eq!(hear(&mut client), "");
}

fn visit(address: SocketAddr, number: u32) {
    let mut client = connect(address);
    assert_eq!(hear(&mut client), "220 mailer \r\n");
    for message in 0..3 {
        say(&mut client, &format!("{number}/{message}\r\n"));
        let mut heard = vec![0; 1024];
        let length = client.read(&mut heard).unwrap();
        let heard = String::from_utf8_lossy(&heard[..length]).into_owned();
        assert!(heard.contains(&format!(r#""body":"{number}\/{message}\r\n""#)), "{heard}");
    }
}

#[test]
fn python_workers_are_served_by_when_nobody_reads_the_log_any_more() {
    let script = Path::new(WORKERS).join("examples/workers/echo.py");
    let script = script.display();
    let mut serving = Serving::start(&format!(
        r#"
server: {{command: "python3 {script}"}}
tcp:
  servers: {{echo: {{addr: "tcp://127.0.0.1:0"}}}}
  pool: {{num_workers: 1}}
"#
    ));
    let address = serving.address("echo");
    serving.lines = mpsc::channel().1; // with the next line the log is closed
    for _ in 0..3 {
        let mut client = connect(address);
        assert_eq!(hear(&mut client), "hello echo\r\n");
        serving.signal(Signal::USR2);
        assert_eq!(ask(&mut client, "said\r\n"), "said\r\n");
    }
    assert_eq!(serving.end().code(), Some(0));
}

#[test]
fn a_worker_that_does_not_start_ends_it_with_one_line() {
    let directory = TestDir::new();
    let path = directory.path().join("server.yaml");
    let text = "server: {command: /no/such/worker}\ntcp: {servers: {a: {addr: \"127.0.0.1:0\"}}}\n";
    fs::write(&path, text).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_socketry"));
    let said = command.arg("serve").arg(path).stdin(Stdio::null()).output().unwrap();
    let stderr = String::from_utf8(said.stderr).unwrap();
    assert_eq!(said.status.code(), Some(1), "{stderr}");
    let beginning = "socketry: a worker could not be started: the command `/no/such/worker`";
    assert_eq!(stderr.lines().count(), 2, "{stderr}"); // and where it listened
    assert!(stderr.lines().last().unwrap().starts_with(beginning), "{stderr}");
}

#[test]
fn where_systemd_keeps_the_log_its_lines_have_no_times() {
    let directory = TestDir::new();
    let path = directory.path().join("server.yaml");
    let text = "server: {command: /no/such/worker}\ntcp: {servers: {a: {addr: \"127.0.0.1:0\"}}}\n";
    fs::write(&path, text).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_socketry"));
    command.arg("serve").arg(path).stdin(Stdio::null()).env("JOURNAL_STREAM", "8:1");
    let said = command.output().unwrap();
    assert!(said.stderr.starts_with(b"server a listens on tcp://127.0.0.1:"), "{said:?}");
}

#[test]
fn an_address_that_is_taken_ends_it_with_one_line() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let directory = TestDir::new();
    let text =
        format!("server: {{command: php a.php}}\ntcp: {{servers: {{a: {{addr: '{address}'}}}}}}\n");
    let path = directory.write("server.yaml", text);
    let mut command = Command::new(env!("CARGO_BIN_EXE_socketry"));
    let said = command.arg("serve").arg(path).stdin(Stdio::null()).output().unwrap();
    let stderr = String::from_utf8(said.stderr).unwrap();
    assert_eq!(said.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains(&address.to_string()), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
}
