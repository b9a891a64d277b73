//! Wire: the canonical event as JSON spells it, borrowed from the line.
//!
//! Types are right, values are not judged yet: a step is still any text. Both ways of reading end here; the fast one
//! through [`Read`], which gives up at unknown and repeated keys, numbers that are no decimals, and values of other types.
//!
//! - **Source**: domain page section 2, `connectors/schema/event.schema.json`.

use wardline_rules::{decimal::Decimal, limits::ATTRIBUTES_PER_EVENT_MAX};

use super::{num::Num, scan::Scan};

/// Reads a value from a clean text; `None` gives the line to the slow way.
pub(super) trait Read<'t>: Sized {
    fn read(scan: &mut Scan<'t>) -> Option<Self>;
}

/// A field that is not there, is null, or is something.
#[derive(Clone, Copy, Default)]
pub(super) enum Field<T> {
    #[default]
    Absent,
    Null,
    Is(T),
}

impl<T> Field<T> {
    /// The same, lent.
    pub(super) const fn as_ref(&self) -> Field<&T> {
        match self {
            Self::Absent => Field::Absent,
            Self::Null => Field::Null,
            Self::Is(value) => Field::Is(value),
        }
    }
}

impl<'t, T: Read<'t>> Read<'t> for Field<T> {
    fn read(scan: &mut Scan<'t>) -> Option<Self> {
        if scan.peek()? == b'n' {
            return scan.word("null").map(|()| Self::Null);
        }
        T::read(scan).map(Self::Is)
    }
}

/// An object whose keys have places: known ones once each, and no others.
pub(super) trait Places<'t>: Default {
    /// Reads the value of `key` into its place.
    fn put(&mut self, key: &str, scan: &mut Scan<'t>) -> Option<()>;

    /// Reads a whole object into its places, so that nothing large is moved.
    fn fill(&mut self, scan: &mut Scan<'t>) -> Option<()> {
        scan.object(|scan, key| self.put(key, scan))
    }
}

/// An object read on its own.
pub(super) struct Map<T>(pub(super) T);

impl<'t, T: Places<'t>> Read<'t> for Map<T> {
    fn read(scan: &mut Scan<'t>) -> Option<Self> {
        let mut object = T::default();
        object.fill(scan)?;
        Some(Self(object))
    }
}

fn set<'t, T: Read<'t>>(place: &mut Field<T>, scan: &mut Scan<'t>) -> Option<()> {
    if !matches!(place, Field::Absent) {
        return None;
    }
    *place = Field::read(scan)?;
    Some(())
}

/// Declares which key goes where.
macro_rules! places {
    ($name:ident { $($key:literal => $field:ident),+ $(,)? }) => {
        impl<'t: 'a, 'a> Places<'t> for $name<'a> {
            fn put(&mut self, key: &str, scan: &mut Scan<'t>) -> Option<()> {
                match key {
                    $($key => set(&mut self.$field, scan),)+
                    _ => None,
                }
            }
        }
    };
}

/// One event.
#[derive(Default)]
pub(super) struct Wire<'a> {
    pub(super) v: Field<u64>,
    pub(super) event_id: Field<&'a str>,
    pub(super) r#type: Field<&'a str>,
    pub(super) source: Field<&'a str>,
    pub(super) msg: Field<Map<WireMsg<'a>>>,
    pub(super) report: Field<Map<WireReport<'a>>>,
    pub(super) patient: Field<WireId<'a>>,
    pub(super) encounter: Field<WireId<'a>>,
    pub(super) kind: Field<&'a str>,
    pub(super) test: Field<WireTests<'a>>,
    pub(super) priority: Field<&'a str>,
    pub(super) step: Field<&'a str>,
    pub(super) occurred_at: Field<WireTime<'a>>,
    pub(super) evidence: Field<&'a str>,
    pub(super) milestones: Field<Vec<Map<WireMilestone<'a>>>>,
    pub(super) planned_at: Field<WireTime<'a>>,
    pub(super) received_at: Field<&'a str>,
    pub(super) site: Field<&'a str>,
    pub(super) department: Field<&'a str>,
    pub(super) location: Field<&'a str>,
    pub(super) class: Field<&'a str>,
    pub(super) people: Field<Vec<Map<WirePerson<'a>>>>,
    pub(super) flags: Field<Vec<&'a str>>,
    pub(super) flags_off: Field<Vec<&'a str>>,
    pub(super) results: Field<Vec<Map<WireResult<'a>>>>,
    pub(super) reason: Field<&'a str>,
    pub(super) channel: Field<&'a str>,
    pub(super) attributes: Field<WireAttributes<'a>>,
    /// Rare; the fast way leaves both to the slow one.
    pub(super) answer: Option<Box<WireAnswer<'a>>>,
    pub(super) merge: Option<Box<WireMerge<'a>>>,
}

