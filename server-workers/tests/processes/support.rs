//! Scripted workers, and what is done with them.

#![allow(dead_code, reason = "each binary of tests uses a part")]

use std::{
    env, fs,
    future::Future,
    io,
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, Mutex, OnceLock},
    thread,
};

use futures_lite::future::block_on;
use socketry_server_workers::{
    AskFailed, Employ, Event, Notice, Notices, Peer, ProcessRecord, ProcessWorker, Processes,
    Reply, WorkerId,
};

/// The example `scripted_worker`, which is built if it is not there or older than its source.
pub(crate) fn scripted_worker() -> &'static Path {
    static WORKER: OnceLock<PathBuf> = OnceLock::new();
    WORKER.get_or_init(|| {
        let test = env::current_exe().unwrap();
        let profile = test.ancestors().nth(2).unwrap();
        let worker = profile.join("examples").join("scripted_worker");
        if !is_fresh(&worker) {
            build(profile);
        }
        assert!(worker.is_file(), "{} has not been built", worker.display());
        worker
    })
}

fn is_fresh(worker: &Path) -> bool {
    let modified = |path: &Path| fs::metadata(path)?.modified();
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/scripted_worker");
    let sources = fs::read_dir(sources).unwrap();
    let newest = sources.map(|entry| modified(&entry.unwrap().path()).unwrap()).max();
    modified(worker).is_ok_and(|built| Some(built) >= newest)
}

fn build(profile: &Path) {
    let mut build = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()));
    build.args(["build", "--quiet", "--example", "scripted_worker"]);
    build.args(["--manifest-path", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")]);
    build.arg("--target-dir").arg(profile.parent().unwrap());
    if profile.ends_with("release") {
        build.arg("--release");
    }
    assert!(build.status().unwrap().success());
}

/// Processes that keep to these rules, see the example.
pub(crate) fn processes<const N: usize>(rules: [&str; N]) -> Processes {
    let worker = scripted_worker().as_os_str().to_os_string();
    let rules = rules.into_iter().map(Into::into);
    Processes::from_words([worker].into_iter().chain(rules)).unwrap()
}

/// Notices as lines.
#[derive(Clone, Default)]
pub(crate) struct Told(Arc<Mutex<Vec<String>>>);

impl Told {
    pub(crate) fn notices(&self) -> Notices {
        let told = self.0.clone();
        Notices::new(move |notice| {
            let line = match notice {
                Notice::WorkerSays { line, .. } => line.to_string(),
                Notice::Dropped { what, .. } => what.to_string(),
                other => other.to_string(),
            };
            told.lock().unwrap().push(line);
        })
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

/// A worker that is ready, and where it comes from.
pub(crate) struct Hired {
    pub(crate) processes: Arc<Processes>,
    pub(crate) worker: ProcessWorker,
    pub(crate) record: ProcessRecord,
    pub(crate) told: Told,
    pub(crate) peer: Peer,
}

/// Hires a worker of these processes.
pub(crate) fn hire(processes: Processes) -> Hired {
    hire_another(&Arc::new(processes))
}

pub(crate) fn hire_another(processes: &Arc<Processes>) -> Hired {
    let told = Told::default();
    let notices = told.notices();
    let (worker, record) = block_on(processes.hire(WorkerId::new(1), &notices)).unwrap();
    let peer = Peer::new("echo", Some("tcp://127.0.0.1:40000".parse().unwrap()));
    Hired { processes: processes.clone(), worker, record, told, peer }
}

/// Why a worker of these processes is not hired.
pub(crate) fn refused(processes: Processes) -> io::Error {
    block_on(processes.hire(WorkerId::new(1), &Notices::default())).unwrap_err()
}

impl Hired {
    pub(crate) fn connected(&mut self) -> Result<Reply, AskFailed> {
        block_on(self.processes.ask(&mut self.worker, Event::Connected(&self.peer)))
    }

    pub(crate) fn data(&mut self, message: impl AsRef<[u8]>) -> Result<Reply, AskFailed> {
        let event = Event::Data(&self.peer, message.as_ref());
        block_on(self.processes.ask(&mut self.worker, event))
    }

    pub(crate) fn closed(&mut self) -> Result<Reply, AskFailed> {
        block_on(self.processes.ask(&mut self.worker, Event::Closed(&self.peer)))
    }

    /// What is answered to a message, as text.
    pub(crate) fn text(&mut self, message: &str) -> String {
        String::from_utf8(self.data(message).unwrap().bytes().to_vec()).unwrap()
    }

    pub(crate) fn pid(&self) -> u32 {
        self.processes.pid(&self.record).unwrap()
    }

    /// How it ends by itself.
    pub(crate) fn ended(&mut self) -> String {
        block_on(self.processes.ended(&mut self.record))
    }

    /// Lets it go.
    pub(crate) fn dismiss(self) {
        block_on(self.dismissing());
    }

    pub(crate) fn dismissing(self) -> impl Future<Output = ()> {
        let Self { processes, worker, record, .. } = self;
        async move { processes.dismiss(worker, record).await }
    }
}

/// The error of a worker that must not be asked again, as text.
#[track_caller]
pub(crate) fn broken(result: Result<Reply, AskFailed>) -> String {
    match result {
        Err(AskFailed::Broken(error)) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

/// Why a worker was not asked, and another one is to be, as text.
#[track_caller]
pub(crate) fn not_asked(result: Result<Reply, AskFailed>) -> String {
    match result {
        Err(AskFailed::NotAsked(error)) => error.to_string(),
        other => panic!("{other:?}"),
    }
}

/// Returns when a process is gone and reaped.
pub(crate) fn wait_until_gone(pid: u32) {
    while rustix::process::test_kill_process(pid_of(pid)).is_ok() {
        thread::yield_now();
    }
}

fn pid_of(pid: u32) -> rustix::process::Pid {
    rustix::process::Pid::from_raw(pid.try_into().unwrap()).unwrap()
}
