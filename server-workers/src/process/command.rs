//! The command of a worker process.

use std::{
    ffi::{OsStr, OsString},
    fmt, io,
};

/// A program and what is given to it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct CommandWords {
    program: OsString,
    arguments: Vec<OsString>,
}

impl CommandWords {
    /// Splits at whitespace. Nothing is quoted or expanded: a text that seems to expect it is refused.
    pub(crate) fn split(command: &str) -> io::Result<Self> {
        if command.contains(['"', '\'']) {
            return Err(invalid(format!(
                "the command `{command}` has quotes, which are not understood: give its words as a list"
            )));
        }
        Self::from_words(command.split_whitespace().map(Into::into))
    }

    /// The first word is the program.
    pub(crate) fn from_words(mut words: impl Iterator<Item = OsString>) -> io::Result<Self> {
        match words.next().filter(|program| !program.is_empty()) {
            Some(program) => Ok(Self { program, arguments: words.collect() }),
            None => Err(invalid("the command of a worker process is empty: name a program".into())),
        }
    }

    pub(crate) fn program(&self) -> &OsStr {
        &self.program
    }

    pub(crate) fn arguments(&self) -> &[OsString] {
        &self.arguments
    }
}

/// As one would type it, without quotes.
impl fmt::Display for CommandWords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.program.to_string_lossy())?;
        self.arguments.iter().try_for_each(|word| write!(f, " {}", word.to_string_lossy()))
    }
}

impl fmt::Debug for CommandWords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entry(&self.program).entries(&self.arguments).finish()
    }
}

fn invalid(reason: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_split_at_whitespace() {
        let words = CommandWords::split(" php\tworker.php  --fast\n").unwrap();
        assert_eq!(format!("{words:?}"), r#"["php", "worker.php", "--fast"]"#);
    }

    #[test]
    fn quotes_are_refused_with_the_way_out() {
        let error = CommandWords::split("php 'my worker.php'").unwrap_err();
        assert!(error.to_string().ends_with("give its words as a list"), "{error}");
    }

    #[test]
    fn a_list_of_words_may_hold_whatever_it_likes() {
        let words = ["php", "my 'worker'.php"].map(OsString::from);
        let words = CommandWords::from_words(words.into_iter()).unwrap();
        assert_eq!(words.to_string(), "php my 'worker'.php");
    }

    #[test]
    fn a_command_names_a_program() {
        let kinds = ["", "  "].map(|command| CommandWords::split(command).unwrap_err().kind());
        assert_eq!(kinds, [io::ErrorKind::InvalidInput; 2]);
    }
}
