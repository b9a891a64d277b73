//! Edges: does each crate depend only on what the architecture allows?
//!
//! `ARCHITECTURE.md` holds the table of allowed edges between the crates of this repository; cargo says which exist. A row marked *planned* is a crate that is not there yet: it loses the mark on the day it arrives. Pure crates must not reach a crate that reads clocks, files, sockets or random numbers, directly or through others.
//! ```text
//!  ARCHITECTURE.md, edges table ──┐
//!                                 ├──► findings
//!  cargo metadata, cargo tree ────┘
//! ```
//! - **How it fits**: development dependencies obey the same edges between our crates; from outside they may bring any test tool.
//! - LIMIT: reach through other crates is what cargo builds of them on this machine, with the features that are on; macros, which run only at build time, are left out.
//! - **Not here**: words in the code ([`pure`](super::pure)).

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
};

use cargo_metadata::{DependencyKind, MetadataCommand};
use wardline_tests::repository::{Finding, assert_none};

use super::repository;

/// Pure crates: no clock, I/O, randomness, thread or async below the shell.
const PURE: [&str; 4] = ["wardline-rules", "wardline-dsl", "wardline-core", "wardline-reference"];

/// The only crate that may depend on DataFusion.
const QUERY: &str = "wardline-query";

/// Crates that a pure crate must not reach, and why. An entry ending in `-` stands for all crates with that beginning.
const FORBIDDEN: [(&str, &str); 24] = [
    ("ahash", "seeds its hashes at run time"),
    ("async-", "waits"),
    ("axum", "network"),
    ("chrono", "reads the clock; use jiff"),
    ("crossbeam", "threads"),
    ("datafusion", "only the query crate"),
    ("fastrand", "randomness"),
    ("futures", "waits"),
    ("hyper", "network"),
    ("mio", "network"),
    ("notify", "watches files"),
    ("parking_lot", "locks"),
    ("rand", "randomness"),
    ("rand_chacha", "randomness"),
    ("rayon", "threads"),
    ("reqwest", "network"),
    ("rustix", "files and clocks"),
    ("socket2", "network"),
    ("tempfile", "files"),
    ("time", "reads the clock; use jiff"),
    ("tokio", "waits"),
    ("tracing", "writes logs; return a reason"),
    ("ureq", "network"),
    ("uuid", "randomness"),
];

/// Forbidden crates that one other crate may use, and why.
const EXCEPT: [(&str, &str, &str); 1] = [("rhai", "ahash", "the seed is fixed before the first script is read")];

/// A crate of ours and what it depends on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Crate {
    /// Dependencies of the program.
    normal: BTreeSet<String>,
    /// Dependencies of its tests and build scripts.
    development: BTreeSet<String>,
}

type Crates = BTreeMap<String, Crate>;
/// Who may depend on whom, by row of the table; `None` allows everything.
type Allowed = BTreeMap<String, Row>;
type Reach = BTreeMap<String, BTreeSet<String>>;

#[derive(Debug, Clone, PartialEq, Eq)]
struct Row {
    is_planned: bool,
    targets: Option<BTreeSet<String>>,
}

fn crates() -> Crates {
    let metadata = MetadataCommand::new()
        .current_dir(repository().root)
        .no_deps()
        .other_options(["--offline".to_owned()])
        .exec()
        .unwrap();
    let mut crates = Crates::new();
    for package in metadata.packages {
        let entry = crates.entry(package.name.to_string()).or_default();
        for dependency in package.dependencies {
            match dependency.kind {
                DependencyKind::Normal => entry.normal.insert(dependency.name),
                _ => entry.development.insert(dependency.name),
            };
        }
    }
    crates
}

/// Reads the table below the heading "Edges".
fn allowed(page: &str) -> Allowed {
    let lines = page.lines().skip_while(|line| *line != "## Edges").skip(1);
    let rows = lines.take_while(|line| !line.starts_with("## ")).filter(|line| line.starts_with("| `"));
    rows.filter_map(row).collect()
}

fn row(line: &str) -> Option<(String, Row)> {
    let mut cells = line.trim_matches('|').split('|').map(str::trim);
    let (name, targets) = (cells.next()?, cells.next()?);
    let row =
        Row { is_planned: name.ends_with("planned"), targets: (targets != "everything").then(|| backticked(targets)) };
    Some((backticked(name).pop_first()?, row))
}

fn backticked(cell: &str) -> BTreeSet<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

