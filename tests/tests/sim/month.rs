//! A month of virtual time: cookies that expire by days, connections that expire by seconds,
//! servers that close idle connections, look-ups that hang until a deadline. The world goes from
//! one deadline to the next, so that it takes steps and not time.

use petition_core::{ErrorKind, Method, Request, Timeout};
use petition_tests::memory::{Peer, Style, World, secs};

const HOUR: u64 = 3_600;
const DAY: u64 = 24 * HOUR;

/// Says which cookies it was sent, and sets one for a day at each request of a new day, one for a
/// week, one for ever.
fn diary(head: &str) -> String {
    let path = head.split(' ').nth(1).unwrap_or_default();
    let day = path.trim_start_matches("/day/").split('/').next().unwrap_or_default();
    let seen = head.lines().find_map(|line| line.strip_prefix("Cookie: ")).unwrap_or("none");
    format!(
        "HTTP/1.1 200 OK\r\nSet-Cookie: day={day}; Max-Age={}; Path=/\r\nSet-Cookie: week{}={day}; Max-Age={}; Path=/\r\n\
         Set-Cookie: session={day}; Path=/\r\nContent-Length: {}\r\n\r\n{seen}",
        20 * HOUR,
        day.parse::<u64>().unwrap_or(0) / 7,
        7 * DAY,
        seen.len()
    )
}

fn text(world: &mut World, url: &str) -> String {
    let run = world.get(url);
    assert_eq!(run.status, 200);
    run.text()
}

#[test]
fn month_of_virtual_time_passes() {
    let mut world = World::new(Style::plain());
    world.name_hangs("silent.test");
    let (mut steps, mut reused, mut retried) = (0, 0, 0);
    for day in 0..30u64 {
        // In the morning: a new connection, since those of yesterday have expired; used again at
        // once; given up by the server in between.
        world
            .serve("diary.test:80", Peer::new().request().answer(diary).request().answer(diary).sleep(secs(5)).close());
        let seen = text(&mut world, &format!("http://diary.test/day/{day}/first"));
        if day == 0 {
            assert_eq!(seen, "none");
        } else {
            assert!(seen.contains(&format!("session={}", day - 1)) && !seen.contains("day="), "day {day}: {seen}");
            assert!(seen.contains(&format!("week{}=", (day - 1) / 7)), "day {day}: {seen}");
            assert!(day < 15 || !seen.contains("week0="), "day {day}: {seen}");
        }
        let again = world.get(&format!("http://diary.test/day/{day}/second"));
        assert!(again.text().contains(&format!("day={day}")), "{}", again.text());
        reused += again.reused;

        // The server closes after five seconds: a connection that is looked at is passed over.
        world.pass(secs(6));
        world.serve("diary.test:80", Peer::new().request().answer(diary).head().close());
        text(&mut world, &format!("http://diary.test/day/{day}/third"));
        // It dies under the next request, which is retried.
        world.serve("diary.test:80", Peer::new().request().answer(diary));
        let once_more = world.get(&format!("http://diary.test/day/{day}/fourth"));
        retried += once_more.words().iter().filter(|word| **word == "retried").count();
        assert_eq!(once_more.status, 200);

        // An unanswered name: ten seconds, in a single step.
        let silent = world.send(Request::new(Method::GET, "http://silent.test/"));
        assert!(matches!(silent.kind(), ErrorKind::Timeout { which: Timeout::Connect, .. }), "{:?}", silent.kind());
        steps += silent.steps() + again.steps() + once_more.steps();
        let now = world.time();
        world.pass(secs((day + 1) * DAY + HOUR) - now);
    }
    assert!(world.time() >= secs(30 * DAY));
    assert_eq!((reused, retried), (30, 30));
    assert_eq!(world.connections().len(), 3 * 30, "no connection outlives its time");
    let jar = world.session.jar();
    assert!(jar.len() <= 6, "{} cookies", jar.len());
    assert!(steps < 30 * 200, "{steps} steps");
}
