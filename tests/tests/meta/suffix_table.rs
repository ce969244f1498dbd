//! The compiled-in table of public suffixes matches the list of the package `psl`: it is built from
//! it, and compared with each rule.
//!
//! With `PETITION_BLESS=1` the test rewrites the table, after `cargo update -p psl` has brought a
//! newer list.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use petition_core::cookie::{PublicSuffixList, PublicSuffixes, SuffixRules};

#[test]
fn suffix_table_matches_the_published_list() {
    let table = Automaton::of(&rules()).table();
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../core/src/cookie/suffix_table.bin");
    if std::env::var_os("PETITION_BLESS").is_some() {
        std::fs::write(&path, &table).expect("the table can be written");
    }
    let there = std::fs::read(&path).expect("the table can be read");
    assert!(there == table, "the list has changed: PETITION_BLESS=1 cargo test -p petition-tests --test suffix_table");
}

#[test]
fn t65_suffix_table_agrees_with_each_rule() {
    let list = PublicSuffixes::BuiltIn;
    let reference = SuffixRules::parse(&rules().join("\n")).expect("a list of rules");
    let mut names = 0;
    for rule in rules() {
        let name = rule.trim_start_matches(['*', '!', '.']);
        let inner = name.split_once('.').map_or(name, |(_, inner)| inner);
        for host in
            [name.to_owned(), format!("a.{name}"), format!("b.a.{name}"), format!("x{name}"), format!("c.b.a.{inner}")]
        {
            // Letters in front make some names in right-to-left scripts invalid.
            let Ok(host) = url::Host::parse(&host).map(|host| host.to_string()) else { continue };
            assert_eq!(list.public_suffix(&host), reference.public_suffix(&host), "{host}");
            names += 1;
        }
    }
    assert!(names > 40_000, "found {names}");
}

/// One rule each, international names in letters.
fn rules() -> Vec<String> {
    let packages = crate::repository::packages();
    let psl = packages.iter().find(|package| package["name"] == "psl").expect("the package psl");
    let manifest = PathBuf::from(psl["manifest_path"].as_str().expect("a path"));
    let text = std::fs::read_to_string(manifest.with_file_name("data/rules.txt")).expect("its list");
    let rules: Vec<_> = text.lines().filter(|line| !line.is_empty() && *line != "*").map(str::to_owned).collect();
    assert!(rules.len() > 9000, "found {} rules", rules.len());
    rules
}

/// The rules that end at a node, and its edges.
type Node = (u8, Vec<(u8, usize)>);

/// Returns the smallest automaton of the rules, over their reversed bytes; the last node is the
/// root.
struct Automaton(Vec<Node>);

#[derive(Default)]
struct Tree {
    rules: u8,
    edges: BTreeMap<u8, Tree>,
}

impl Automaton {
    fn of(rules: &[String]) -> Automaton {
        let mut tree = Tree::default();
        for rule in rules {
            let (kind, name) = match (rule.strip_prefix("*."), rule.strip_prefix('!')) {
                (Some(name), _) => (2, name),
                (_, Some(name)) => (4, name),
                _ => (1, rule.as_str()),
            };
            if kind == 1 && !name.contains('.') {
                continue;
            }
            let name = url::Host::parse(name).expect("a host name").to_string();
            let node = name.bytes().rev().fold(&mut tree, |node, byte| node.edges.entry(byte).or_default());
            node.rules |= kind;
        }
        let mut automaton = Automaton(Vec::new());
        automaton.add(tree, &mut HashMap::new());
        automaton
    }

    fn add(&mut self, tree: Tree, known: &mut HashMap<Node, usize>) -> usize {
        let edges = tree.edges.into_iter().map(|(byte, tree)| (byte, self.add(tree, known))).collect();
        let node = (tree.rules, edges);
        *known.entry(node).or_insert_with_key(|node| {
            self.0.push(node.clone());
            self.0.len() - 1
        })
    }

    /// Encodes it as `core/src/cookie/suffix_table.rs` describes.
    fn table(&self) -> Vec<u8> {
        let mut users = vec![0; self.0.len()];
        self.0.iter().flat_map(|(_, edges)| edges).for_each(|(_, node)| users[*node] += 1);
        let mut places = vec![None; self.0.len()];
        let mut edges_to = Vec::new();
        let mut out = Vec::new();
        let mut waiting = vec![self.0.len() - 1];
        while let Some(next) = waiting.pop() {
            let mut node = next;
            while places[node].is_none() {
                places[node] = Some(out.len());
                let (rules, edges) = &self.0[node];
                let head = rules << 5;
                let mut run = Vec::new();
                let mut after = node;
                while let [(byte, target)] = self.0[after].1[..]
                    && users[target] == 1
                    && (after == node || self.0[after].0 == 0)
                    && run.len() < 255
                {
                    run.push(byte);
                    after = target;
                }
                if !run.is_empty() {
                    out.extend_from_slice(&[head | 31, u8::try_from(run.len()).expect("a short run")]);
                    out.extend_from_slice(&run);
                    node = after;
                    continue;
                }
                let count = u8::try_from(edges.len()).expect("few edges");
                if count < 30 {
                    out.push(head | count)
                } else {
                    out.extend_from_slice(&[head | 30, count])
                }
                for &(byte, target) in edges {
                    out.extend_from_slice(&[byte, 0, 0, 0]);
                    edges_to.push((out.len() - 3, target));
                    waiting.push(target);
                }
            }
        }
        for (at, target) in edges_to {
            let place = u32::try_from(places[target].expect("every node has its place")).expect("a small table");
            out[at..at + 3].copy_from_slice(&place.to_le_bytes()[..3]);
        }
        out
    }
}
