//! How worker processes are treated.

use std::{ffi::OsString, path::PathBuf, sync::Arc, time::Duration};

use socketry_connection::Clock;

use crate::{AnswerMode, Relay, RemoteAddr, process::command::CommandWords};

/// All that is set once, for all workers of a kind.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) command: CommandWords,
    pub(crate) variables: Vec<(String, OsString)>,
    pub(crate) working_directory: Option<PathBuf>,
    pub(crate) relay: Relay,
    pub(crate) answers: AnswerMode,
    pub(crate) remote_addr: RemoteAddr,
    pub(crate) closed_timeout: Duration,
    pub(crate) stop_timeout: Duration,
    pub(crate) max_answer_size: usize,
    pub(crate) clock: Option<Arc<dyn Clock>>,
}

impl Settings {
    pub(crate) fn new(command: CommandWords) -> Self {
        Self {
            command,
            variables: Vec::new(),
            working_directory: None,
            relay: Relay::default(),
            answers: AnswerMode::default(),
            remote_addr: RemoteAddr::default(),
            closed_timeout: Duration::from_secs(1),
            stop_timeout: Duration::from_secs(10),
            max_answer_size: 64 * 1024 * 1024,
            clock: None,
        }
    }
}
