//! Values of enums: names in JSON, numbers in messages. `E` knows which name has which number.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::StrDeserializer;
use serde::de::{Deserialize, DeserializeOwned, Deserializer, Error, IntoDeserializer, Visitor};
use serde::ser::{Serialize, Serializer};

/// What a value that this version does not know is read as in a list. Zero is one like any other there.
const UNKNOWN: i32 = -1;

/// A value. One that this version does not know is read as zero, which says nothing.
pub(in crate::tetragon) struct Name<E>(PhantomData<E>);

impl<E: TryFrom<i32> + Into<i32> + Serialize + DeserializeOwned> Name<E> {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
    pub(in crate::tetragon) fn serialize<S: Serializer>(
        value: &i32,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        shown::<E>(*value).serialize(serializer)
    }

    pub(in crate::tetragon) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<i32, D::Error> {
        Ok(Read::<E>::deserialize(deserializer)?.number.unwrap_or_default())
    }
}

/// Several values.
pub(in crate::tetragon) struct Names<E>(PhantomData<E>);

impl<E: TryFrom<i32> + Into<i32> + Serialize + DeserializeOwned> Names<E> {
    pub(in crate::tetragon) fn serialize<S: Serializer>(
        values: &[i32],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(values.iter().copied().map(shown::<E>))
    }

    pub(in crate::tetragon) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<i32>, D::Error> {
        let read = Vec::<Read<E>>::deserialize(deserializer)?;
        Ok(read.into_iter().map(|value| value.number.unwrap_or(UNKNOWN)).collect())
    }
}

/// A value as it is written: its name, or its number where it has none.
#[derive(serde::Serialize)]
#[serde(untagged)]
enum Shown<E> {
    Name(E),
    Number(i32),
}

fn shown<E: TryFrom<i32>>(value: i32) -> Shown<E> {
    E::try_from(value).map_or(Shown::Number(value), Shown::Name)
}

/// A value as it was read.
struct Read<E> {
    /// None where this version does not know the name.
    number: Option<i32>,
    names: PhantomData<E>,
}

impl<'de, E: Into<i32> + DeserializeOwned> Deserialize<'de> for Read<E> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ReadVisitor(PhantomData))
    }
}

struct ReadVisitor<E>(PhantomData<E>);

impl<E: Into<i32> + DeserializeOwned> Visitor<'_> for ReadVisitor<E> {
    type Value = Read<E>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name or a number")
    }

    fn visit_u64<X: Error>(self, value: u64) -> Result<Read<E>, X> {
        Ok(Read { number: i32::try_from(value).ok(), names: self.0 })
    }

    fn visit_i64<X: Error>(self, value: i64) -> Result<Read<E>, X> {
        Ok(Read { number: i32::try_from(value).ok(), names: self.0 })
    }

    fn visit_str<X: Error>(self, name: &str) -> Result<Read<E>, X> {
        let name: StrDeserializer<'_, serde::de::value::Error> = name.into_deserializer();
        Ok(Read { number: E::deserialize(name).ok().map(Into::into), names: self.0 })
    }
}
