//! Whether async-io's own thread uses the reactor under load.

use super::*;

#[test]
fn under_load_the_thread_of_async_io_is_watched_and_less_and_less_often() {
    let rig = Rig::new();
    rig.busy(us(150));
    let mut driver = rig.drive(std::future::pending::<()>());
    let start = rig.now.get();
    let mut seconds = [0; 3];
    for second in &mut seconds {
        let (before, end) = (rig.traps.get(), rig.now.get() + us(1_000_000));
        while rig.now.get() < end {
            assert_eq!(rig.poll(&mut driver), Said::Look);
        }
        *second = rig.traps.get() - before;
    }
    assert!(seconds[0] >= 6 && seconds[2] <= 4, "{seconds:?} times a second since {start:?}");
}

#[test]
fn where_it_has_the_reactor_it_is_driven_out_and_no_task_runs_until_it_is_past_its_short_steps() {
    let rig = Rig::new();
    let polls = rig.busy(us(150));
    let mut driver = rig.drive(std::future::pending::<()>());
    rig.helper_has_reactor.set(true);
    while rig.traps.get() == 0 {
        assert_eq!(rig.poll(&mut driver), Said::Look);
    }
    // That was the first look at the end of the slice in which it was watched.
    assert_eq!(rig.traps.get(), 2, "the second one drives it out");
    let (before, caught) = (polls.get(), rig.now.get());
    while rig.now.get() < caught + us(590) {
        rig.now.set(rig.now.get() + us(10));
        assert_eq!(rig.poll(&mut driver), Said::Look);
        assert_eq!(polls.get(), before, "{:?} later", rig.now.get() - caught);
    }
    rig.now.set(rig.now.get() + us(10));
    assert_eq!(rig.poll(&mut driver), Said::Look);
    assert_eq!(polls.get() - before, 1, "slices are short for a while");
}

#[test]
fn a_wait_ends_the_watch_and_whoever_was_caught_until_then_is_led() {
    for is_caught in [false, true] {
        let rig = Rig::new();
        let (task, now) = (Waiting::default(), rig.now.clone());
        let waiting = task.clone();
        let work = poll_fn(move |cx| {
            now.set(now.get() + us(400));
            *waiting.waker.borrow_mut() = Some(cx.waker().clone());
            Poll::<()>::Pending
        });
        rig.executor.spawn(work).detach();
        rig.helper_has_reactor.set(is_caught);
        let mut driver = rig.drive(std::future::pending::<()>());
        let mut said = Said::Wait;
        for _ in 0..100 {
            said = rig.poll(&mut driver);
            if rig.traps.get() > 0 {
                break;
            }
            if said == Said::Wait {
                task.wake();
            }
        }
        let mut looks = 0;
        while said == Said::Look {
            looks += 1;
            rig.now.set(rig.now.get() + us(100));
            said = rig.poll(&mut driver);
        }
        assert_eq!(said, Said::Wait);
        assert_eq!(looks, if is_caught { 6 } else { 0 });
    }
}

#[test]
fn who_rests_now_and_then_is_not_watched() {
    let rig = Rig::new();
    let (task, now) = (Waiting::default(), rig.now.clone());
    let waiting = task.clone();
    // Four turns of 150 us for each time it is woken.
    let work = async move {
        loop {
            for _ in 0..4 {
                now.set(now.get() + us(150));
                yield_now().await;
            }
            let mut is_woken = false;
            poll_fn(|cx| {
                *waiting.waker.borrow_mut() = Some(cx.waker().clone());
                if std::mem::replace(&mut is_woken, true) { Poll::Ready(()) } else { Poll::Pending }
            })
            .await;
        }
    };
    rig.executor.spawn(work).detach();
    let mut driver = rig.drive(std::future::pending::<()>());
    for _ in 0..100 {
        while rig.poll(&mut driver) == Said::Look {}
        rig.now.set(rig.now.get() + us(6000));
        task.wake();
    }
    assert_eq!(rig.traps.get(), 0);
}

#[test]
fn the_real_trap_catches_the_real_thread_of_async_io() {
    let mut real = Real::new();
    let mut is_caught = || {
        real.set_trap();
        (0..1000).for_each(|_| thread::yield_now());
        real.take_trap()
    };
    assert!((0..1000).any(|_| is_caught()));
}
