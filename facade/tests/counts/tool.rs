//! Starting this program again, under a counting tool.

use std::{
    env,
    io::{BufRead, BufReader, Write},
    net::SocketAddr,
    process::{Child, Command, Stdio},
};

use socketry::server::TcpServer;

/// Whether a tool can be started at all.
pub(crate) fn is_installed(tool: &str) -> bool {
    let version =
        Command::new(tool).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    version.is_ok_and(|status| status.success())
}

/// This program as a child, with `tool` and its arguments in front.
pub(crate) fn child(tool: &[&str], work: &str, amount: usize, address: &str) -> Command {
    let this_program = env::current_exe().unwrap();
    let mut command = Command::new(tool[0]);
    command.args(&tool[1..]).arg(this_program).args(["child", work, &amount.to_string(), address]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    command
}

/// A listener whose clients are accepted and dropped, for as long as this process lives.
pub(crate) fn sink() -> SocketAddr {
    // The standard library's backlog of 128 overflows when this thread is not scheduled for a while.
    // A port as services have it: to one that the system may choose as a source, a connect asks
    // whether it has reached itself.
    let server =
        (20_000..32_000).find_map(|port| TcpServer::bind(([127, 0, 0, 1], port).into()).ok());
    let listener = server.unwrap().into_std().unwrap();
    listener.set_nonblocking(false).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || listener.incoming().for_each(drop));
    address
}

/// A child that has said where it listens.
pub(crate) struct Listening {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Listening {
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { address: line.trim().parse().unwrap(), child }
    }

    /// Lets it begin.
    pub(crate) fn go(&mut self) {
        self.child.stdin.take().unwrap().write_all(b"go\n").unwrap();
    }

    pub(crate) fn wait(mut self) {
        assert!(self.child.wait().unwrap().success(), "the child has failed");
    }
}