places!(Wire {
    "v" => v,
    "event_id" => event_id,
    "type" => r#type,
    "source" => source,
    "msg" => msg,
    "report" => report,
    "patient" => patient,
    "encounter" => encounter,
    "kind" => kind,
    "test" => test,
    "priority" => priority,
    "step" => step,
    "occurred_at" => occurred_at,
    "evidence" => evidence,
    "milestones" => milestones,
    "planned_at" => planned_at,
    "received_at" => received_at,
    "site" => site,
    "department" => department,
    "location" => location,
    "class" => class,
    "people" => people,
    "flags" => flags,
    "flags_off" => flags_off,
    "results" => results,
    "reason" => reason,
    "channel" => channel,
    "attributes" => attributes,
});

#[derive(Default)]
pub(super) struct WireMsg<'a> {
    pub(super) id: Field<&'a str>,
    pub(super) made_at: Field<WireTime<'a>>,
    pub(super) app: Field<&'a str>,
    pub(super) facility: Field<&'a str>,
    pub(super) format: Field<&'a str>,
    pub(super) trigger: Field<&'a str>,
    pub(super) sha: Field<&'a str>,
}

places!(WireMsg {
    "id" => id,
    "made_at" => made_at,
    "app" => app,
    "facility" => facility,
    "format" => format,
    "trigger" => trigger,
    "sha" => sha,
});

#[derive(Default)]
pub(super) struct WireReport<'a> {
    pub(super) placer: Field<WireId<'a>>,
    pub(super) filler: Field<WireId<'a>>,
    pub(super) accession: Field<WireId<'a>>,
    pub(super) group: Field<WireId<'a>>,
    pub(super) parent: Field<WireId<'a>>,
    pub(super) replaces: Field<WireId<'a>>,
}

places!(WireReport {
    "placer" => placer,
    "filler" => filler,
    "accession" => accession,
    "group" => group,
    "parent" => parent,
    "replaces" => replaces,
});

/// An identifier: a text alone, or with its namespace.
#[derive(Clone, Copy)]
pub(super) struct WireId<'a> {
    pub(super) id: &'a str,
    pub(super) ns: &'a str,
    /// Whether it was a text alone, which may be a token already.
    pub(super) is_bare: bool,
}

#[derive(Clone, Copy)]
pub(super) struct WireCode<'a> {
    pub(super) code: &'a str,
    pub(super) system: &'a str,
    pub(super) display: &'a str,
}

