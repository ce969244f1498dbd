//! Puts all mutants of one file behind switches, so that one build serves them all.
//!
//! An expression becomes `(if crate::__mutant(7) { a - b } else { a + b })`, a function begins with
//! `if crate::__mutant(8) { return 0; }`, and a match arm gets the guard `if !crate::__mutant(9)`.
//! The environment variable `PETITION_MUTANT` turns one of the switches on. What cannot be
//! switched, in a `const` or where the types forbid it, is built alone.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::Range;

use syn::spanned::Spanned;
use syn::visit::Visit;
use syn::{Arm, BinOp, Expr, ExprStruct, ImplItemConst, ImplItemFn, ItemConst, ItemFn, ItemStatic, UnOp};

use crate::shard::{Genre, Mutant};

/// The code that the crate's root needs.
pub(crate) const FUNCTION: &str = r#"
#[doc(hidden)]
#[allow(missing_docs)]
pub fn __mutant(number: u32) -> bool {
    static THROWN: std::sync::OnceLock<u32> = std::sync::OnceLock::new();
    let thrown = || std::env::var("PETITION_MUTANT").ok().and_then(|value| value.parse().ok()).unwrap_or(0);
    *THROWN.get_or_init(thrown) == number
}
"#;

/// A file's text with switches.
pub(crate) struct Switched {
    pub(crate) text: String,
    /// The positions of the mutants; an inner one follows its outer one.
    pub(crate) places: Vec<(Range<usize>, u32)>,
}

/// Puts the mutants that can be switched into the text of their file.
pub(crate) fn switch(text: &str, mutants: &[&Mutant]) -> Switched {
    let mut plan = Plan { text, wraps: BTreeMap::new(), inserts: BTreeMap::new(), out: String::new(), places: vec![] };
    if let Ok(file) = syn::parse_file(text) {
        let mut sites = Sites::default();
        sites.visit_file(&file);
        for mutant in mutants {
            plan.add(mutant, &sites);
        }
    }
    plan.emit(0..text.len(), None);
    Switched { text: plan.out, places: plan.places }
}

/// The positions in a file where something can be switched.
#[derive(Default)]
struct Sites {
    /// By the position of an operator, or of a field before `..`: the expression that it changes.
    /// Another operator may bind differently, so this is the whole chain of binary operators.
    expressions: BTreeMap<usize, Range<usize>>,
    /// By the position of a match arm: the end of its pattern.
    arms: BTreeMap<usize, usize>,
    /// Evaluated at compile time, where no switch is possible.
    constants: Vec<Range<usize>>,
    /// The chain that contains the next expression.
    chain: Option<Range<usize>>,
}

impl<'ast> Visit<'ast> for Sites {
    fn visit_expr(&mut self, expr: &'ast Expr) {
        let chain = self.chain.take();
        match expr {
            Expr::Binary(binary) => {
                // `if let … && a == b` cannot be parenthesized as a whole.
                let chain = if has_let(expr) { None } else { Some(chain.unwrap_or_else(|| range(expr))) };
                if let Some(chain) = &chain {
                    self.expressions.insert(range(&binary.op).start, chain.clone());
                }
                for operand in [&*binary.left, &*binary.right] {
                    self.chain = if matches!(operand, Expr::Binary(_)) { chain.clone() } else { None };
                    self.visit_expr(operand);
                }
            }
            Expr::Unary(unary) => {
                if matches!(unary.op, UnOp::Not(_) | UnOp::Neg(_)) {
                    self.expressions.insert(range(&unary.op).start, range(expr));
                }
                self.visit_expr(&unary.expr);
            }
            other => syn::visit::visit_expr(self, other),
        }
    }

    fn visit_expr_struct(&mut self, expr: &'ast ExprStruct) {
        for field in expr.fields.iter().filter(|_| expr.rest.is_some()) {
            self.expressions.insert(range(field).start, range(expr));
        }
        syn::visit::visit_expr_struct(self, expr);
    }

