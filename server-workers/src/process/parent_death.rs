//! Children that die with their parent, on Linux.

use std::{io, os::unix::process::CommandExt, process::Command};

use rustix::process::{Signal, getpid, getppid, set_parent_process_death_signal};

/// The child of this command is killed by the system when the **thread** that starts it ends: start it
/// on one that lives as long as the process.
#[expect(unsafe_code, reason = "what runs between fork and exec cannot be checked by the compiler")]
pub(crate) fn die_with_parent(command: &mut Command) {
    let parent = getpid();
    let hook = move || {
        set_parent_process_death_signal(Some(Signal::KILL))?;
        // The parent may have died before; the signal would never come.
        match getppid() == Some(parent) {
            true => Ok(()),
            false => Err(io::Error::from_raw_os_error(rustix::io::Errno::SRCH.raw_os_error())),
        }
    };
    // SAFETY: between fork and exec only what is async-signal-safe may run. The hook makes two system
    // calls (prctl and getppid), compares two numbers, and puts the number of an error into an
    // `io::Error`. It allocates nothing, takes no lock, touches no memory but its own stack and the
    // captured number, cannot panic, and leaves every descriptor alone.
    unsafe {
        command.pre_exec(hook);
    }
}