/// One code, as most events have, or a list of them.
pub(super) enum WireTests<'a> {
    One(WireCode<'a>),
    Many(Vec<WireCode<'a>>),
}

impl<'a> WireTests<'a> {
    pub(super) fn codes(&self) -> &[WireCode<'a>] {
        match self {
            Self::One(code) => core::slice::from_ref(code),
            Self::Many(codes) => codes,
        }
    }
}

pub(super) enum WireTime<'a> {
    Text(&'a str),
    /// Rare, so it lives apart.
    Parts(Box<WireTimeParts<'a>>),
}

#[derive(Default)]
pub(super) struct WireTimeParts<'a> {
    pub(super) lo: Field<&'a str>,
    pub(super) hi: Field<&'a str>,
    pub(super) p: Field<&'a str>,
    pub(super) z: Field<&'a str>,
    pub(super) q: Field<Vec<&'a str>>,
}

places!(WireTimeParts {
    "lo" => lo,
    "hi" => hi,
    "p" => p,
    "z" => z,
    "q" => q,
});

#[derive(Default)]
pub(super) struct WireMilestone<'a> {
    pub(super) step: Field<&'a str>,
    pub(super) at: Field<WireTime<'a>>,
    pub(super) evidence: Field<&'a str>,
}

places!(WireMilestone {
    "step" => step,
    "at" => at,
    "evidence" => evidence,
});

#[derive(Default)]
pub(super) struct WirePerson<'a> {
    pub(super) role: Field<&'a str>,
    pub(super) token: Field<&'a str>,
    pub(super) id: Field<&'a str>,
    pub(super) ns: Field<&'a str>,
}

places!(WirePerson {
    "role" => role,
    "token" => token,
    "id" => id,
    "ns" => ns,
});

#[derive(Default)]
pub(super) struct WireResult<'a> {
    pub(super) code: Field<WireCode<'a>>,
    pub(super) sub: Field<&'a str>,
    pub(super) num: Field<Num>,
    pub(super) cmp: Field<&'a str>,
    pub(super) unit: Field<&'a str>,
    pub(super) coded: Field<WireCode<'a>>,
    pub(super) text: Field<&'a str>,
    pub(super) narrative: Field<bool>,
    pub(super) ref_low: Field<Num>,
    pub(super) ref_high: Field<Num>,
    pub(super) abnormal: Field<Vec<&'a str>>,
    pub(super) status: Field<&'a str>,
    pub(super) observed_at: Field<WireTime<'a>>,
    pub(super) critical: Field<bool>,
}

places!(WireResult {
    "code" => code,
    "sub" => sub,
    "num" => num,
    "cmp" => cmp,
    "unit" => unit,
    "coded" => coded,
    "text" => text,
    "narrative" => narrative,
    "ref_low" => ref_low,
    "ref_high" => ref_high,
    "abnormal" => abnormal,
    "status" => status,
    "observed_at" => observed_at,
    "critical" => critical,
});

/// Rare; only the slow way makes it.
pub(super) struct WireAnswer<'a> {
    pub(super) act: &'a str,
    pub(super) code: Option<&'a str>,
    pub(super) nid: Option<&'a str>,
    pub(super) by: Option<WirePerson<'a>>,
    pub(super) licence: Option<&'a str>,
    pub(super) told_by: Option<WirePerson<'a>>,
    pub(super) value: Option<&'a str>,
    pub(super) unit: Option<&'a str>,
    pub(super) result: Option<WireCode<'a>>,
}

/// Rare; only the slow way makes it.
pub(super) enum WireMerge<'a> {
    Patients(WireId<'a>, WireId<'a>),
    Encounters(WireId<'a>, WireId<'a>),
    Reports(Box<(WireReport<'a>, WireReport<'a>)>),
}

pub(super) enum WireScalar<'a> {
    Text(&'a str),
    Number(Decimal),
    Flag(bool),
    Null,
}

pub(super) struct WireAttributes<'a> {
    pub(super) entries: Vec<(&'a str, WireScalar<'a>)>,
}

impl<'t: 'a, 'a> Read<'t> for &'a str {
    fn read(scan: &mut Scan<'t>) -> Option<Self> {
        scan.string()
    }
}

impl<'t> Read<'t> for bool {
    fn read(scan: &mut Scan<'t>) -> Option<Self> {
        match scan.peek()? {
            b't' => scan.word("true").map(|()| true),
            _ => scan.word("false").map(|()| false),
        }
    }
}

impl<'t> Read<'t> for u64 {
    fn read(scan: &mut Scan<'t>) -> Option<Self> {
        scan.number()?.parse().ok()
    }
}