    fn visit_item_fn(&mut self, item: &'ast ItemFn) {
        self.constants.extend(item.sig.constness.map(|_| range(item)));
        syn::visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast ImplItemFn) {
        self.constants.extend(item.sig.constness.map(|_| range(item)));
        syn::visit::visit_impl_item_fn(self, item);
    }

    fn visit_item_const(&mut self, item: &'ast ItemConst) {
        self.constants.push(range(item));
    }

    fn visit_impl_item_const(&mut self, item: &'ast ImplItemConst) {
        self.constants.push(range(item));
    }

    fn visit_item_static(&mut self, item: &'ast ItemStatic) {
        self.constants.push(range(item));
    }

    fn visit_arm(&mut self, arm: &'ast Arm) {
        self.arms.insert(range(arm).start, range(&arm.pat).end);
        syn::visit::visit_arm(self, arm);
    }
}

fn range(of: &impl Spanned) -> Range<usize> {
    of.span().byte_range()
}

fn has_let(expr: &Expr) -> bool {
    match expr {
        Expr::Let(_) => true,
        Expr::Binary(binary) if matches!(binary.op, BinOp::And(_)) => has_let(&binary.left) || has_let(&binary.right),
        _ => false,
    }
}

/// Sorts by the start of an expression, outer ones first.
type Place = (usize, Reverse<usize>);

/// The replacement.
struct Plan<'a> {
    text: &'a str,
    /// The mutants of an expression, and their replacements.
    wraps: BTreeMap<Place, Vec<(u32, String)>>,
    inserts: BTreeMap<usize, Vec<(u32, String)>>,
    out: String,
    places: Vec<(Range<usize>, u32)>,
}

