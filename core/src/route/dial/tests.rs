use super::*;

fn address(text: &str) -> Address {
    text.parse::<std::net::SocketAddr>().unwrap().into()
}

fn four(last: u8) -> Address {
    address(&format!("192.0.2.{last}:80"))
}

fn six(last: u8) -> Address {
    address(&format!("[2001:db8::{last:x}]:80"))
}

fn at(ms: u64) -> Instant {
    Instant::from_origin(Duration::from_millis(ms))
}

fn dial(addresses: &[Address]) -> Dial {
    Dial::new(addresses, &Limits::DEFAULT).unwrap()
}

#[track_caller]
fn connects(dial: &mut Dial, now: Instant, to: Address) -> AttemptId {
    match dial.poll(now) {
        DialStep::Connect(id) if dial.address(id) == Some(&to) => id,
        other => panic!("expected to connect to {to}, got {other:?}"),
    }
}

/// Runs a dial in virtual time; `answer` returns how an attempt ends, and how many milliseconds
/// after its start.
fn run(dial: &mut Dial, answer: impl Fn(Address) -> Option<(u64, Result<(), io::ErrorKind>)>) -> (Instant, DialStep) {
    let mut now = Instant::ZERO;
    let mut due: Vec<(Instant, AttemptId, Result<(), io::ErrorKind>)> = Vec::new();
    for _ in 0..1000 {
        match dial.poll(now) {
            DialStep::Connect(id) => {
                if let Some((after, result)) = answer(dial.address(id).unwrap().clone()) {
                    due.push((now + Duration::from_millis(after), id, result));
                }
            }
            DialStep::Wait(until) => {
                due.sort_by_key(|d| d.0);
                match (due.first().copied(), until) {
                    (Some((time, id, result)), until) if until.is_none_or(|u| time <= u) => {
                        let _ = due.remove(0);
                        now = time;
                        match result {
                            Ok(()) => dial.connected(id),
                            Err(kind) => dial.failed(id, kind, kind.to_string()),
                        }
                    }
                    (_, Some(until)) => {
                        assert!(until > now, "a wait that does not end");
                        now = until;
                    }
                    (_, None) => return (now, DialStep::Wait(None)),
                }
            }
            end => return (now, end),
        }
    }
    panic!("no end")
}

#[test]
fn dead_ipv6_path_costs_one_delay() {
    let mut dial = dial(&[six(1), four(1)]);
    let (now, end) = run(&mut dial, |a| a.socket_addr().unwrap().is_ipv4().then_some((20, Ok(()))));
    assert_eq!(now, at(270));
    let DialStep::Won(id) = end else { panic!("{end:?}") };
    assert_eq!(dial.address(id), Some(&four(1)));
    assert_eq!(dial.take_losers().len(), 1);
}

#[test]
fn refused_address_starts_the_next_at_once() {
    let mut dial = dial(&[six(1), four(1), six(2)]);
    let refused = Err(io::ErrorKind::ConnectionRefused);
    let (now, end) = run(&mut dial, |a| Some((5, if a == six(2) { Ok(()) } else { refused })));
    assert_eq!((now, matches!(end, DialStep::Won(_))), (at(15), true));
    assert_eq!(dial.take_losers(), []);
}

#[test]
fn failure_starts_the_next_and_restarts_the_delay() {
    let mut dial = dial(&[six(1), four(1), six(2), four(2)]);
    let a = connects(&mut dial, at(0), six(1));
    assert_eq!(dial.poll(at(0)), DialStep::Wait(Some(at(250))));
    assert_eq!(dial.poll(at(249)), DialStep::Wait(Some(at(250))));
    let b = connects(&mut dial, at(250), four(1));
    dial.failed(b, io::ErrorKind::ConnectionRefused, "refused");
    let c = connects(&mut dial, at(300), six(2));
    assert_eq!(dial.poll(at(300)), DialStep::Wait(Some(at(550))));
    let d = connects(&mut dial, at(550), four(2));
    assert_eq!(dial.poll(at(9999)), DialStep::Wait(None));
    assert!(dial.pending().eq([a, c, d]));
}

#[test]
fn families_take_turns_ipv6_first() {
    let order = |addresses: &[Address]| dial(addresses).addresses().to_vec();
    assert_eq!(order(&[four(1), four(2), four(3), six(9), six(8)]), [six(9), four(1), six(8), four(2), four(3)]);
    assert_eq!(order(&[six(1), six(2), four(1)]), [six(1), four(1), six(2)]);
    assert_eq!(order(&[four(1), four(1), six(1), six(1), four(1)]), [six(1), four(1)]);
    assert_eq!(order(&[four(2), four(1)]), [four(2), four(1)]);
}

