//! A pending response as a future: woken by the loop, cancelled when it is dropped.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use petition_mio::{ErrorKind, Unavailable};
use petition_tests::httpbin::Httpbin;
use petition_tests::net::gate::Gate;
use petition_tests::server::{Script, Scripted};

use super::*;

/// Counts its calls, and unparks no thread.
#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

fn waker() -> (Arc<Count>, Waker) {
    let count = Arc::new(Count::default());
    (count.clone(), count.into())
}

#[test]
fn loop_wakes_the_last_task_that_polled_once() {
    let server = Httpbin::start_plain().unwrap();
    let mut event_loop = event_loop();
    let mut pending = pin!(event_loop.client().get(server.url("/get")).into_future());
    let ((first, early), (second, late)) = (waker(), waker());
    assert!(pending.as_mut().poll(&mut Context::from_waker(&early)).is_pending());
    assert!(pending.as_mut().poll(&mut Context::from_waker(&late)).is_pending());
    finish(&mut event_loop);
    assert_eq!((first.0.load(Ordering::SeqCst), second.0.load(Ordering::SeqCst)), (0, 1));
    let Poll::Ready(outcome) = pending.as_mut().poll(&mut Context::from_waker(&late)) else { panic!("it was woken") };
    assert_eq!(kind(&outcome), "200");
    let Poll::Ready(again) = pending.poll(&mut Context::from_waker(&late)) else { panic!("it is over") };
    assert_eq!(kind(&again), "cancelled", "the response was given away");
    assert_eq!(second.0.load(Ordering::SeqCst), 1);
}

#[test]
fn available_result_needs_no_waker() {
    let server = Httpbin::start_plain().unwrap();
    let mut event_loop = event_loop();
    let pending = event_loop.client().get(server.url("/status/204")).join();
    finish(&mut event_loop);
    let outcome = pin!(pending).poll(&mut Context::from_waker(Waker::noop()));
    assert!(matches!(outcome, Poll::Ready(Ok(response)) if response.status() == 204));
}

#[test]
fn dropping_cancels_and_detaching_does_not() {
    let gate = Gate::new();
    let script = || Script::new().wait(&gate).answer("HTTP/1.1 204 No Content\r\n\r\n");
    let server = Scripted::start([script(), script()]).unwrap();
    let mut event_loop = event_loop();
    let client = event_loop.client();
    let dropped = client.get(server.url("/")).join();
    let handle = client.get(server.url("/")).join().detach();
    turn_until(&mut event_loop, "both connections", |event_loop| event_loop.driver().sockets() == 2);
    drop(dropped);
    turn_until(&mut event_loop, "the end of the one", |event_loop| event_loop.driver().len() == 1);
    gate.release();
    gate.release();
    finish(&mut event_loop);
    assert_eq!(client.statistics().idle, 1, "the other has its answer: {handle:?}");
}

#[test]
fn ending_loop_wakes_futures_with_an_error() {
    let gate = Gate::new();
    let server = Scripted::start([Script::new().wait(&gate)]).unwrap();
    let mut event_loop = event_loop();
    let mut pending = pin!(event_loop.client().get(server.url("/")).join());
    let (count, waker) = waker();
    assert!(pending.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    event_loop.turn(Some(Duration::ZERO)).unwrap();
    drop(event_loop);
    assert_eq!(count.0.load(Ordering::SeqCst), 1);
    let Poll::Ready(outcome) = pending.poll(&mut Context::from_waker(&waker)) else { panic!("it was woken") };
    assert_eq!(kind(&outcome), "cancelled");
    gate.release();
}

#[test]
fn wait_in_a_callback_never_blocks() {
    let server = Httpbin::start_plain().unwrap();
    let client = thread();
    let done = client.get(server.url("/status/204")).join();
    let (tell, told) = outcomes();
    let (inner, url) = (client.client().clone(), server.url("/get"));
    // Sent later over the same loop: the first has ended by then, or ends as the callback runs.
    client.get(server.url("/delay/1")).send(move |_| {
        let at_once = done.wait().map(|response| response.status().as_u16());
        tell.send((at_once, inner.get(url).join().wait().unwrap_err())).unwrap();
    });
    let (at_once, refused) = told.recv_timeout(PATIENCE).unwrap();
    assert_eq!(at_once.unwrap(), 204);
    assert!(matches!(refused.kind(), ErrorKind::Unavailable(Unavailable::LoopThread)), "{refused}");
}
