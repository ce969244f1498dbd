//! The rows of the table: what is measured, for which clients, with which target.

/// A metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Metric {
    /// Instructions in user space, by callgrind.
    Instructions,
    /// System calls, by strace.
    SystemCalls,
    /// Calls of `malloc` and the like, counted by callgrind, C libraries included.
    Allocations,
    /// Resident bytes.
    Resident,
    /// CPU time in milliseconds.
    CpuTime,
    /// CPU time relative to the floor's.
    CpuRatio,
    /// Requests per second relative to the floor's.
    RateRatio,
    /// The size of a stripped program in KiB.
    Size,
    /// The number of crates in the dependency tree, itself included.
    Crates,
}

impl Metric {
    pub(crate) fn words(self) -> &'static str {
        match self {
            Metric::Instructions => "instructions",
            Metric::SystemCalls => "system calls",
            Metric::Allocations => "heap allocations",
            Metric::Resident => "resident bytes",
            Metric::CpuTime => "CPU time, ms",
            Metric::CpuRatio => "CPU time relative to the floor",
            Metric::RateRatio => "requests per second relative to the floor",
            Metric::Size => "KiB",
            Metric::Crates => "crates",
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Metric> {
        use Metric::*;
        [Instructions, SystemCalls, Allocations, Resident, CpuTime, CpuRatio, RateRatio, Size, Crates]
            .into_iter()
            .find(|metric| format!("{metric:?}") == name)
    }

    /// Returns whether more is better.
    pub(crate) fn rising(self) -> bool {
        self == Metric::RateRatio
    }
}

/// A metric with its target, if there is one.
pub(crate) type Wanted = (Metric, Option<f64>);

pub(crate) struct Row {
    /// Its name on the command line and in documents.
    pub(crate) name: &'static str,
    pub(crate) group: &'static str,
    pub(crate) title: &'static str,
    /// The lengths of the two runs whose difference counts; if there is only one run, the second.
    pub(crate) n: (usize, usize),
    /// The size of bodies in bytes, if there are any.
    pub(crate) x: u64,
    /// How many units one of `n` contains: figures are per unit.
    pub(crate) units: f64,
    pub(crate) wanted: &'static [Wanted],
    pub(crate) clients: &'static [&'static str],
    /// Which of Petition's clients has the target.
    pub(crate) judged: &'static str,
}

const MIB: u64 = 1024 * 1024;
const KEEPING: &[&str] = &["floor", "petition", "hyper", "ureq", "curl", "reqwest", "reqwest-async"];
const SESSIONS: &[&str] = &["floor", "petition", "ureq", "curl", "reqwest", "reqwest-async"];
const LOOPS: &[&str] = &["floor", "petition", "hyper", "reqwest-async", "curl-multi"];
const BODIES: &[&str] =
    &["floor", "petition", "petition-mio", "hyper", "ureq", "curl", "reqwest", "reqwest-async", "attohttpc"];

use Metric::{Allocations, CpuRatio, CpuTime, Crates, Instructions, RateRatio, Resident, Size, SystemCalls};

