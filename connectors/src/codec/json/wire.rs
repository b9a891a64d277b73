//! Wire: the canonical event as JSON spells it, borrowed from the line.
//!
//! Types are right, values are not judged yet: a step is still any text. Both ways of reading end here; the fast one
//! through the `Deserialize` of these types, which refuses unknown and repeated keys, numbers that are no decimals, and
//! strings that cannot be borrowed.
//!
//! - **Source**: domain page section 2, `connectors/schema/event.schema.json`.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{Error as _, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer},
};
use wardline_rules::{decimal::Decimal, limits::ATTRIBUTES_PER_EVENT_MAX};

/// A field that is not there, is null, or is something.
#[derive(Clone, Default)]
pub(super) enum Field<T> {
    #[default]
    Absent,
    Null,
    Is(T),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Field<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::<T>::deserialize(deserializer).map(|option| option.map_or(Self::Null, Self::Is))
    }
}

/// An object and nothing else: a derived struct alone would also take a list, field by field.
pub(super) struct Map<T>(pub(super) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Map<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Object<T> {
            type Value = Map<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Map<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Map)
            }
        }
        deserializer.deserialize_map(Object(PhantomData))
    }
}

/// One event.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Wire<'a> {
    pub(super) v: Field<u64>,
    #[serde(borrow)]
    pub(super) event_id: Field<&'a str>,
    #[serde(borrow)]
    pub(super) r#type: Field<&'a str>,
    #[serde(borrow)]
    pub(super) source: Field<&'a str>,
    #[serde(borrow)]
    pub(super) msg: Field<Map<WireMsg<'a>>>,
    #[serde(borrow)]
    pub(super) report: Field<Map<WireReport<'a>>>,
    #[serde(borrow)]
    pub(super) patient: Field<WireId<'a>>,
    #[serde(borrow)]
    pub(super) encounter: Field<WireId<'a>>,
    #[serde(borrow)]
    pub(super) kind: Field<&'a str>,
    #[serde(borrow)]
    pub(super) test: Field<WireTests<'a>>,
    #[serde(borrow)]
    pub(super) priority: Field<&'a str>,
    #[serde(borrow)]
    pub(super) step: Field<&'a str>,
    #[serde(borrow)]
    pub(super) occurred_at: Field<WireTime<'a>>,
    #[serde(borrow)]
    pub(super) evidence: Field<&'a str>,
    #[serde(borrow)]
    pub(super) milestones: Field<Vec<Map<WireMilestone<'a>>>>,
    #[serde(borrow)]
    pub(super) planned_at: Field<WireTime<'a>>,
    #[serde(borrow)]
    pub(super) received_at: Field<&'a str>,
    #[serde(borrow)]
    pub(super) site: Field<&'a str>,
    #[serde(borrow)]
    pub(super) department: Field<&'a str>,
    #[serde(borrow)]
    pub(super) location: Field<&'a str>,
    #[serde(borrow)]
    pub(super) class: Field<&'a str>,
    #[serde(borrow)]
    pub(super) people: Field<Vec<Map<WirePerson<'a>>>>,
    #[serde(borrow)]
    pub(super) flags: Field<Vec<&'a str>>,
    #[serde(borrow)]
    pub(super) flags_off: Field<Vec<&'a str>>,
    #[serde(borrow)]
    pub(super) results: Field<Vec<Map<WireResult<'a>>>>,
    #[serde(borrow)]
    pub(super) reason: Field<&'a str>,
    #[serde(borrow)]
    pub(super) channel: Field<&'a str>,
    #[serde(borrow)]
    pub(super) attributes: Field<WireAttributes<'a>>,
    /// Rare; the fast way leaves both to the slow one.
    #[serde(skip)]
    pub(super) answer: Option<Box<WireAnswer<'a>>>,
    #[serde(skip)]
    pub(super) merge: Option<Box<WireMerge<'a>>>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct WireMsg<'a> {
    #[serde(borrow)]
    pub(super) id: Field<&'a str>,
    #[serde(borrow)]
    pub(super) made_at: Field<WireTime<'a>>,
    #[serde(borrow)]
    pub(super) app: Field<&'a str>,
    #[serde(borrow)]
    pub(super) facility: Field<&'a str>,
    #[serde(borrow)]
    pub(super) format: Field<&'a str>,
    #[serde(borrow)]
    pub(super) trigger: Field<&'a str>,
    #[serde(borrow)]
    pub(super) sha: Field<&'a str>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct WireReport<'a> {
    #[serde(borrow)]
    pub(super) placer: Field<WireId<'a>>,
    #[serde(borrow)]
    pub(super) filler: Field<WireId<'a>>,
    #[serde(borrow)]
    pub(super) accession: Field<WireId<'a>>,
    #[serde(borrow)]
    pub(super) group: Field<WireId<'a>>,
    #[serde(borrow)]
    pub(super) parent: Field<WireId<'a>>,
    #[serde(borrow)]
    pub(super) replaces: Field<WireId<'a>>,
}

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

/// One to four codes; more are cut off and counted.
pub(super) struct WireTests<'a> {
    pub(super) codes: Vec<WireCode<'a>>,
}

