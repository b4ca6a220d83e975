//! Being told of many connections, once.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex},
};

use socketry_server_limiting::Alarm;
use socketry_testing::ServerHandle;

use crate::support::{Limiting, accept, come, limiting, meet};

type Told = Arc<Mutex<Vec<Alarm>>>;

fn with_alarm(raise_at: usize, clear_at: usize) -> (Limiting, ServerHandle, Told) {
    let told = Told::default();
    let (server, handle) = limiting(None);
    let hook = told.clone();
    let server = server.alarm(raise_at, clear_at, move |alarm| hook.lock().unwrap().push(alarm));
    (server, handle, told)
}

#[test]
fn it_is_raised_once_and_again_only_after_it_was_cleared() {
    let (mut server, handle, told) = with_alarm(3, 1);
    let mut inside: Vec<_> = (0..5).map(|_| meet(&mut server, &handle)).collect();
    assert_eq!(*told.lock().unwrap(), [Alarm::Raised(3)]);
    inside.truncate(2);
    inside.extend((0..2).map(|_| meet(&mut server, &handle)));
    assert_eq!(told.lock().unwrap().len(), 1, "it goes up and down around the threshold");
    inside.truncate(1);
    assert_eq!(*told.lock().unwrap(), [Alarm::Raised(3), Alarm::Cleared(1)]);
    inside.extend((0..2).map(|_| meet(&mut server, &handle)));
    assert_eq!(told.lock().unwrap().last(), Some(&Alarm::Raised(3)));
}

#[test]
fn one_that_would_be_cleared_where_it_is_raised_is_cleared_just_below() {
    let (mut server, handle, told) = with_alarm(2, 9);
    let mut inside: Vec<_> = (0..3).map(|_| meet(&mut server, &handle)).collect();
    inside.truncate(2);
    assert_eq!(*told.lock().unwrap(), [Alarm::Raised(2)]);
    inside.truncate(1);
    assert_eq!(told.lock().unwrap().last(), Some(&Alarm::Cleared(1)));
}

#[test]
fn several_alarms_are_told_each_of_its_own() {
    let (server, handle, told) = with_alarm(1, 0);
    let hook = told.clone();
    let mut server = server.alarm(2, 0, move |alarm| hook.lock().unwrap().push(alarm));
    let inside = [meet(&mut server, &handle), meet(&mut server, &handle)];
    drop(inside);
    assert_eq!(
        *told.lock().unwrap(),
        [Alarm::Raised(1), Alarm::Raised(2), Alarm::Cleared(0), Alarm::Cleared(0)]
    );
}

#[test]
fn a_hook_that_panics_takes_no_place_for_ever() {
    let (server, handle) = limiting(1);
    let mut server = server.alarm(1, 0, |_| panic!("a hook of somebody else's"));
    let _client = come(&handle);
    assert!(catch_unwind(AssertUnwindSafe(|| accept(&mut server))).is_err());
    assert_eq!(server.connections().len(), 0);
}
