//! Peers: how long do other engines take to say which rules match the same events?
//!
//! Each engine is given the rules of [`sweep`] in its own language and the fields of each event, and answers with the rules
//! that match. Before anything is measured all answers are compared with the alerts that Wardline raises.
//! The peers do only that. Beside it Wardline knows a duplicate, keeps the report and its history, runs three rules with
//! clocks and escalation, and makes the notices.
//!
//! - **Not here**: the sweep alone (`rules.rs`).

#[path = "common/cpu.rs"]
mod cpu;

use std::collections::BTreeSet;

use a_tree::{ATree, AttributeDefinition};
use cpu::CpuTime;
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use rhai::{AST, Engine, Scope};
use wardline_benches::{
    batches, partition_of,
    sweep::{self, Rule},
};
use wardline_core::{
    Output,
    output::{AlertState, Change},
    step,
};
use wardline_rules::event::{Event, Fact};
use zen_expression::{Variable, expression::Standard, scope::Scope as ZenScope, vm::VM};

const REPORTS: u64 = 300;
const COUNTS: [usize; 4] = [10, 100, 1_000, 10_000];

/// Which rule matched which event, both by their place.
type Matches = BTreeSet<(usize, usize)>;

/// What a rule may ask of an event.
struct Facts {
    step: &'static str,
    department: String,
    priority: &'static str,
}

impl Facts {
    fn of(event: &Event) -> Self {
        let step = match &event.fact {
            Fact::Step(step) => step.name(),
            _ => "",
        };
        let priority = event.priority.value().map_or("unknown", |priority| priority.name());
        Self { step, department: event.department.as_ref().map_or_else(String::new, ToString::to_string), priority }
    }
}

/// An engine that was told the rules.
trait Peer {
    /// The places of the rules that match.
    fn matches(&mut self, facts: &Facts, found: &mut Vec<usize>);
}

/// The parts of a rule that every language here writes alike.
fn condition(rule: &Rule, (and, equal): (&str, &str)) -> String {
    let stat = if rule.is_stat { format!(" {and} priority {equal} \"stat\"") } else { String::new() };
    format!("step {equal} \"final\" {and} department {equal} \"{}\"{stat}", rule.department)
}

struct Zen {
    rules: Vec<zen_expression::Expression<Standard>>,
    machine: VM,
}

impl Zen {
    fn new(rules: &[Rule]) -> Self {
        let compile = |rule| zen_expression::compile_expression(&condition(rule, ("and", "=="))).expect("a condition");
        Self { rules: rules.iter().map(compile).collect(), machine: VM::new() }
    }
}

impl Peer for Zen {
    fn matches(&mut self, facts: &Facts, found: &mut Vec<usize>) {
        let fields =
            serde_json::json!({"step": facts.step, "department": facts.department, "priority": facts.priority});
        let scope = ZenScope::new(fields.into());
        for (place, rule) in self.rules.iter().enumerate() {
            let said = rule.evaluate_with_scope(&scope, &mut self.machine).expect("an answer");
            if matches!(said, Variable::Bool(true)) {
                found.push(place);
            }
        }
    }
}

struct Cel(Vec<cel::Program>);

impl Cel {
    fn new(rules: &[Rule]) -> Self {
        let compile = |rule| cel::Program::compile(&condition(rule, ("&&", "=="))).expect("a condition");
        Self(rules.iter().map(compile).collect())
    }
}

impl Peer for Cel {
    fn matches(&mut self, facts: &Facts, found: &mut Vec<usize>) {
        let mut fields = cel::Context::default();
        fields.add_variable_from_value("step", facts.step);
        fields.add_variable_from_value("department", facts.department.as_str());
        fields.add_variable_from_value("priority", facts.priority);
        for (place, rule) in self.0.iter().enumerate() {
            if rule.execute(&fields).expect("an answer") == cel::Value::Bool(true) {
                found.push(place);
            }
        }
    }
}

struct Rhai {
    engine: Engine,
    rules: Vec<AST>,
}

impl Rhai {
    fn new(rules: &[Rule]) -> Self {
        let engine = Engine::new();
        let compile = |rule| engine.compile_expression(condition(rule, ("&&", "=="))).expect("a condition");
        let rules = rules.iter().map(compile).collect();
        Self { engine, rules }
    }
}

