//! The wheel against a sorted set, over generated arming, disarming and turning.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

fn timer(due: i64, subject: u64) -> Timer {
    let id = TimerId { class: Class::Clock, rule: 0, subject, part: 0 };
    Timer { due: Timestamp::from_micros(due), id, owner: 0 }
}

#[test]
fn equal_times_come_out_by_id() {
    let mut timers = Timers::default();
    timers.arm(timer(36_000_000_000, 7));
    timers.arm(timer(36_000_000_000, 2));
    let now = Timestamp::from_micros(36_000_000_000);
    assert_eq!(
        timers.pop_due(now, Inclusive::Before),
        None,
        "[TIME-2] due at exactly this time, it waits for the inputs"
    );
    assert_eq!(timers.pop_due(now, Inclusive::UpTo), Some(timer(36_000_000_000, 2)));
    assert_eq!(timers.pop_due(now, Inclusive::UpTo), Some(timer(36_000_000_000, 7)));
    assert_eq!((timers.pop_due(now, Inclusive::UpTo), timers.len()), (None, 0));
}

#[derive(Clone, Debug)]
enum Act {
    Arm(i64),
    Disarm(usize),
    Turn(i64),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => prop_oneof![0..200_i64, 0..10_000_i64, 0..500_000_i64, 0..40_000_000_i64].prop_map(Act::Arm),
        2 => any::<usize>().prop_map(Act::Disarm),
        2 => prop_oneof![0..3_i64, 0..100_i64, 0..10_000_i64, 0..1_000_000_i64].prop_map(Act::Turn),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    /// P6's wheel equals its naive twin, a sorted set.
    #[test]
    fn the_wheel_equals_a_sorted_set(acts in prop::collection::vec(act(), 1..60)) {
        let mut timers = Timers::default();
        let mut twin: BTreeSet<(Timestamp, u64)> = BTreeSet::new();
        let mut handles: Vec<(Armed, Timestamp, u64)> = Vec::new();
        let mut now = 1_768_000_000_000_000_i64;
        timers.turn_hand_to(now / SECOND);
        for (subject, act) in (0_u64..).zip(acts) {
            match act {
                Act::Arm(ahead) => {
                    let due = now + ahead * 300_000 - 1_000_000;
                    handles.push((timers.arm(timer(due, subject)), Timestamp::from_micros(due), subject));
                    twin.insert((Timestamp::from_micros(due), subject));
                }
                Act::Disarm(which) if !handles.is_empty() => {
                    let (armed, due, subject) = handles.swap_remove(which % handles.len());
                    timers.disarm(armed);
                    twin.remove(&(due, subject));
                }
                Act::Disarm(_) => {}
                Act::Turn(ahead) => {
                    now += ahead * 1_000_000 + 13;
                    let at = Timestamp::from_micros(now);
                    while let Some(fired) = timers.pop_due(at, Inclusive::UpTo) {
                        let first = twin.pop_first().unwrap();
                        prop_assert_eq!((fired.due, fired.id.subject), first);
                        handles.retain(|handle| handle.2 != fired.id.subject);
                    }
                    prop_assert!(twin.first().is_none_or(|first| first.0 > at));
                }
            }
            prop_assert_eq!(timers.next_due(), twin.first().map(|first| first.0));
            prop_assert_eq!(timers.len(), twin.len());
        }
    }
}
