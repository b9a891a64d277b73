//! Delivery: is everybody who must be told reachable in more than one way?

use std::collections::BTreeSet;

use wardline_core::output::Party;
use wardline_rules::{Text, time::Timestamp, words::Channel};

use super::Check;
use crate::{
    config::{Config, Directory, SinkKind},
    operations::DESK,
};

/// The kinds of channel that fail apart from each other.
const KINDS: u8 = 2;

pub(super) fn examine(config: &Config, directory: &Directory, now: Timestamp, unreachable: &[String]) -> Vec<Check> {
    let desk = Party::Desk(Text::from(DESK));
    let is_reached = |channel: &&Channel| {
        config.sink("default", **channel).is_some_and(|sink| sink.kind != SinkKind::Worklist)
            && directory.address(&desk, **channel, now).is_some()
    };
    let ways: BTreeSet<&Channel> = Channel::ALL.iter().filter(is_reached).collect();
    let cause = match ways.len() {
        0 => Some(format!("nobody can be told of a fault: the directory has no address for the desk `{DESK}`")),
        1 => Some(format!("the desk `{DESK}` has one channel; {KINDS} of different kinds are wanted")),
        _ => None,
    };
    let sending =
        config.channels.is_empty().then(|| "no `[[channel]]` is set up: notices are kept and not sent".to_owned());
    let heartbeat =
        config.heartbeat.is_none().then(|| "nobody outside would notice that the engine stands still".to_owned());
    let channels = match unreachable {
        [] => Check::unless(32, "channels", sending, "Add a `[[channel]]` with the channels that the ward names."),
        _ => Check::wrong(
            32,
            "channels",
            unreachable.join("; "),
            "Compare address, port and secret with the page of its kind in docs/channels.",
        ),
    };
    vec![
        Check::unless(35, "heartbeat", heartbeat, "Set up a monitor under `heartbeat` in `wardline.toml`."),
        channels,
        Check::unless(34, "operations", cause, "Add rows for it to `directory.csv`, for channels that have a sink."),
    ]
}