impl Plan<'_> {
    fn add(&mut self, mutant: &Mutant, sites: &Sites) {
        let Range { start, end } = mutant.range(self.text);
        let (number, replacement) = (mutant.number, &mutant.replacement);
        if sites.constants.iter().any(|constant| constant.contains(&start)) {
            return;
        }
        let mut wrap = |range: &Range<usize>, text| {
            let key = (range.start, Reverse(range.end));
            self.wraps.entry(key).or_default().push((number, text));
        };
        match mutant.genre {
            Genre::BinaryOperator | Genre::UnaryOperator | Genre::StructField => {
                if let Some(range) = sites.expressions.get(&start) {
                    let (before, after) = (&self.text[range.start..start], &self.text[end..range.end]);
                    wrap(range, format!("{before}{replacement}{after}"));
                }
            }
            Genre::MatchArmGuard => wrap(&(start..end), replacement.clone()),
            Genre::FnValue => {
                let value = format!("if crate::__mutant({number}) {{ return {replacement}; }} ");
                self.inserts.entry(start).or_default().push((number, value));
            }
            Genre::MatchArm => {
                if let Some(&pattern_end) = sites.arms.get(&start) {
                    // A match arm can have only one guard, so only one mutant; there is only one
                    // way to delete it.
                    let guard = format!(" if !crate::__mutant({number})");
                    self.inserts.entry(pattern_end).or_default().push((number, guard));
                }
            }
        }
    }

    fn emit(&mut self, within: Range<usize>, this: Option<Place>) {
        let mut at = within.start;
        loop {
            let inner = |key: &Place| key.0 >= at && key.1.0 <= within.end && this.is_none_or(|this| *key > this);
            let Some((&key, ways)) = self.wraps.iter().find(|(key, _)| inner(key)) else { break };
            let ways = ways.clone();
            self.plain(at..key.0);
            self.out.push('(');
            for (number, way) in ways {
                let begin = self.out.len();
                _ = write!(self.out, "if crate::__mutant({number}) {{ {way} }} else ");
                self.places.push((begin..self.out.len(), number));
            }
            self.out.push_str("{ ");
            self.emit(key.0..key.1.0, Some(key));
            self.out.push_str(" })");
            at = key.1.0;
        }
        self.plain(at..within.end);
    }

    fn plain(&mut self, range: Range<usize>) {
        let mut at = range.start;
        while let Some(entry) = self.inserts.first_entry().filter(|entry| *entry.key() <= range.end) {
            let (place, inserted) = entry.remove_entry();
            self.out.push_str(&self.text[at..place]);
            at = place;
            for (number, text) in inserted {
                let begin = self.out.len();
                self.out.push_str(&text);
                self.places.push((begin..self.out.len(), number));
            }
        }
        self.out.push_str(&self.text[at..range.end]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns a text with switches for the mutants, each at the first occurrence of its text.
    fn switched(text: &str, mutants: &[(Genre, &str, &str)]) -> String {
        let mutants = (1..).zip(mutants).map(|(number, (genre, from, to))| {
            let start = text.find(from).unwrap();
            Mutant::at(number, *genre, text, start..start + from.len(), to)
        });
        let mutants: Vec<_> = mutants.collect();
        let switched = switch(text, &mutants.iter().collect::<Vec<_>>());
        for (range, number) in &switched.places {
            assert!(switched.text[range.clone()].contains(&format!("__mutant({number})")));
        }
        switched.text.replace("crate::__mutant", "on")
    }

    #[test]
    fn operator_is_mutated_within_its_chain() {
        let text = "fn f() -> u8 { g(a + b * c) }";
        let expected = "fn f() -> u8 { g((if on(1) { a * b * c } else { a + b * c })) }";
        assert_eq!(switched(text, &[(Genre::BinaryOperator, "+", "*")]), expected);
        let both = [(Genre::BinaryOperator, "&&", "||"), (Genre::BinaryOperator, "==", "!=")];
        let expected =
            "fn f() -> bool { (if on(1) { x || y == z } else if on(2) { x && y != z } else { x && y == z }) }";
        assert_eq!(switched("fn f() -> bool { x && y == z }", &both), expected);
        let nested = [(Genre::UnaryOperator, "!", ""), (Genre::BinaryOperator, "||", "&&")];
        let expected = "fn f() -> bool { (if on(2) { a && !(b) } else { a || (if on(1) { (b) } else { !(b) }) }) }";
        assert_eq!(switched("fn f() -> bool { a || !(b) }", &nested), expected);
    }

    #[test]
    fn let_chain_stays_in_one_piece() {
        let text = "fn f() { if let Some(x) = y && x == 1 {} }";
        let expected = "fn f() { if let Some(x) = y && (if on(1) { x != 1 } else { x == 1 }) {} }";
        assert_eq!(switched(text, &[(Genre::BinaryOperator, "==", "!=")]), expected);
        assert_eq!(switched(text, &[(Genre::BinaryOperator, "&&", "||")]), text, "there is no such expression");
    }

    #[test]
    fn functions_arms_guards_and_fields_have_switches() {
        let value = "fn f() -> &str {\n    // é\n    \"é\"\n}";
        let expected = "fn f() -> &str {\n    // é\n    if on(1) { return \"\"; } \"é\"\n}";
        assert_eq!(switched(value, &[(Genre::FnValue, "\"é\"", "\"\"")]), expected);
        let text = "fn f() { match x { 1 | 2 => a, n if n > 3 => b, _ => c } }";
        let mutants = [(Genre::MatchArm, "1 | 2 => a,", ""), (Genre::MatchArmGuard, "n > 3", "false")];
        let expected =
            "fn f() { match x { 1 | 2 if !on(1) => a, n if (if on(2) { false } else { n > 3 }) => b, _ => c } }";
        assert_eq!(switched(text, &mutants), expected);
        let field = "fn f() -> S { S { a: 1, b: 2, ..s } }";
        let expected = "fn f() -> S { (if on(1) { S {  b: 2, ..s } } else { S { a: 1, b: 2, ..s } }) }";
        assert_eq!(switched(field, &[(Genre::StructField, "a: 1,", "")]), expected);
    }

    #[test]
    fn constants_get_no_switch() {
        for text in ["const fn f() -> u8 { a + 1 }", "const X: u8 = 2 + 1;", "static X: u8 = 2 + 1;", "not Rust + 1"] {
            assert_eq!(switched(text, &[(Genre::BinaryOperator, "+", "-")]), text);
        }
    }
}