impl<'t, T: Read<'t>> Read<'t> for Vec<T> {
    fn read(scan: &mut Scan<'t>) -> Option<Self> {
        let mut items = Self::new();
        scan.list(|scan| {
            items.push(T::read(scan)?);
            Some(())
        })?;
        Some(items)
    }
}

#[derive(Default)]
struct IdParts<'a> {
    id: Field<&'a str>,
    ns: Field<&'a str>,
}

places!(IdParts { "id" => id, "ns" => ns });

#[derive(Default)]
struct CodeParts<'a> {
    code: Field<&'a str>,
    system: Field<&'a str>,
    display: Field<&'a str>,
}

places!(CodeParts { "code" => code, "system" => system, "display" => display });

const fn required<'a>(field: &Field<&'a str>) -> Option<&'a str> {
    match field {
        Field::Is(text) => Some(text),
        Field::Absent | Field::Null => None,
    }
}

/// Null is for the slow way, which notes it.
const fn optional<'a>(field: &Field<&'a str>) -> Option<&'a str> {
    match field {
        Field::Is(text) => Some(text),
        Field::Absent => Some(""),
        Field::Null => None,
    }
}

impl<'t: 'a, 'a> Read<'t> for WireId<'a> {
    fn read(scan: &mut Scan<'t>) -> Option<Self> {
        if scan.peek()? == b'"' {
            return Some(Self { id: scan.string()?, ns: "", is_bare: true });
        }
        let mut parts = IdParts::default();
        parts.fill(scan)?;
        Some(Self { id: required(&parts.id)?, ns: optional(&parts.ns)?, is_bare: false })
    }
}

impl<'t: 'a, 'a> Read<'t> for WireCode<'a> {
    fn read(scan: &mut Scan<'t>) -> Option<Self> {
        if scan.peek()? == b'"' {
            return Some(Self { code: scan.string()?, system: "", display: "" });
        }
        let mut parts = CodeParts::default();
        parts.fill(scan)?;
        Some(Self {
            code: required(&parts.code)?,
            system: optional(&parts.system)?,
            display: optional(&parts.display)?,
        })
    }
}

impl<'t: 'a, 'a> Read<'t> for WireTests<'a> {
    fn read(scan: &mut Scan<'t>) -> Option<Self> {
        match scan.peek()? {
            b'[' => Vec::read(scan).map(Self::Many),
            _ => WireCode::read(scan).map(Self::One),
        }
    }
}

impl<'t: 'a, 'a> Read<'t> for WireTime<'a> {
    fn read(scan: &mut Scan<'t>) -> Option<Self> {
        if scan.peek()? == b'"' {
            return scan.string().map(Self::Text);
        }
        let mut parts = Box::<WireTimeParts<'_>>::default();
        parts.fill(scan)?;
        Some(Self::Parts(parts))
    }
}

impl<'t: 'a, 'a> Read<'t> for WireScalar<'a> {
    fn read(scan: &mut Scan<'t>) -> Option<Self> {
        Some(match scan.peek()? {
            b'"' => Self::Text(scan.string()?),
            b't' | b'f' => Self::Flag(bool::read(scan)?),
            b'n' => {
                scan.word("null")?;
                Self::Null
            }
            _ => Self::Number(Decimal::nearest(scan.number()?)?.0),
        })
    }
}

impl<'t: 'a, 'a> Read<'t> for WireAttributes<'a> {
    fn read(scan: &mut Scan<'t>) -> Option<Self> {
        let mut entries: Vec<(&'a str, WireScalar<'a>)> = Vec::new();
        scan.object(|scan, key| {
            let is_new = entries.iter().all(|(known, _)| *known != key);
            if !is_new || entries.len() == ATTRIBUTES_PER_EVENT_MAX {
                return None;
            }
            entries.push((key, WireScalar::read(scan)?));
            Some(())
        })?;
        Some(Self { entries })
    }
}
