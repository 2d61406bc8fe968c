//! The JSON form of protobuf, as far as Tetragon uses it: what `build.rs` has serde call for a field.
//!
//! Names are those of the definition; integers of 64 bits are strings, and any integer may be one; values
//! of enums are names, and numbers where they have none; bytes are Base64, times RFC 3339; what has
//! its zero value is left out.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use base64::Engine;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use prost_types::Timestamp;
use serde::de::{Deserializer, Error, Visitor};
use serde::{Deserialize, Serialize, Serializer};

mod member;
mod name;

pub(super) use member::member;
pub(super) use name::{Name, Names};

/// Whether `value` is what stands for an absent field.
pub(super) fn is_unset<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// An integer of at most 32 bits.
pub(super) struct Number;

impl Number {
    pub(super) fn serialize<T: Serialize, S: Serializer>(
        value: &T,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        value.serialize(serializer)
    }

    pub(super) fn deserialize<'de, T: TryFrom<i128>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<T, D::Error> {
        Integer::deserialize(deserializer).map(|integer| integer.0)
    }
}

/// An integer in a wrapper, absent where that is.
pub(super) struct OptionalNumber;

impl OptionalNumber {
    pub(super) fn serialize<T: Serialize, S: Serializer>(
        value: &T,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        value.serialize(serializer)
    }

    pub(super) fn deserialize<'de, T: TryFrom<i128>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<T>, D::Error> {
        let integer = Option::<Integer<T>>::deserialize(deserializer)?;
        Ok(integer.map(|integer| integer.0))
    }
}

/// An integer of 64 bits.
pub(super) struct Long;

impl Long {
    pub(super) fn serialize<T: fmt::Display, S: Serializer>(
        value: &T,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    pub(super) fn deserialize<'de, T: TryFrom<i128>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<T, D::Error> {
        Number::deserialize(deserializer)
    }
}

/// An integer, written as such or as a string.
struct Integer<T>(T);

impl<'de, T: TryFrom<i128>> Deserialize<'de> for Integer<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(IntegerVisitor(PhantomData)).map(Self)
    }
}

struct IntegerVisitor<T>(PhantomData<T>);

impl<T: TryFrom<i128>> IntegerVisitor<T> {
    fn fit<E: Error>(value: i128) -> Result<T, E> {
        T::try_from(value).map_err(|_| E::custom(format_args!("{value} is out of range")))
    }
}

impl<T: TryFrom<i128>> Visitor<'_> for IntegerVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an integer")
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<T, E> {
        Self::fit(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<T, E> {
        Self::fit(value.into())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        Self::fit(text.parse().map_err(|_| E::custom("a string that is no integer"))?)
    }
}

/// Bytes.
pub(super) struct Base64;

impl Base64 {
    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<u8>, D::Error> {
        let config =
            GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
        let engine = GeneralPurpose::new(&base64::alphabet::STANDARD, config);
        let text = String::deserialize(deserializer)?;
        engine.decode(text.as_bytes()).map_err(D::Error::custom)
    }
}

/// A point in time.
pub(super) struct Time;

impl Time {
    #[expect(clippy::ref_option, reason = "serde calls it so")]
    pub(super) fn serialize<S: Serializer>(
        time: &Option<Timestamp>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match time {
            Some(time) => serializer.collect_str(time),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Timestamp>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(|text| Timestamp::from_str(&text).map_err(D::Error::custom)).transpose()
    }
}