fn foreign_edges(crates: &Crates, allowed: &Allowed) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, entry) in crates {
        match allowed.get(name) {
            None => findings.push(Finding::of(name, "has no row in the edges table of ARCHITECTURE.md")),
            Some(row) if row.is_planned => {
                findings.push(Finding::of(name, "is here now: take *planned* from its row in ARCHITECTURE.md"))
            }
            Some(row) => {
                let ours = entry
                    .normal
                    .union(&entry.development)
                    .filter(|target| crates.contains_key(*target) && *target != name);
                let foreign =
                    ours.filter(|target| row.targets.as_ref().is_some_and(|targets| !targets.contains(*target)));
                findings.extend(foreign.map(|target| {
                    Finding::of(name, format!("must not depend on {target}; see the edges table of ARCHITECTURE.md"))
                }));
            }
        }
    }
    findings
}

fn dead_rows(crates: &Crates, allowed: &Allowed) -> Vec<Finding> {
    let dead = allowed.iter().filter(|(name, row)| !row.is_planned && !crates.contains_key(*name));
    dead.map(|(name, _)| Finding::of("ARCHITECTURE.md", format!("the edges table names {name}, which does not exist")))
        .collect()
}

fn datafusion(crates: &Crates) -> Vec<Finding> {
    let is_datafusion = |target: &&String| target.starts_with("datafusion");
    let others = crates.iter().filter(|(name, _)| *name != QUERY);
    let foreign =
        others.filter(|(_, entry)| entry.normal.union(&entry.development).any(|target| is_datafusion(&target)));
    foreign.map(|(name, _)| Finding::of(name, format!("only {QUERY} depends on DataFusion"))).collect()
}

fn impurities(crates: &Crates, reach: &Reach) -> Vec<Finding> {
    let mut findings = Vec::new();
    for name in PURE.iter().filter(|name| crates.contains_key(**name)) {
        let reached = reached_from(name, crates, reach);
        let forbidden = reached.iter().filter_map(|target| Some((target, reason_against(target)?)));
        findings
            .extend(forbidden.map(|(target, why)| Finding::of(name, format!("a pure crate reaches {target}: {why}"))));
    }
    findings
}

fn reason_against(target: &str) -> Option<&'static str> {
    let is_meant = |entry: &str| {
        target == entry
            || (entry.ends_with('-') && target.starts_with(entry))
            || target.strip_prefix(entry).is_some_and(|rest| rest.starts_with('-'))
    };
    FORBIDDEN.iter().find(|(entry, _)| is_meant(entry)).map(|(_, why)| *why)
}

fn reached_from(name: &str, crates: &Crates, reach: &Reach) -> BTreeSet<String> {
    let mut reached = BTreeSet::new();
    let mut open = vec![name.to_owned()];
    while let Some(next) = open.pop() {
        let targets = crates.get(&next).map_or_else(|| reach.get(&next), |entry| Some(&entry.normal));
        let is_excepted = |target: &str| EXCEPT.iter().any(|(user, used, _)| (*user, *used) == (next.as_str(), target));
        let fresh = targets.into_iter().flatten().filter(|target| !is_excepted(target));
        let fresh: Vec<String> = fresh.filter(|target| reached.insert((*target).clone())).cloned().collect();
        open.extend(fresh);
    }
    reached
}

/// The packages that cargo builds for the pure crates, each behind its depth.
fn tree() -> String {
    let chosen = PURE.iter().flat_map(|name| ["-p", name]);
    let shown = ["-e", "normal,no-proc-macro", "--prefix", "depth", "--offline", "--locked"];
    let found =
        Command::new("cargo").arg("tree").args(chosen).args(shown).current_dir(repository().root).output().unwrap();
    assert!(found.status.success(), "{}", String::from_utf8_lossy(&found.stderr));
    String::from_utf8(found.stdout).unwrap()
}

/// What each package depends on, by name. Below a package that was shown before nothing is said again.
fn read_tree(text: &str) -> Reach {
    let mut reach = Reach::new();
    let mut path: Vec<String> = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        let digits = line.len() - line.trim_start_matches(|letter: char| letter.is_ascii_digit()).len();
        let (depth, package) = line.split_at(digits);
        let name = package.split(' ').next().unwrap().to_owned();
        path.truncate(depth.parse().unwrap());
        if let Some(user) = path.last() {
            reach.entry(user.clone()).or_default().insert(name.clone());
        }
        path.push(name);
    }
    reach
}

fn invented(crates: &[(&str, &[&str])]) -> Crates {
    let entry = |targets: &[&str]| Crate {
        normal: targets.iter().map(|target| (*target).to_owned()).collect(),
        development: BTreeSet::new(),
    };
    crates.iter().map(|(name, targets)| ((*name).to_owned(), entry(targets))).collect()
}