/// The rows in their order of display.
pub(crate) const ROWS: &[Row] = &[
    Row {
        name: "get",
        group: "requests",
        title: "keep-alive GET, blocking, plain",
        n: (100, 600),
        x: 0,
        units: 1.0,
        wanted: &[(Instructions, Some(10_400.0)), (SystemCalls, Some(3.0)), (Allocations, Some(6.0))],
        clients: KEEPING,
        judged: "petition",
    },
    Row {
        name: "get-tls",
        group: "requests",
        title: "the same over TLS",
        n: (100, 600),
        x: 0,
        units: 1.0,
        wanted: &[(Instructions, Some(16_500.0))],
        clients: KEEPING,
        judged: "petition",
    },
    Row {
        name: "session",
        group: "requests",
        title: "a session request: 20 cookies in the jar, 3 matching, default headers, one redirect followed",
        n: (50, 250),
        x: 0,
        units: 1.0,
        wanted: &[(Instructions, Some(40_000.0))],
        clients: SESSIONS,
        judged: "petition",
    },
    Row {
        name: "many",
        group: "requests",
        title: "64 connections on one thread, event loop, per request",
        n: (1_280, 3_840),
        x: 0,
        units: 1.0,
        wanted: &[(Instructions, Some(12_000.0)), (RateRatio, Some(0.85))],
        clients: LOOPS,
        judged: "petition",
    },
    Row {
        name: "connect",
        group: "connections",
        title: "new plain connection for each request",
        n: (50, 250),
        x: 0,
        units: 1.0,
        wanted: &[(Instructions, Some(16_000.0))],
        clients: &["floor", "petition", "hyper", "ureq", "curl", "reqwest", "reqwest-async", "attohttpc", "minreq"],
        judged: "petition",
    },
    Row {
        name: "resume",
        group: "connections",
        title: "new TLS connection for each request, resumed",
        n: (10, 60),
        x: 0,
        units: 1.0,
        wanted: &[(Instructions, Some(1_130_000.0))],
        clients: &["floor", "petition", "hyper", "ureq", "curl", "reqwest", "reqwest-async", "attohttpc"],
        judged: "petition",
    },
    Row {
        name: "download",
        group: "bodies",
        title: "download, content-length, per MiB",
        n: (1, 4),
        x: 16 * MIB,
        units: 16.0,
        wanted: &[(Instructions, Some(5_000.0))],
        clients: BODIES,
        judged: "petition",
    },
    Row {
        name: "chunked",
        group: "bodies",
        title: "download, chunked (64 KiB chunks), per MiB",
        n: (1, 4),
        x: 16 * MIB,
        units: 16.0,
        wanted: &[(Instructions, Some(20_000.0))],
        clients: BODIES,
        judged: "petition",
    },
    Row {
        name: "gib",
        group: "bodies",
        title: "one GiB over chunked plain",
        n: (0, 1),
        x: 1024 * MIB,
        units: 1.0,
        wanted: &[(CpuTime, None)],
        clients: BODIES,
        judged: "petition",
    },
    Row {
        name: "download-tls",
        group: "bodies",
        title: "download over TLS, 256 MiB",
        n: (0, 1),
        x: 256 * MIB,
        units: 1.0,
        wanted: &[(CpuRatio, Some(1.0))],
        clients: BODIES,
        judged: "petition",
    },
    Row {
        name: "upload",
        group: "bodies",
        title: "upload from memory, content-length, per MiB",
        n: (1, 4),
        x: 16 * MIB,
        units: 16.0,
        wanted: &[(Instructions, Some(5_000.0)), (SystemCalls, Some(4.0))],
        clients: &[
            "floor",
            "petition",
            "petition-mio",
            "hyper",
            "ureq",
            "curl",
            "reqwest",
            "reqwest-async",
            "attohttpc",
            "minreq",
        ],
        judged: "petition",
    },
    Row {
        name: "hold",
        group: "memory",
        title: "10,000 connections waiting, each",
        n: (0, 10_000),
        x: 0,
        units: 1.0,
        wanted: &[(Resident, Some(1_200.0))],
        clients: LOOPS,
        judged: "petition",
    },
    Row {
        name: "hold-tls",
        group: "memory",
        title: "10,000 connections waiting over TLS, each",
        n: (0, 10_000),
        x: 0,
        units: 1.0,
        wanted: &[(Resident, Some(10_500.0))],
        clients: LOOPS,
        judged: "petition",
    },
    Row {
        name: "process",
        group: "weight",
        title: "a process that makes one plain GET, TLS compiled in",
        n: (0, 1),
        x: 0,
        units: 1.0,
        wanted: &[(Instructions, Some(390_000.0)), (Size, Some(2_000.0))],
        clients: &["floor", "petition", "petition-tls", "hyper", "ureq", "curl", "reqwest", "attohttpc", "minreq"],
        judged: "petition-tls",
    },
    Row {
        name: "crates",
        group: "weight",
        title: "crates in the tree, blocking with TLS",
        n: (0, 1),
        x: 0,
        units: 1.0,
        wanted: &[(Crates, Some(62.0))],
        clients: &["petition", "petition-tls", "hyper", "ureq", "reqwest", "attohttpc", "minreq"],
        judged: "petition-tls",
    },
];

/// How the cost of Petition grows with `x`, in these steps; per request, or per unit of `x`.
pub(crate) struct Growth {
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    pub(crate) unit: &'static str,
    /// `x`, and the lengths of the two runs.
    pub(crate) steps: &'static [(u64, (usize, usize))],
}

const GIB: u64 = 1024 * MIB;

pub(crate) const GROWTH: &[Growth] = &[
    Growth {
        name: "grow-connections",
        title: "connections, each with a request in progress",
        unit: "instructions per request",
        steps: &[(1, (1_000, 4_000)), (100, (1_000, 4_000)), (1_000, (1_000, 4_000)), (10_000, (10_000, 30_000))],
    },
    Growth {
        name: "grow-cookies",
        title: "cookies of other hosts in the jar",
        unit: "instructions per request",
        steps: &[(0, (100, 600)), (10, (100, 600)), (100, (100, 600)), (1_000, (100, 600))],
    },
    Growth {
        name: "grow-hosts",
        title: "hosts in the pool",
        unit: "instructions per request",
        steps: &[(1, (100, 600)), (10, (100, 600)), (100, (100, 600)), (1_000, (100, 600))],
    },
    Growth {
        name: "grow-body",
        title: "bytes of a body",
        unit: "instructions per MiB, without those of the request",
        steps: &[(64 * 1024, (32, 160)), (MIB, (16, 80)), (64 * MIB, (1, 3)), (GIB, (0, 1)), (4 * GIB, (0, 1))],
    },
    Growth {
        name: "grow-head",
        title: "fields of a head that is fed one byte at a time",
        unit: "instructions per byte",
        steps: &[(10, (20, 60)), (20, (20, 60)), (40, (20, 60)), (80, (20, 60))],
    },
];

pub(crate) fn row(name: &str) -> Option<&'static Row> {
    ROWS.iter().find(|row| row.name == name)
}

pub(crate) fn growth(name: &str) -> Option<&'static Growth> {
    GROWTH.iter().find(|growth| growth.name == name)
}
