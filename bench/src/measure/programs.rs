//! What is started for each library: this program, or a peer that is written in another language.

use std::{
    env,
    ffi::OsString,
    fs::{self, File},
    io,
    os::fd::AsRawFd,
    path::Path,
    process::{self, Command, Output, Stdio},
    sync::LazyLock,
};

use crate::library::Library;

const GO: &str = include_str!("../../peers/peer.go");
const NODE: &str = include_str!("../../peers/peer.mjs");

/// The words that start the program of a library; its job goes behind them.
pub(crate) fn words(library: Library) -> io::Result<Vec<OsString>> {
    match library {
        Library::Go => match &*GO_PEER {
            Ok(program) => Ok(vec![path_of(program).into()]),
            Err(reason) => Err(io::Error::other(reason.as_str())),
        },
        Library::Node => {
            let words = ["node", "--input-type=module", "--eval", NODE, "--"];
            Ok(words.map(OsString::from).to_vec())
        }
        _ => Ok(vec![env::current_exe()?.into(), "side".into()]),
    }
}

/// Why a library cannot be measured on this machine, if it cannot.
pub(crate) fn missing(library: Library) -> Option<String> {
    match library {
        Library::Go => GO_PEER.as_ref().err().cloned(),
        Library::Node => run(Command::new("node").arg("--version")).err().map(|it| it.to_string()),
        _ => None,
    }
}

/// Those that are on this machine. What is not is said.
pub(crate) fn installed(mut libraries: Vec<Library>) -> Vec<Library> {
    libraries.retain(|library| match missing(*library) {
        None => true,
        Some(reason) => {
            eprintln!("{library} is left out: {reason}");
            false
        }
    });
    libraries
}

/// Whether its work and its answers share a thread.
pub(crate) fn answers_between_work(library: Library) -> bool {
    matches!(library, Library::Go | Library::Node)
}

/// The peer in Go, built when it is first asked for. The file has no name any more.
static GO_PEER: LazyLock<Result<File, String>> =
    LazyLock::new(|| build().map_err(|error| error.to_string()));

fn build() -> io::Result<File> {
    run(Command::new("go").arg("version"))?;
    eprintln!("the peer in Go is built");
    let folder = env::temp_dir().join(format!("socketry-bench-{}", process::id()));
    fs::create_dir(&folder)?;
    let program = build_in(&folder);
    fs::remove_dir_all(&folder)?;
    program
}

/// Nothing is downloaded, and nothing stays behind.
fn build_in(folder: &Path) -> io::Result<File> {
    let source = folder.join("peer.go");
    let program = folder.join("peer");
    fs::write(&source, GO)?;
    let mut command = Command::new("go");
    command.arg("build").arg("-o").arg(&program).arg(&source).current_dir(folder);
    command.env("GOCACHE", folder.join("cache")).env("GOENV", "off").env("GO111MODULE", "off");
    command.env("GOFLAGS", "").env("GOPROXY", "off").env("GOTOOLCHAIN", "local");
    command.env("CGO_ENABLED", "0");
    run(&mut command)?;
    File::open(program)
}

/// Where a child finds a file that this process has open.
fn path_of(file: &File) -> String {
    format!("/proc/{}/fd/{}", process::id(), file.as_raw_fd())
}

fn run(command: &mut Command) -> io::Result<Output> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output();
    let output = output.map_err(|error| io::Error::other(format!("`{name}`: {error}")))?;
    match output.status.success() {
        true => Ok(output),
        false => {
            let said = String::from_utf8_lossy(&output.stderr);
            Err(io::Error::other(format!("`{name}`: {}", said.trim())))
        }
    }
}
