//! Parses callgrind's output: instructions by function, and the number of calls.

use std::collections::HashMap;

/// The functions that allocate.
const ALLOCATING: [&str; 6] = ["malloc", "calloc", "realloc", "memalign", "posix_memalign", "aligned_alloc"];

/// One run, or the difference of two.
#[derive(Clone, Debug, Default)]
pub(crate) struct Profile {
    /// All instructions.
    pub(crate) total: f64,
    /// Instructions by function, without those of its callees.
    pub(crate) functions: HashMap<String, f64>,
    /// Calls of functions that allocate.
    pub(crate) allocations: f64,
}

impl Profile {
    /// Parses a file of callgrind (`--dump-line=no`, instructions only).
    pub(crate) fn parse(text: &str) -> Profile {
        let mut names: HashMap<&str, String> = HashMap::new();
        let mut profile = Profile::default();
        let (mut current, mut called) = (String::new(), String::new());
        let mut skip = false;
        for line in text.lines() {
            if let Some(name) = line.strip_prefix("fn=") {
                current = resolve(&mut names, name);
            } else if let Some(name) = line.strip_prefix("cfn=") {
                called = resolve(&mut names, name);
            } else if let Some(calls) = line.strip_prefix("calls=") {
                let count: f64 = calls.split(' ').next().and_then(|count| count.parse().ok()).unwrap_or(0.0);
                if ALLOCATING.contains(&called.as_str()) {
                    profile.allocations += count;
                }
                // The next line has the inclusive cost of the call.
                skip = true;
            } else if line.starts_with(|c: char| c.is_ascii_digit() || "+-*".contains(c)) {
                if std::mem::take(&mut skip) {
                    continue;
                }
                let cost: f64 = line.split(' ').nth(1).and_then(|cost| cost.parse().ok()).unwrap_or(0.0);
                profile.total += cost;
                *profile.functions.entry(current.clone()).or_default() += cost;
            }
        }
        profile
    }

    /// Returns what `longer` has more than this, per unit.
    pub(crate) fn until(&self, longer: &Profile, units: f64) -> Profile {
        let mut functions = HashMap::new();
        for (name, cost) in &longer.functions {
            let more = cost - self.functions.get(name).unwrap_or(&0.0);
            if more != 0.0 {
                functions.insert(name.clone(), more / units);
            }
        }
        Profile {
            total: (longer.total - self.total) / units,
            functions,
            allocations: (longer.allocations - self.allocations) / units,
        }
    }

    /// Returns the most expensive functions.
    pub(crate) fn top(&self, n: usize) -> Vec<(String, f64)> {
        let mut all: Vec<_> = self.functions.iter().map(|(name, cost)| (name.clone(), *cost)).collect();
        all.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        all.truncate(n);
        all
    }
}

/// Parses a name: `(12) name` defines a number, `(12)` refers to it.
fn resolve<'a>(names: &mut HashMap<&'a str, String>, text: &'a str) -> String {
    let (number, name) = text.split_once(' ').unwrap_or((text, ""));
    if name.is_empty() {
        return names.get(number).cloned().unwrap_or_else(|| text.to_owned());
    }
    // Without the hash at the end, and without the mark of recursion.
    let name = name.split_once('\'').map_or(name, |(name, recursion)| {
        if recursion.bytes().all(|byte| byte.is_ascii_digit()) {
            name
        } else {
            text.split_once(' ').unwrap_or_default().1
        }
    });
    let plain = match name.rfind("::h") {
        Some(at) if name.len() - at == 19 => &name[..at],
        _ => name,
    };
    names.insert(number, plain.to_owned());
    plain.to_owned()
}
