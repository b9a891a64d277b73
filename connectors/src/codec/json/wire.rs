//! Wire: the canonical event as JSON spells it, borrowed from the line.
//!
//! Types are right, values are not judged yet: a step is still any text. Both ways of reading end here; the fast one
//! through the `Deserialize` of these types, which refuses unknown and repeated keys, numbers that are no decimals, and
//! strings that cannot be borrowed.
//!
//! - **Source**: domain page section 2, `connectors/schema/event.schema.json`.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor},
};
use wardline_rules::{decimal::Decimal, limits::ATTRIBUTES_PER_EVENT_MAX};

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

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Field<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::<T>::deserialize(deserializer).map(|option| option.map_or(Self::Null, Self::Is))
    }
}

/// An object whose keys have places: known ones once each, and no others.
pub(super) trait Places<'de>: Default {
    /// Reads the value of `key` into its place.
    fn put<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error>;
}

/// Reads an object into its place, so that nothing large is moved; worth a third of the time of a line.
pub(super) struct Fill<'w, T>(pub(super) &'w mut T);

impl<'de, T: Places<'de>> DeserializeSeed<'de> for Fill<'_, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, T: Places<'de>> Visitor<'de> for Fill<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<&'de str>()? {
            self.0.put(key, &mut map)?;
        }
        Ok(())
    }
}

/// An object read on its own.
pub(super) struct Map<T>(pub(super) T);

impl<'de, T: Places<'de>> Deserialize<'de> for Map<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut object = T::default();
        Fill(&mut object).deserialize(deserializer)?;
        Ok(Self(object))
    }
}

fn set<'de, T: Deserialize<'de>, A: MapAccess<'de>>(place: &mut Field<T>, map: &mut A) -> Result<(), A::Error> {
    if !matches!(place, Field::Absent) {
        return Err(A::Error::custom("twice"));
    }
    *place = map.next_value()?;
    Ok(())
}

/// Declares which key goes where.
macro_rules! places {
    ($name:ident { $($key:literal => $field:ident),+ $(,)? }) => {
        impl<'de: 'a, 'a> Places<'de> for $name<'a> {
            fn put<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
                match key {
                    $($key => set(&mut self.$field, map),)+
                    _ => Err(A::Error::custom("unknown")),
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

fn required<'a, E: serde::de::Error>(field: &Field<&'a str>) -> Result<&'a str, E> {
    match field {
        Field::Is(text) => Ok(text),
        Field::Absent | Field::Null => Err(E::custom("missing")),
    }
}

/// Null is for the slow way, which notes it.
fn optional<'a, E: serde::de::Error>(field: &Field<&'a str>) -> Result<&'a str, E> {
    match field {
        Field::Is(text) => Ok(text),
        Field::Absent => Ok(""),
        Field::Null => Err(E::custom("null")),
    }
}

/// A decimal, written as a number or as a text.
#[derive(Clone, Copy)]
pub(super) struct Num(pub(super) Decimal);

impl<'de> Deserialize<'de> for Num {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // The raw digits, so that no binary float comes between [EVT-5].
        let raw = sonic_rs::RawNumber::deserialize(deserializer)?;
        Decimal::parse(raw.as_str()).map(Num).ok_or_else(|| D::Error::custom("digits"))
    }
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

/// Writes a `Deserialize` whose value is a text, an object or a list.
macro_rules! deserialize_any {
    ($name:ident, $expected:literal, { $($visit:item)+ }) => {
        impl<'de: 'a, 'a> Deserialize<'de> for $name<'a> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Any;
                impl<'de> Visitor<'de> for Any {
                    type Value = $name<'de>;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($expected)
                    }

                    $($visit)+
                }
                deserializer.deserialize_any(Any)
            }
        }
    };
}

#[derive(Default)]
struct IdParts<'a> {
    id: Field<&'a str>,
    ns: Field<&'a str>,
}

places!(IdParts { "id" => id, "ns" => ns });

deserialize_any!(WireId, "an identifier", {
    fn visit_borrowed_str<E>(self, id: &'de str) -> Result<WireId<'de>, E> {
        Ok(WireId { id, ns: "", is_bare: true })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<WireId<'de>, A::Error> {
        let mut parts = IdParts::default();
        Fill(&mut parts).visit_map(map)?;
        Ok(WireId { id: required(&parts.id)?, ns: optional(&parts.ns)?, is_bare: false })
    }
});

#[derive(Default)]
struct CodeParts<'a> {
    code: Field<&'a str>,
    system: Field<&'a str>,
    display: Field<&'a str>,
}

places!(CodeParts { "code" => code, "system" => system, "display" => display });

fn code_of<'de, A: MapAccess<'de>>(map: A) -> Result<WireCode<'de>, A::Error> {
    let mut parts = CodeParts::default();
    Fill(&mut parts).visit_map(map)?;
    Ok(WireCode { code: required(&parts.code)?, system: optional(&parts.system)?, display: optional(&parts.display)? })
}

deserialize_any!(WireCode, "a code", {
    fn visit_borrowed_str<E>(self, code: &'de str) -> Result<WireCode<'de>, E> {
        Ok(WireCode { code, system: "", display: "" })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<WireCode<'de>, A::Error> {
        code_of(map)
    }
});

deserialize_any!(WireTests, "one or more codes", {
    fn visit_borrowed_str<E>(self, code: &'de str) -> Result<WireTests<'de>, E> {
        Ok(WireTests::One(WireCode { code, system: "", display: "" }))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<WireTests<'de>, A::Error> {
        code_of(map).map(WireTests::One)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<WireTests<'de>, A::Error> {
        let mut codes = Vec::new();
        while let Some(code) = list.next_element()? {
            codes.push(code);
        }
        Ok(WireTests::Many(codes))
    }
});

deserialize_any!(WireTime, "a time", {
    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<WireTime<'de>, E> {
        Ok(WireTime::Text(text))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<WireTime<'de>, A::Error> {
        let mut parts = Box::<WireTimeParts<'de>>::default();
        Fill(&mut *parts).visit_map(map)?;
        Ok(WireTime::Parts(parts))
    }
});

deserialize_any!(WireScalar, "a scalar", {
    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<WireScalar<'de>, E> {
        Ok(WireScalar::Text(text))
    }

    fn visit_bool<E>(self, flag: bool) -> Result<WireScalar<'de>, E> {
        Ok(WireScalar::Flag(flag))
    }

    fn visit_unit<E>(self) -> Result<WireScalar<'de>, E> {
        Ok(WireScalar::Null)
    }

    fn visit_i64<E>(self, number: i64) -> Result<WireScalar<'de>, E> {
        Ok(WireScalar::Number(Decimal::whole(number)))
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<WireScalar<'de>, E> {
        Decimal::new(number.into(), 0).map(WireScalar::Number).ok_or_else(|| E::custom("digits"))
    }
});

deserialize_any!(WireAttributes, "attributes", {
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<WireAttributes<'de>, A::Error> {
        let mut entries: Vec<(&'de str, WireScalar<'de>)> = Vec::new();
        while let Some(key) = map.next_key::<&'de str>()? {
            if entries.iter().any(|(known, _)| *known == key) || entries.len() == ATTRIBUTES_PER_EVENT_MAX {
                return Err(A::Error::custom("key"));
            }
            entries.push((key, map.next_value()?));
        }
        Ok(WireAttributes { entries })
    }
});