pub(super) enum WireTime<'a> {
    Text(&'a str),
    Parts(WireTimeParts<'a>),
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct WireTimeParts<'a> {
    pub(super) lo: &'a str,
    pub(super) hi: Option<&'a str>,
    pub(super) p: &'a str,
    pub(super) z: &'a str,
    #[serde(borrow)]
    pub(super) q: Vec<&'a str>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WireMilestone<'a> {
    pub(super) step: &'a str,
    #[serde(borrow)]
    pub(super) at: WireTime<'a>,
    #[serde(default, borrow)]
    pub(super) evidence: Field<&'a str>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct WirePerson<'a> {
    pub(super) role: &'a str,
    #[serde(borrow)]
    pub(super) token: Field<&'a str>,
    #[serde(borrow)]
    pub(super) id: Field<&'a str>,
    #[serde(borrow)]
    pub(super) ns: Field<&'a str>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct WireResult<'a> {
    #[serde(borrow)]
    pub(super) code: Field<WireCode<'a>>,
    #[serde(borrow)]
    pub(super) sub: Field<&'a str>,
    pub(super) num: Field<Num>,
    #[serde(borrow)]
    pub(super) cmp: Field<&'a str>,
    #[serde(borrow)]
    pub(super) unit: Field<&'a str>,
    #[serde(borrow)]
    pub(super) coded: Field<WireCode<'a>>,
    #[serde(borrow)]
    pub(super) text: Field<&'a str>,
    pub(super) narrative: Field<bool>,
    pub(super) ref_low: Field<Num>,
    pub(super) ref_high: Field<Num>,
    #[serde(borrow)]
    pub(super) abnormal: Field<Vec<&'a str>>,
    #[serde(borrow)]
    pub(super) status: Field<&'a str>,
    #[serde(borrow)]
    pub(super) observed_at: Field<WireTime<'a>>,
    pub(super) critical: Field<bool>,
}

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
    Reports(WireReport<'a>, WireReport<'a>),
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct IdParts<'a> {
    id: &'a str,
    #[serde(default)]
    ns: &'a str,
}

deserialize_any!(WireId, "an identifier", {
    fn visit_borrowed_str<E>(self, id: &'de str) -> Result<WireId<'de>, E> {
        Ok(WireId { id, ns: "", is_bare: true })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<WireId<'de>, A::Error> {
        let IdParts { id, ns } = IdParts::deserialize(MapAccessDeserializer::new(map))?;
        Ok(WireId { id, ns, is_bare: false })
    }
});

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CodeParts<'a> {
    code: &'a str,
    #[serde(default)]
    system: &'a str,
    #[serde(default)]
    display: &'a str,
}

fn code_of<'de, A: MapAccess<'de>>(map: A) -> Result<WireCode<'de>, A::Error> {
    let CodeParts { code, system, display } = CodeParts::deserialize(MapAccessDeserializer::new(map))?;
    Ok(WireCode { code, system, display })
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
        Ok(WireTests { codes: vec![WireCode { code, system: "", display: "" }] })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<WireTests<'de>, A::Error> {
        Ok(WireTests { codes: vec![code_of(map)?] })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<WireTests<'de>, A::Error> {
        let mut codes = Vec::new();
        while let Some(code) = list.next_element()? {
            codes.push(code);
        }
        Ok(WireTests { codes })
    }
});

deserialize_any!(WireTime, "a time", {
    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<WireTime<'de>, E> {
        Ok(WireTime::Text(text))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<WireTime<'de>, A::Error> {
        WireTimeParts::deserialize(MapAccessDeserializer::new(map)).map(WireTime::Parts)
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
