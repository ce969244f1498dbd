//! Sessions that are unavailable, and caller code that panics while it holds one.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::*;

/// A session guard that refuses access, or panics.
struct Guard<'a> {
    session: &'a mut Session,
    answer: Option<Unavailable>,
}

impl SessionAccess for Guard<'_> {
    fn with<R>(&mut self, _: impl FnOnce(&mut Session) -> R) -> Result<R, Unavailable> {
        Err(self.answer.expect("an intended panic"))
    }
}

fn ended(world: &mut World, answer: Option<Unavailable>) -> (TransferId, String) {
    let mut guard = Guard { session: &mut world.session, answer };
    assert!(guard.session.jar().is_empty());
    loop {
        match world.engine.poll(&mut guard) {
            Output::Ended { id, error: Some(error), .. } => return (id, error.kind().to_string()),
            Output::Wait => panic!("it waits for an unavailable session"),
            _ => {}
        }
    }
}

#[test]
fn unavailable_session_fails_the_request() {
    let mut world = World::new(PoolLimits::default());
    let id = world.get("http://192.0.2.1/");
    let (failed, kind) = ended(&mut world, Some(Unavailable::SessionHeld));
    assert_eq!((failed, kind), (id, Unavailable::SessionHeld.to_string()));
    assert_eq!(world.engine.len(), 0);
}

#[test]
fn t91_panic_within_a_request_ends_it_alone() {
    let mut world = World::new(PoolLimits::default());
    let first = world.get("http://192.0.2.1/");
    let second = world.get("http://192.0.2.2/");
    let (engine, session) = (&mut world.engine, &mut world.session);
    let poll = AssertUnwindSafe(|| engine.poll(&mut Guard { session, answer: None }));
    assert!(catch_unwind(poll).is_err());
    world.run();
    world.ended.sort();
    assert_eq!(world.ended, [(first, Some("cancelled".into())), (second, None)]);
    assert_eq!(world.engine.len(), 0);
}
