//! A game loop: pump, update, draw. Responses arrive between frames, and no frame waits for them.
//!
//! `cargo run -p petition-mio --example frames` or `… -- URL…`; `-- --times 100 URL` sends each
//! request 100 times

use std::error::Error;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use petition_mio::EventLoop;

#[path = "support/embedded.rs"]
mod embedded;

/// The part of a frame that requests may use.
const BUDGET: Duration = Duration::from_millis(1);
const FRAME: Duration = Duration::from_millis(16);

/// The state of the game.
#[derive(Default)]
struct World {
    frames: u32,
    news: Vec<String>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut event_loop = EventLoop::new()?;
    let (_servers, urls) = embedded::servers_or(&event_loop.client(), std::env::args().skip(1).collect())?;
    let (tell, news) = mpsc::channel();
    let waiting = Arc::new(AtomicUsize::new(urls.len()));
    for url in urls {
        let (tell, waiting) = (tell.clone(), waiting.clone());
        event_loop.client().get(&url).send(move |result| {
            let text = match result {
                Ok(response) => format!("{url}: {}, {} bytes", response.status(), response.bytes().len()),
                Err(error) => format!("{url}: {error}"),
            };
            // Ignored if the receiver is gone.
            let _ = tell.send(text);
            waiting.fetch_sub(1, Ordering::Relaxed);
        });
    }
    let mut world = World::default();
    while waiting.load(Ordering::Relaxed) > 0 {
        let began = Instant::now();
        event_loop.pump(BUDGET)?;
        update(&mut world, news.try_iter());
        draw(&world);
        std::thread::sleep(FRAME.saturating_sub(began.elapsed()));
    }
    update(&mut world, news.try_iter());
    for line in &world.news {
        println!("{line}");
    }
    println!("{} frames", world.frames);
    Ok(())
}

fn update(world: &mut World, news: impl Iterator<Item = String>) {
    world.frames += 1;
    world.news.extend(news);
}

fn draw(world: &World) {
    eprint!("\rframe {}: {} answers ", world.frames, world.news.len());
}
