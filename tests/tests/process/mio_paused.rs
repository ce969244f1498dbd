//! A consumer that takes nothing while the server sends much. It runs in its own process, since its
//! memory is measured.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use petition_core::engine::READ_BUFFER;
use petition_mio::{Error, EventLoop, Flow, Handler, ResponseInfo};
use petition_tests::server::{Script, Scripted};

/// How much the server wants to send.
const ALL: u64 = 1 << 30;

/// Pauses after each piece.
struct Paused {
    taken: Arc<AtomicU64>,
    ended: mpsc::Sender<String>,
}

impl Handler for Paused {
    fn head(&mut self, head: ResponseInfo) {
        assert_eq!(head.status(), 200);
    }

    fn data(&mut self, piece: &[u8]) -> Flow {
        self.taken.fetch_add(piece.len() as u64, Ordering::SeqCst);
        Flow::Pause
    }

    fn end(self: Box<Self>, result: Result<(), Error>) {
        // The receiver is gone if an assertion has failed.
        let _ = self.ended.send(result.map_or_else(|error| error.kind().to_string(), |()| "end".into()));
    }
}

/// Returns the memory of this process in bytes; 0 where the system does not report it.
fn resident() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    statm.split(' ').nth(1).map_or(0, |pages| pages.parse::<u64>().unwrap() * 4096)
}

#[track_caller]
fn turn_until(event_loop: &mut EventLoop, mut done: impl FnMut(&EventLoop) -> bool) {
    let until = Instant::now() + Duration::from_secs(60);
    while !done(event_loop) {
        assert!(Instant::now() < until, "{:?}", event_loop.driver());
        event_loop.turn(Some(Duration::from_millis(5))).unwrap();
    }
}

#[test]
fn paused_handler_stops_reading_a_gibibyte() {
    let _turn = crate::alone();
    let pushed = Arc::new(AtomicU64::new(0));
    let counter = pushed.clone();
    let server = Scripted::start([Script::new().read_head().act(move |conversation| {
        conversation.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {ALL}\r\n\r\n").as_bytes())?;
        let piece = vec![7; 256 * 1024];
        while counter.load(Ordering::SeqCst) < ALL {
            conversation.send(&piece)?;
            counter.fetch_add(piece.len() as u64, Ordering::SeqCst);
        }
        Ok(())
    })])
    .unwrap();
    let (ended, told) = mpsc::channel();
    let taken = Arc::new(AtomicU64::new(0));
    let mut event_loop = EventLoop::new().unwrap();
    let handle = event_loop.client().get(server.url("/")).stream(Paused { taken: taken.clone(), ended });
    turn_until(&mut event_loop, |_| taken.load(Ordering::SeqCst) > 0);
    let before = resident();
    // The kernel's buffers fill; then the server can push no more.
    let (mut last, mut since) = (0, Instant::now());
    turn_until(&mut event_loop, |_| {
        let now = pushed.load(Ordering::SeqCst);
        if now != last {
            (last, since) = (now, Instant::now());
        }
        now > 0 && since.elapsed() > Duration::from_millis(500)
    });
    assert!(last < 64 << 20, "{last} bytes were taken from the server");
    assert!(taken.load(Ordering::SeqCst) <= 1 << 20, "{taken:?} bytes were delivered: more than one piece");
    let grown = resident().saturating_sub(before);
    assert!(grown < 8 << 20, "the process has grown by {grown} bytes");
    for _ in 0..3 {
        let had = taken.load(Ordering::SeqCst);
        handle.resume();
        turn_until(&mut event_loop, |_| taken.load(Ordering::SeqCst) > had);
        assert!(taken.load(Ordering::SeqCst) - had <= READ_BUFFER as u64, "more than one piece for one resume");
    }
    handle.cancel();
    turn_until(&mut event_loop, |event_loop| event_loop.driver().is_empty());
    assert_eq!(told.try_iter().collect::<Vec<_>>(), ["cancelled"]);
    event_loop.driver_mut().close_idle();
    turn_until(&mut event_loop, |event_loop| event_loop.driver().sockets() == 0);
    assert_eq!(event_loop.driver().statistics().open, 0);
}