#[test]
fn t85_ten_thousand_addresses_are_cut_after_interleaving() {
    let mut many: Vec<Address> =
        (0..10_000u32).map(|n| Address::Tcp((std::net::Ipv6Addr::from(u128::from(n)), 80).into())).collect();
    many.push(four(1));
    let dial = dial(&many);
    assert_eq!(dial.addresses().len(), 16);
    assert_eq!(dial.addresses()[1], four(1));
}

#[test]
fn t85_empty_address_list_has_its_own_error() {
    assert_eq!(Dial::new(&[], &Limits::DEFAULT).unwrap_err(), DialError::NoAddresses);
    assert_eq!(Dial::new(&[four(1)], &Limits { addresses: 0, ..Limits::DEFAULT }).unwrap_err(), DialError::NoAddresses);
}

#[test]
fn late_success_is_closed() {
    let mut dial = dial(&[six(1), four(1), six(2)]);
    let a = connects(&mut dial, at(0), six(1));
    let b = connects(&mut dial, at(250), four(1));
    assert_eq!(dial.take_losers(), []);
    dial.connected(b);
    dial.connected(a);
    assert_eq!(dial.poll(at(260)), DialStep::Won(b));
    assert_eq!(dial.take_losers(), [a]);
    assert_eq!(dial.take_losers(), []);
    dial.connected(a);
    dial.failed(a, io::ErrorKind::Other, "x");
    assert_eq!(dial.poll(at(999)), DialStep::Won(b));
}

#[test]
fn error_lists_every_failure() {
    let mut dial = dial(&[six(1), four(1)]);
    let (_, end) = run(&mut dial, |a| {
        let kind = if a.socket_addr().unwrap().is_ipv6() {
            io::ErrorKind::NetworkUnreachable
        } else {
            io::ErrorKind::ConnectionRefused
        };
        Some((1, Err(kind)))
    });
    assert_eq!(end, DialStep::Failed);
    let error = dial.error();
    assert_eq!(
        error.to_string(),
        "could not connect to any address: [2001:db8::1]:80: network unreachable; 192.0.2.1:80: connection refused"
    );
    let DialError::AllFailed(failed) = error else { panic!() };
    assert!(matches!(failed[1].reason, FailReason::Failed { kind: io::ErrorKind::ConnectionRefused, .. }));
}

#[test]
fn aborting_returns_open_attempts_and_reports_all() {
    let mut dial = dial(&[six(1), four(1), six(2)]);
    let a = connects(&mut dial, at(0), six(1));
    dial.failed(a, io::ErrorKind::ConnectionRefused, "refused");
    let b = connects(&mut dial, at(1), four(1));
    assert_eq!(dial.abort(), [b]);
    assert_eq!(dial.poll(at(2)), DialStep::Failed);
    let text = dial.error().to_string();
    assert!(text.ends_with("refused; 192.0.2.1:80: aborted; [2001:db8::2]:80: not tried"), "{text}");
}

#[test]
fn last_address_is_awaited_without_deadline() {
    let mut dial = dial(&[four(1)]);
    let id = connects(&mut dial, at(0), four(1));
    assert_eq!(dial.poll(at(100_000)), DialStep::Wait(None));
    dial.connected(id);
    assert_eq!(dial.poll(at(100_000)), DialStep::Won(id));
}

#[test]
fn wakes_at_is_the_next_attempt() {
    for wins in [true, false] {
        let mut dial = dial(&[six(1), four(1)]);
        assert_eq!(dial.wakes_at(), None);
        let first = connects(&mut dial, at(10), six(1));
        assert_eq!(dial.wakes_at(), Some(at(260)));
        if wins {
            dial.connected(first);
        } else {
            connects(&mut dial, at(260), four(1));
        }
        assert_eq!(dial.wakes_at(), None, "an attempt has won, or no address is left");
    }
}

#[test]
fn addresses_other_than_tcp_precede_the_families() {
    let (unix, custom) = (Address::unix("/run/a.sock"), Address::custom("a"));
    let given = [four(1), unix.clone(), six(1), custom.clone(), unix.clone(), four(2)];
    assert_eq!(dial(&given).addresses(), [unix.clone(), custom, six(1), four(1), four(2)]);
    let limits = Limits { addresses: 1, ..Limits::DEFAULT };
    assert_eq!(Dial::new(&given, &limits).unwrap().addresses(), [unix]);
}
