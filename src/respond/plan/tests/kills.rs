//! A Weir that is killed between any two steps, and the next one that goes on.

use super::*;

/// Every way in which `wanted` can break off and be taken up again by [`keep`], then lifted.
fn break_off(controller: Controller, kind: &str, server: &Server, wanted: &Wanted) {
    let before = state(server);
    let mut whole = server.clone();
    let (_, steps) = run(&mut whole, 99, |view| set(view, wanted));
    let (_, more) = run(&mut whole, 99, |view| Ok(keep(view)));
    let after = state(&whole);
    for stop in 0..=steps + more {
        let mut server = server.clone();
        let (_, done) = run(&mut server, stop.min(steps), |view| set(view, wanted));
        run(&mut server, stop - done, |view| Ok(keep(view)));
        run(&mut server, 99, |view| Ok(keep(view)));
        let is_set = state(&server) == after;
        assert!(is_set || state(&server) == before, "{kind}, killed after {stop} of {steps}");
        assert_eq!(is_set, stop >= steps, "{kind}, killed after {stop}");
        run(&mut server, 99, lift);
        assert_eq!(state(&server), before, "{kind}, {}, killed after {stop}", controller.name());
    }
}

#[test]
fn a_limit_that_was_half_set_is_not_there_or_whole() {
    for controller in CONTROLLERS {
        for (kind, server) in kinds() {
            break_off(controller, kind, &server, &wanted(controller, 5));
        }
    }
}

#[test]
fn a_limit_that_was_half_lifted_is_lifted() {
    for controller in CONTROLLERS {
        for (kind, mut server) in kinds() {
            let before = state(&server);
            limited(&mut server, &wanted(controller, 5));
            let held = state(&server);
            let (_, steps) = run(&mut server.clone(), 99, lift);
            for stop in 0..=steps {
                let mut server = server.clone();
                run(&mut server, stop, lift);
                let (words, _) = run(&mut server, 99, |view| Ok(keep(view)));
                assert_eq!(words, [], "{kind}, killed after {stop} of {steps}");
                let expected = if stop == 0 { &held } else { &before };
                assert_eq!(&state(&server), expected, "{kind}, killed after {stop} of {steps}");
            }
        }
    }
}

#[test]
fn a_limit_that_was_half_changed_is_one_or_the_other_and_is_lifted_to_what_was_before() {
    for (kind, mut server) in kinds() {
        let before = state(&server);
        let mut first = wanted(Controller::IngressNginx, 7);
        first.limit.burst = Some(Burst::Multiplier(2));
        limited(&mut server, &first);
        let held = state(&server);
        let second = wanted(Controller::IngressNginx, 9);
        for stop in 0..6 {
            let mut server = server.clone();
            let (_, done) = run(&mut server, stop.min(1), |view| set(view, &second));
            run(&mut server, stop - done, |view| Ok(keep(view)));
            let (words, _) = run(&mut server, 99, |view| Ok(keep(view)));
            assert_eq!(words, [], "{kind}, killed after {stop}");
            assert_eq!(state(&server) == held, stop == 0, "{kind}, killed after {stop}");
            run(&mut server, 99, lift);
            assert_eq!(state(&server), before, "{kind}, killed after {stop}");
        }
    }
}
