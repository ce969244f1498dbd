//! How a driver cuts bytes and what noise it makes, from a seed.

use crate::rng::Rng;

/// How much of the available bytes one call moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cut {
    Whole,
    Single,
    Random,
}

/// The driver's choices that must not change the outcome of a transfer.
#[derive(Clone, Debug)]
pub struct Style {
    cut: Cut,
    /// Spurious blocking, ticks and polls.
    noise: bool,
    /// A write waits until the peer reads instead of being parked.
    pub(super) blocking: bool,
    seed: u64,
    rng: Rng,
}

impl Style {
    /// Returns the style without cuts and noise.
    pub fn plain() -> Style {
        Style { cut: Cut::Whole, noise: false, blocking: false, seed: 0, rng: Rng::new(0) }
    }

    /// Returns the style of a seed; 0 is [`Style::plain`].
    pub fn of(seed: u64) -> Style {
        let (cut, noise, blocking) = match seed {
            0 => return Style::plain(),
            1 => (Cut::Single, false, false),
            2 => (Cut::Single, true, false),
            3 => (Cut::Whole, false, true),
            n => (Cut::Random, n % 3 != 0, n % 4 == 0),
        };
        Style { cut, noise, blocking, seed, rng: Rng::new(seed) }
    }

    /// Returns the seed, for messages.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Returns the random generator, for other choices of the same run.
    pub fn rng(&mut self) -> &mut Rng {
        &mut self.rng
    }

    /// Returns how much of `n` to move: at least 1, if `n` is not 0.
    pub(super) fn cut(&mut self, n: usize) -> usize {
        match self.cut {
            Cut::Whole => n,
            Cut::Single => n.min(1),
            Cut::Random if self.rng.one_in(3) => n,
            Cut::Random => {
                let most = if self.rng.one_in(2) { 4 } else { 4096 };
                1 + self.rng.below(n.min(most))
            }
        }
        .min(n)
    }

    /// Returns whether to do something that should change nothing, once in so many times.
    pub(super) fn noise(&mut self, one_in: usize) -> bool {
        self.noise && self.rng.one_in(one_in)
    }
}
