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
use serde::de::value::StrDeserializer;
use serde::de::{Deserializer, Error, IntoDeserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};

mod member;

pub(super) use member::member;

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

/// A value of an enum of the definition, whose names `E` knows.
pub(super) struct Name<E>(PhantomData<E>);

impl<E> Name<E>
where
    E: TryFrom<i32> + Into<i32> + Serialize + for<'de> Deserialize<'de>,
{
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
    pub(super) fn serialize<S: Serializer>(value: &i32, serializer: S) -> Result<S::Ok, S::Error> {
        match E::try_from(*value) {
            Ok(known) => known.serialize(serializer),
            Err(_) => serializer.serialize_i32(*value),
        }
    }

    /// A name that this version does not know is read as zero.
    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i32, D::Error> {
        deserializer.deserialize_any(Self(PhantomData))
    }
}

impl<E: Into<i32> + for<'de> Deserialize<'de>> Visitor<'_> for Name<E> {
    type Value = i32;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name or a number")
    }

    fn visit_u64<X: Error>(self, value: u64) -> Result<i32, X> {
        Ok(i32::try_from(value).unwrap_or_default())
    }

    fn visit_i64<X: Error>(self, value: i64) -> Result<i32, X> {
        Ok(i32::try_from(value).unwrap_or_default())
    }

    fn visit_str<X: Error>(self, name: &str) -> Result<i32, X> {
        let name: StrDeserializer<'_, serde::de::value::Error> = name.into_deserializer();
        Ok(E::deserialize(name).map_or(0, Into::into))
    }
}

/// Several values of such an enum.
pub(super) struct Names<E>(PhantomData<E>);

/// One of them, in a list.
struct Item<E>(i32, PhantomData<E>);

impl<E> Serialize for Item<E>
where
    E: TryFrom<i32> + Into<i32> + Serialize + for<'de> Deserialize<'de>,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Name::<E>::serialize(&self.0, serializer)
    }
}

impl<'de, E> Deserialize<'de> for Item<E>
where
    E: TryFrom<i32> + Into<i32> + Serialize + for<'any> Deserialize<'any>,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Name::<E>::deserialize(deserializer).map(|value| Self(value, PhantomData))
    }
}

impl<E> Names<E>
where
    E: TryFrom<i32> + Into<i32> + Serialize + for<'any> Deserialize<'any>,
{
    pub(super) fn serialize<S: Serializer>(
        values: &[i32],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(values.iter().map(|value| Item::<E>(*value, PhantomData)))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<i32>, D::Error> {
        let items = Vec::<Item<E>>::deserialize(deserializer)?;
        Ok(items.into_iter().map(|item| item.0).collect())
    }
}
