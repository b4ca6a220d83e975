//! The rules of a worker, and what it does about them.

use std::{
    env, io,
    io::Read,
    os::unix::{net::UnixStream, process::CommandExt},
    process::{Command, abort, exit, id},
    thread,
    time::Duration,
};

use crate::frames::{Frame, Frames, answer, frame};

/// A worker and its rules.
pub(crate) struct Worker {
    rules: Vec<(String, String)>,
    held: Vec<UnixStream>,
    memory: Vec<u8>,
    frames: Option<Frames>,
}

impl Worker {
    pub(crate) fn new(rules: impl Iterator<Item = String>) -> io::Result<Self> {
        let rules = rules.map(|rule| {
            let parts = rule.split_once('=').map(|(when, what)| (when.into(), what.into()));
            parts.ok_or_else(|| io::Error::other(format!("no rule: {rule}")))
        });
        let rules = rules.collect::<io::Result<_>>()?;
        Ok(Self { rules, held: Vec::new(), memory: Vec::new(), frames: None })
    }

    pub(crate) fn run(&mut self) -> io::Result<()> {
        let none = Frame { is_control: true, context: Vec::new(), body: Vec::new() };
        self.follow("start", "", &none)?;
        self.frames = Some(Frames::open()?);
        let mut is_greeted = false;
        loop {
            if self.frames()?.begins()? {
                self.follow("begun", "", &none)?;
            }
            let Some(frame) = self.frames()?.read()? else {
                self.follow("eof", "exit:255", &none)?;
                continue;
            };
            let json = String::from_utf8_lossy(&frame.context).into_owned();
            match (frame.is_control, json.contains(r#""stop":true"#)) {
                (true, true) => self.follow("stop", "exit:0", &frame)?,
                (true, false) => {
                    self.follow(if is_greeted { "barrier" } else { "hello" }, "ready", &frame)?;
                    is_greeted = true;
                }
                (false, _) => self.event(&json, &frame)?,
            }
        }
    }

    fn event(&mut self, context: &str, event: &Frame) -> io::Result<()> {
        let context: serde_json::Value = serde_json::from_str(context)?;
        match context["event"].as_str() {
            Some("CONNECTED") => self.follow("connected", "continue", event),
            Some("DATA") => {
                let message = String::from_utf8_lossy(&event.body);
                let when = format!("data:{}", message.trim_end());
                let is_named = self.rules.iter().any(|(rule, _)| *rule == when);
                self.follow(if is_named { &when } else { "data" }, "echo", event)
            }
            Some("CLOSE") => self.follow("close", "", event),
            _ => Err(io::Error::other("what event is this?")),
        }
    }

    /// Does what the rule says, or else what is usual.
    fn follow(&mut self, when: &str, usual: &str, frame: &Frame) -> io::Result<()> {
        let rule = self.rules.iter().find(|(rule, _)| rule == when);
        let actions = rule.map_or(usual, |(_, actions)| actions).to_string();
        actions.split(',').filter(|action| !action.is_empty()).try_for_each(|action| {
            let (name, text) = action.split_once(':').unwrap_or((action, ""));
            self.act(name, &text.replace("\\r", "\r").replace("\\n", "\n"), frame)
        })
    }

    /// Does one thing; `text` is what stands behind the colon.
    fn act(&mut self, name: &str, text: &str, event: &Frame) -> io::Result<()> {
        match name {
            // Answers.
            "continue" => self.frames()?.answer("CONTINUE", b""),
            "write" => self.frames()?.answer("WRITE", text.as_bytes()),
            "writeclose" => self.frames()?.answer("WRITECLOSE", text.as_bytes()),
            "close" => self.frames()?.answer("CLOSE", b""),
            "context" => self.frames()?.answer("WRITE", &event.context),
            "answer" => self.frames()?.answer(text, b""),
            "echo" => self.frames()?.answer("WRITE", &event.body),
            // So many bytes.
            "big" => self.frames()?.answer("WRITE", &vec![b'x'; number(text)?]),
            // What the environment has by this name, or where it is, or its pid.
            "env" => {
                let value = env::var(text).unwrap_or_default();
                self.frames()?.answer("WRITE", value.as_bytes())
            }
            "directory" => {
                let directory = env::current_dir()?;
                self.frames()?.answer("WRITE", directory.to_string_lossy().as_bytes())
            }
            "pid" => self.frames()?.answer("WRITE", id().to_string().as_bytes()),
            "error" => self.frames()?.raw(&frame(0x40, 0, &[], text.as_bytes())),
            "stop" => self.frames()?.answer(r#"{"stop":true}"#, b""),
            // The answer to the question for its pid, or with another pid.
            "ready" => self.frames()?.raw(&ready(id() as usize)),
            "ready-as" => self.frames()?.raw(&ready(number(text)?)),
            _ => self.misbehave(name, text),
        }
    }

    fn misbehave(&mut self, name: &str, text: &str) -> io::Result<()> {
        match name {
            // Something else than frames, or broken ones.
            "raw" => self.frames_or_open()?.raw(text.as_bytes()),
            "bad-checksum" => {
                let mut bytes = answer("WRITE", b"x");
                bytes[6] ^= 1;
                self.frames()?.raw(&bytes)
            }
            // The answer to the question for its pid, with a text behind it; or twice.
            "ready-and" => self.frames()?.raw(&[&ready(id() as usize), text.as_bytes()].concat()),
            "ready-twice" => self.frames()?.raw(&ready(id() as usize).repeat(2)),
            // A header that promises so many bytes.
            "promise" => {
                let mut bytes = vec![0x13, 0x40];
                bytes.extend_from_slice(&(number(text)? as u32).to_le_bytes());
                bytes.extend_from_slice(&crc32fast::hash(&bytes).to_le_bytes());
                self.frames()?.raw(&[&bytes[..], &[0, 0]].concat())
            }
            "no-option" => self.frames()?.raw(&frame(0, 0, &[], b"WRITE")),
            "long-context" => self.frames()?.raw(&frame(0, 0, &[6], b"WRITE")),
            "stream" => self.frames()?.raw(&frame(0, 1, &[5], b"WRITEx")),
            "control" => self.frames()?.raw(&frame(1, 0, &[], text.as_bytes())),
            // A WRITE of ten bytes, cut after so many, with a pause between the parts.
            "halves" => {
                let bytes = answer("WRITE", b"0123456789");
                let (one, other) = bytes.split_at(number(text)?);
                self.frames()?.raw(one)?;
                thread::sleep(Duration::from_millis(30));
                self.frames()?.raw(other)
            }
            _ => self.live(name, text),
        }
    }

    fn live(&mut self, name: &str, text: &str) -> io::Result<()> {
        match name {
            // A line of the log, or many, or without an end.
            "log" => eprintln!("{text}"),
            "logs" => (0..number(text)?).for_each(|line| eprintln!("line {line}")),
            "log-part" => eprint!("{text}"),
            // To its standard output, whatever that is.
            "print" => println!("{text}"),
            "exit" => exit(number(text)? as i32),
            "abort" => abort(),
            "hang" => loop {
                thread::park();
            },
            // Milliseconds.
            "pause" => thread::sleep(Duration::from_millis(number(text)? as u64)),
            // Takes so many MiB of memory, and keeps them.
            "allocate" => self.memory = vec![1; number(text)? << 20],
            // Connects to a socket and goes on; it is closed when the process has ended.
            "hold" => self.held.push(UnixStream::connect(text)?),
            // Connects to a socket, and waits until somebody closes it.
            "wait" => {
                UnixStream::connect(text)?.read_to_end(&mut Vec::new())?;
            }
            // Another process of the same group that connects to a socket and hangs.
            "child" => {
                let rule = format!("start=hold:{text},hang");
                Command::new(env::current_exe()?).arg(rule).spawn()?;
            }
            // Begins again, with SIGTERM ignored. Only at the start.
            "ignore-term" if env::var_os("IGNORES_TERM").is_none() => {
                let mut shell = Command::new("sh");
                shell.args(["-c", "trap '' TERM; exec \"$0\" \"$@\""]).arg(env::current_exe()?);
                return Err(shell.args(env::args_os().skip(1)).env("IGNORES_TERM", "1").exec());
            }
            "ignore-term" => {}
            _ => return Err(io::Error::other(format!("no action: {name}"))),
        }
        Ok(())
    }

    fn frames(&mut self) -> io::Result<&mut Frames> {
        self.frames.as_mut().ok_or_else(|| io::Error::other("there is no server yet"))
    }

    /// At the start there are none yet.
    fn frames_or_open(&mut self) -> io::Result<&mut Frames> {
        if self.frames.is_none() {
            self.frames = Some(Frames::open()?);
        }
        self.frames()
    }
}

/// The answer to the question for a pid.
fn ready(pid: usize) -> Vec<u8> {
    frame(1, 0, &[], format!(r#"{{"pid":{pid}}}"#).as_bytes())
}

fn number(text: &str) -> io::Result<usize> {
    text.parse().map_err(|_| io::Error::other(format!("no number: {text}")))
}