const TABLE: &str = "## Edges\n\n| crate | may depend on |\n|---|---|\n| `wardline-rules` | nothing of ours |\n| `wardline-core` | `wardline-rules` |\n| `wardline-query`, planned | `wardline-rules` |\n| `wardline-tests` | everything |\n\n## Next\n| `x` | `y` |\n";

#[test]
fn crates_depend_on_each_other_as_drawn() {
    let page = repository().file("ARCHITECTURE.md").unwrap().text.clone();
    let (crates, allowed) = (crates(), allowed(&page));
    let mut findings = foreign_edges(&crates, &allowed);
    findings.extend(dead_rows(&crates, &allowed));
    assert_none(&findings);
}

#[test]
fn an_edge_that_is_not_drawn_is_refused() {
    let drawn: &[(&str, &[&str])] = &[
        ("wardline-rules", &["jiff"]),
        ("wardline-core", &["wardline-rules"]),
        ("wardline-tests", &["wardline-core"]),
    ];
    let allowed = allowed(TABLE);
    assert!(foreign_edges(&invented(drawn), &allowed).is_empty());
    assert!(dead_rows(&invented(drawn), &allowed).is_empty(), "a planned crate may be absent");
    assert_eq!(
        foreign_edges(&invented(&[("wardline-rules", &["wardline-core"]), ("wardline-core", &[])]), &allowed).len(),
        1
    );
    assert_eq!(foreign_edges(&invented(&[("wardline-new", &[])]), &allowed).len(), 1, "a crate without row");
    assert_eq!(foreign_edges(&invented(&[("wardline-query", &[])]), &allowed).len(), 1, "a row still marked planned");
    assert_eq!(dead_rows(&invented(&[("wardline-rules", &[])]), &allowed).len(), 2, "core and tests are gone");
}

#[test]
fn an_edge_of_tests_counts_as_an_edge() {
    let mut crates = invented(&[("wardline-rules", &[]), ("wardline-core", &[])]);
    crates.get_mut("wardline-rules").unwrap().development.extend(["proptest".to_owned(), "wardline-core".to_owned()]);
    assert_eq!(foreign_edges(&crates, &allowed(TABLE)).len(), 1, "proptest is welcome, core is not");
}

#[test]
fn only_query_depends_on_datafusion() {
    assert_none(&datafusion(&crates()));
}

#[test]
fn datafusion_elsewhere_is_refused() {
    assert!(datafusion(&invented(&[("wardline-query", &["datafusion"])])).is_empty());
    assert_eq!(datafusion(&invented(&[("wardline-tables", &["datafusion-common"])])).len(), 1);
}

#[test]
fn pure_crates_reach_nothing_that_waits_or_reads_the_world() {
    let reach = read_tree(&tree());
    assert!(reach.contains_key("jiff"), "the tree was read");
    assert_none(&impurities(&crates(), &reach));
}

#[test]
fn a_clock_behind_another_crate_is_refused() {
    let crates = invented(&[("wardline-rules", &["jiff"]), ("wardline-core", &["wardline-rules", "slab"])]);
    let tree = |target: &str| {
        read_tree(&format!(
            "0wardline-core v0.1.0\n1wardline-rules v0.1.0\n2jiff v0.2.0\n1slab v0.4.0\n2cc v1.0.0\n3{target}\n1jiff v0.2.0\n"
        ))
    };
    assert!(impurities(&crates, &tree("shlex v1.0.0")).is_empty());
    assert!(impurities(&crates, &tree("time-less v1.0.0")).len() == 1, "crates of the same family are meant too");
    assert_eq!(impurities(&crates, &tree("tokio v1.54.1 (*)")).len(), 1);
    assert_eq!(impurities(&invented(&[("wardline-rules", &["rand"])]), &Reach::new()).len(), 1);
}

#[test]
fn an_exception_holds_for_one_user_alone() {
    let reach = read_tree("0slab v0.4.0\n1ahash v0.8.12\n0rhai v1.27.0\n1ahash v0.8.12 (*)\n");
    assert!(impurities(&invented(&[("wardline-rules", &["rhai"])]), &reach).is_empty());
    assert_eq!(impurities(&invented(&[("wardline-rules", &["rhai", "slab"])]), &reach).len(), 1);
    assert_eq!(impurities(&invented(&[("wardline-rules", &["ahash"])]), &reach).len(), 1);
}
