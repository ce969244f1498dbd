//! Cookies: sends the jar's cookies with a request and stores those of its response.

use super::{After, Before, Hop, Memory, Outcome, Plan, Trail, Verdict};

pub(super) const AFTER: After =
    After { concerns: |head, _| head.sets_cookies(), needs_memory: sets_cookies, decide: after };

/// Writes the Cookie field: the jar's cookies for this URL, except those that the request sets.
pub(super) fn before(plan: &mut Plan<'_>, memory: &mut Memory) -> Before {
    let Plan { hop, cookie, own_cookies, .. } = plan;
    if hop.config.cookies && !hop.headers.contains("cookie") {
        memory.jar.append_header(&hop.cookie_url, hop.now.unix, hop.config.same_site, cookie);
        if let Some(own) = own_cookies {
            remove_named(cookie, *own);
        }
    }
    Before::Send
}

fn sets_cookies(hop: &Hop<'_>, outcome: &Outcome<'_>) -> bool {
    matches!(outcome, Outcome::Head(head) if hop.config.cookies && head.set_cookies().next().is_some())
}

/// Stores the cookies of a response.
fn after(hop: &Hop<'_>, outcome: &Outcome<'_>, trail: &mut Trail, memory: Option<&mut Memory>) -> Option<Verdict> {
    let (Outcome::Head(head), Some(memory), true) = (outcome, memory, hop.config.cookies) else { return None };
    let revision = memory.jar.revision();
    let (time, context) = (hop.now.unix, hop.config.same_site);
    memory.jar.receive_all(&hop.cookie_url, head.set_cookies(), time, context, |_, _| ());
    if memory.jar.revision() != revision {
        trail.new_cookies = true;
        if let Some(rare) = &mut trail.rare {
            rare.loops.mark_new_cookie();
        }
    }
    None
}

/// Removes the pairs with matching names from the value of a Cookie field.
fn remove_named(cookie: &mut Vec<u8>, is_named: &dyn Fn(&str) -> bool) {
    let remains = |pair: &&[u8]| {
        let name = pair.split(|&b| b == b'=').next().unwrap_or_default();
        !std::str::from_utf8(name).is_ok_and(is_named)
    };
    let remaining: Vec<&[u8]> = cookie.split(|&b| b == b';').map(<[u8]>::trim_ascii_start).filter(remains).collect();
    *cookie = remaining.join(&b"; "[..]);
}
