//! Seeded choices: how a run cuts bytes and what noise it makes.

/// A small generator (splitmix64): the same seed gives the same throws on every platform.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// Dice of this seed.
    pub const fn new(seed: u64) -> Dice {
        Dice(seed)
    }

    /// The next number.
    pub fn throw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`; 0 for 0.
    pub fn below(&mut self, n: usize) -> usize {
        (self.throw() % (n.max(1) as u64)) as usize
    }

    /// True once in `n` times.
    pub fn once_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }
}

/// How much of what could be moved at once is moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cut {
    Whole,
    Single,
    Random,
}

/// How a driver behaves where a transfer must not care.
#[derive(Clone, Debug)]
pub struct Style {
    cut: Cut,
    /// Spurious blocking, ticks and polls.
    noise: bool,
    /// A write waits until the peer reads instead of being parked.
    pub(super) blocking: bool,
    seed: u64,
    dice: Dice,
}

impl Style {
    /// Nothing is cut, nothing is spurious.
    pub fn plain() -> Style {
        Style { cut: Cut::Whole, noise: false, blocking: false, seed: 0, dice: Dice::new(0) }
    }

    /// The style of a seed; 0 is [`Style::plain`].
    pub fn of(seed: u64) -> Style {
        let (cut, noise, blocking) = match seed {
            0 => return Style::plain(),
            1 => (Cut::Single, false, false),
            2 => (Cut::Single, true, false),
            3 => (Cut::Whole, false, true),
            n => (Cut::Random, n % 3 != 0, n % 4 == 0),
        };
        Style { cut, noise, blocking, seed, dice: Dice::new(seed) }
    }

    /// The seed, for messages.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Dice for other choices of the same run.
    pub fn dice(&mut self) -> &mut Dice {
        &mut self.dice
    }

    /// How much of `n` to move; at least 1.
    pub(super) fn cut(&mut self, n: usize) -> usize {
        match self.cut {
            Cut::Whole => n,
            Cut::Single => n.min(1),
            Cut::Random if self.dice.once_in(3) => n,
            Cut::Random => {
                let most = if self.dice.once_in(2) { 4 } else { 4096 };
                1 + self.dice.below(n.min(most))
            }
        }
        .min(n)
    }

    /// Whether to do something that should change nothing.
    pub(super) fn noise(&mut self, once_in: usize) -> bool {
        self.noise && self.dice.once_in(once_in)
    }
}