impl Peer for Rhai {
    fn matches(&mut self, facts: &Facts, found: &mut Vec<usize>) {
        let mut fields = Scope::new();
        fields.push("step", facts.step.to_owned());
        fields.push("department", facts.department.clone());
        fields.push("priority", facts.priority.to_owned());
        for (place, rule) in self.rules.iter().enumerate() {
            if self.engine.eval_ast_with_scope::<bool>(&mut fields, rule).expect("an answer") {
                found.push(place);
            }
        }
    }
}

struct Tree(ATree<usize>);

impl Tree {
    fn new(rules: &[Rule]) -> Self {
        let fields = ["step", "department", "priority"].map(AttributeDefinition::string);
        let mut tree = ATree::new(&fields).expect("fields");
        for (place, rule) in rules.iter().enumerate() {
            tree.insert(&place, &condition(rule, ("and", "="))).expect("a condition");
        }
        Self(tree)
    }
}

impl Peer for Tree {
    fn matches(&mut self, facts: &Facts, found: &mut Vec<usize>) {
        let mut fields = self.0.make_event();
        fields.with_string("step", facts.step).expect("a field");
        fields.with_string("department", &facts.department).expect("a field");
        fields.with_string("priority", facts.priority).expect("a field");
        let event = fields.build().expect("an event");
        found.extend(self.0.search(&event).expect("an answer").matches().iter().copied());
    }
}

/// What a peer says of all events.
fn told(peer: &mut dyn Peer, facts: &[Facts]) -> Matches {
    let mut all = Matches::new();
    let mut found = Vec::new();
    for (event, facts) in facts.iter().enumerate() {
        found.clear();
        peer.matches(facts, &mut found);
        all.extend(found.iter().map(|rule| (event, *rule)));
    }
    all
}

/// The alerts that Wardline raises for these rules.
fn raised(count: usize, rules: &[Rule], events: &[Event]) -> Matches {
    let names: Vec<String> = rules.iter().map(|rule| format!("alert/{}", rule.name)).collect();
    let mut partition = partition_of(sweep::ward(count));
    let mut out = Output::default();
    let mut all = Matches::new();
    for (event, batch) in batches(events).iter().enumerate() {
        out.clear();
        step(&mut partition, batch, &mut out);
        let raised = out.transitions.iter().filter(|it| matches!(it.change, Change::Alert(AlertState::Raised, _)));
        all.extend(raised.filter_map(|it| Some((event, names.iter().position(|name| *name == *it.rule)?))));
    }
    all
}

fn peers(criterion: &mut Criterion<CpuTime>) {
    let events = sweep::events_of(REPORTS);
    let facts: Vec<Facts> = events.iter().map(Facts::of).collect();
    for count in wardline_benches::measured(&COUNTS, 2) {
        let rules = sweep::rules(*count);
        let raised = raised(*count, &rules, &events);
        assert!(!raised.is_empty(), "some rules match");
        let mut peers: [(&str, Box<dyn Peer>); 4] = [
            ("zen-expression", Box::new(Zen::new(&rules))),
            ("cel", Box::new(Cel::new(&rules))),
            ("rhai", Box::new(Rhai::new(&rules))),
            ("a-tree", Box::new(Tree::new(&rules))),
        ];
        let mut group = criterion.benchmark_group("peers");
        group.throughput(Throughput::Elements(events.len() as u64)).sample_size(10);
        for (name, peer) in &mut peers {
            assert_eq!(told(peer.as_mut(), &facts), raised, "{name} and Wardline agree at {count} rules");
            let mut found = Vec::new();
            group.bench_function(BenchmarkId::new(*name, count), |bencher| {
                bencher.iter(|| {
                    found.clear();
                    facts.iter().for_each(|facts| peer.matches(facts, &mut found));
                    found.len()
                });
            });
        }
        let (program, batches) = (sweep::ward(*count), batches(&events));
        group.bench_function(BenchmarkId::new("wardline, all of an event", count), |bencher| {
            let mut out = Output::default();
            bencher.iter_batched_ref(
                || partition_of(program.clone()),
                |partition| {
                    for batch in &batches {
                        out.clear();
                        step(partition, batch, &mut out);
                    }
                },
                BatchSize::LargeInput,
            );
        });
        group.finish();
    }
}

criterion_group!(name = beside; config = Criterion::default().with_measurement(CpuTime); targets = peers);
criterion_main!(beside);
